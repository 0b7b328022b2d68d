using System.Text.Json;

namespace TrustChain.Core.Canonical;

/// <summary>
/// JSON may hold what is no text: an escaped surrogate without its other half, or, in names and strings that a parser has not read yet, bytes that are no UTF-8.
/// Reading such a string throws, so parsers of foreign JSON ask here first.
/// </summary>
internal static class JsonTexts
{
    /// <summary>Whether every name and string in a value, however deep, is Unicode.</summary>
    public static bool AreUnicode(JsonElement json)
    {
        try
        {
            Read(json);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false; // The one reason that reading a string or a name has.
        }
    }

    private static void Read(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in json.EnumerateObject())
                {
                    _ = member.Name;
                    Read(member.Value);
                }
                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                {
                    Read(item);
                }
                break;
            case JsonValueKind.String:
                _ = json.GetString();
                break;
        }
    }
}
