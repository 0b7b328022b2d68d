using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TrustChain.Core.Devices.Imports;

/// <summary>Reads a feed in JSON: an object for a fleet, a machine or a time series, or a list of such. Used once.</summary>
internal sealed class TelematicsJsonReader(ReadOnlyMemory<byte> utf8)
{
    private readonly TelematicsBuilder _builder = new();

    public (IReadOnlyList<TelematicsEquipment>, ImportFault?) Read()
    {
        var json = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = TelematicsFeed.MaxDepth });
        try
        {
            json.Read();
            if (json.TokenType == JsonTokenType.StartArray)
            {
                while (json.Read() && json.TokenType != JsonTokenType.EndArray)
                {
                    ReadContainer(ref json);
                }
            }
            else
            {
                ReadContainer(ref json);
            }
            while (json.Read())
            {
                // What follows is no JSON, and the reader says so.
            }
            return (_builder.Equipment, null);
        }
        catch (FeedException exception)
        {
            return ([], new ImportFault(exception.Code, Place(json.TokenStartIndex), exception.Message));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return ([], new ImportFault(ImportRules.Malformed, Place(json.TokenStartIndex), $"The body is no JSON of at most {TelematicsFeed.MaxDepth} levels."));
        }

        static string Place(long index) => string.Create(CultureInfo.InvariantCulture, $"byte {index}");
    }

    /// <summary>A fleet, a machine, or a time series.</summary>
    private void ReadContainer(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new FeedException(ImportRules.WrongFeed, "A feed is an object, or a list of objects.");
        }
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = Name(ref json);
            json.Read();
            if (name.Equals("Fleet", StringComparison.OrdinalIgnoreCase))
            {
                ReadContainer(ref json);
            }
            else if (name.Equals("Equipment", StringComparison.OrdinalIgnoreCase))
            {
                ReadEquipment(ref json);
            }
            else if (TelematicsBuilder.IsAboutFeed(name))
            {
                json.Skip();
            }
            else
            {
                ReadPoints(ref json, name);
            }
        }
        _builder.EndEquipment();
    }

    private void ReadEquipment(ref Utf8JsonReader json)
    {
        _builder.EndEquipment();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            ReadContainer(ref json);
            return;
        }
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            ReadContainer(ref json);
        }
    }

    private void ReadPoints(ref Utf8JsonReader json, string name)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.StartObject:
                ReadPoint(ref json, name);
                break;
            case JsonTokenType.StartArray:
                while (json.Read() && json.TokenType != JsonTokenType.EndArray)
                {
                    if (json.TokenType == JsonTokenType.StartObject)
                    {
                        ReadPoint(ref json, name);
                    }
                    else
                    {
                        json.Skip();
                    }
                }
                break;
        }
    }

    private void ReadPoint(ref Utf8JsonReader json, string name)
    {
        var members = TelematicsBuilder.NewMembers();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var member = Name(ref json);
            json.Read();
            var text = json.TokenType switch
            {
                JsonTokenType.String => Bounded(ref json).GetString(),
                JsonTokenType.Number => Encoding.ASCII.GetString(Bounded(ref json).ValueSpan),
                JsonTokenType.True => "true",
                JsonTokenType.False => "false",
                _ => null,
            };
            json.Skip();
            if (text is { Length: > 0 })
            {
                TelematicsBuilder.AddMember(members, member, text.Trim());
            }
        }
        _builder.Add(name, members);
    }

    private static string Name(ref Utf8JsonReader json) => Bounded(ref json).GetString()!; // A property has a name.

    private static ref Utf8JsonReader Bounded(ref Utf8JsonReader json)
    {
        if (json.ValueSpan.Length > TelematicsFeed.MaxText)
        {
            throw new FeedException(ImportRules.TooLarge, $"A name or text is longer than {TelematicsFeed.MaxText} bytes.");
        }
        return ref json;
    }
}
