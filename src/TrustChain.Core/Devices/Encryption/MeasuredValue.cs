using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using TrustChain.Core.Canonical;

namespace TrustChain.Core.Devices.Encryption;

/// <summary>A place in WGS 84.</summary>
/// <param name="Latitude">Degrees, -90 to 90.</param>
/// <param name="Longitude">Degrees, -180 to 180.</param>
public readonly record struct Place(double Latitude, double Longitude)
{
    /// <summary>Whether both lie in their ranges.</summary>
    public bool IsValid => Latitude is >= -90 and <= 90 && Longitude is >= -180 and <= 180;

    /// <summary>Rounded to a tenth of a degree: about eleven kilometres from south to north.</summary>
    public Place Coarsen() => new(Round(Latitude), Round(Longitude));

    /// <summary>The middle of its cell of a hundredth of a degree: about one kilometre from south to north.</summary>
    public Place ToCell() => new(Middle(Latitude), Middle(Longitude));

    private static double Middle(double degrees) => (Math.Floor(degrees * 100) + 0.5) / 100;

    // Adding zero makes a negative zero, which would say from which side it was rounded, a plain one.
    private static double Round(double degrees) => Math.Round(degrees, 1, MidpointRounding.AwayFromZero) + 0.0;
}

/// <summary>What an encrypted report says. The members of the JSON object are those of a report in the clear, but a position has both coordinates.</summary>
public abstract record MeasuredValue
{
    private MeasuredValue()
    {
    }

    /// <summary><c>{"uom":…,"value":…}</c>.</summary>
    /// <param name="Value">Finite.</param>
    /// <param name="Unit">UN/ECE code, of at most 3 characters.</param>
    public sealed record Number(double Value, string Unit) : MeasuredValue;

    /// <summary><c>{"booleanValue":…}</c>.</summary>
    public sealed record Flag(bool Value) : MeasuredValue;

    /// <summary><c>{"stringValue":…}</c>.</summary>
    /// <param name="Value">1 to <see cref="MaxTextChars"/> characters.</param>
    public sealed record Text(string Value) : MeasuredValue;

    /// <summary><c>{"latitude":…,"longitude":…}</c>.</summary>
    public sealed record Position(Place Value) : MeasuredValue;

    /// <summary>Longest text, in characters.</summary>
    public const int MaxTextChars = 200;

    /// <summary>Canonical JSON.</summary>
    /// <exception cref="ArgumentException">The value is outside its range.</exception>
    public byte[] ToJcs()
    {
        var json = this switch
        {
            Number n when double.IsFinite(n.Value) && n.Unit.Length is > 0 and <= 3 => new JcsObject().Add("uom", n.Unit).AddCanonical("value", Show(n.Value)),
            Flag f => new JcsObject().AddCanonical("booleanValue", f.Value ? [.. "true"u8] : [.. "false"u8]),
            Text t when t.Value.Length is > 0 and <= MaxTextChars => new JcsObject().Add("stringValue", t.Value),
            Position p when p.Value.IsValid => new JcsObject().AddCanonical("latitude", Show(p.Value.Latitude)).AddCanonical("longitude", Show(p.Value.Longitude)),
            _ => throw new ArgumentException("The value is outside the range of its type."),
        };
        return json.ToUtf8();
    }

    /// <summary>Reads a JSON object with exactly the members of one of the four.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out MeasuredValue? value)
    {
        value = null;
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 2 });
            var json = document.RootElement;
            value = JcsMembers.TryRead(json, ["uom", "value"], [], out var number) && TryNumber(number.Get("value"), out var n) && number.Text("uom") is { Length: > 0 and <= 3 } unit
                    ? new Number(n, unit)
                : JcsMembers.TryRead(json, ["latitude", "longitude"], [], out var position) && TryNumber(position.Get("latitude"), out var latitude)
                    && TryNumber(position.Get("longitude"), out var longitude) && new Place(latitude, longitude) is { IsValid: true } place ? new Position(place)
                : JcsMembers.TryRead(json, ["booleanValue"], [], out var flag) && flag.Get("booleanValue").ValueKind is JsonValueKind.True or JsonValueKind.False
                    ? new Flag(flag.Get("booleanValue").GetBoolean())
                : JcsMembers.TryRead(json, ["stringValue"], [], out var text) && text.Text("stringValue") is { Length: > 0 and <= MaxTextChars } words ? new Text(words)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            return false;
        }
        return value is not null;
    }

    private static bool TryNumber(JsonElement json, out double number)
    {
        number = 0;
        return json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out number) && double.IsFinite(number);
    }

    private static byte[] Show(double number)
    {
        using var json = JsonDocument.Parse(number.ToString("R", CultureInfo.InvariantCulture));
        return Jcs.Canonicalize(json.RootElement);
    }
}
