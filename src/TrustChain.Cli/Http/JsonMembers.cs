using System.Text.Json;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Http;

/// <summary>Reads members of answers whose shape is the server's word only.</summary>
internal static class JsonMembers
{
    /// <summary>A string member; null when it is absent or something else.</summary>
    public static string? Text(JsonElement json, string name)
    {
        try
        {
            return json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (InvalidOperationException)
        {
            return null; // a string with an escaped lone surrogate
        }
    }

    /// <summary>A whole number; null when it is absent or something else.</summary>
    public static long? Integer(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out var number)
            ? number
            : null;

    /// <summary>The elements of an array member; none when it is absent or something else.</summary>
    public static IEnumerable<JsonElement> Array(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : [];

    /// <summary>A string member that must be there.</summary>
    /// <exception cref="CliException">It is not.</exception>
    public static string RequiredText(JsonElement json, string name, Uri source) =>
        Text(json, name) ?? throw new CliException($"{source}: the answer has no text member \"{name}\".");
}
