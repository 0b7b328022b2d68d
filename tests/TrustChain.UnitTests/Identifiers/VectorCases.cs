using System.Text.Json;

namespace TrustChain.UnitTests.Identifiers;

/// <summary>The list called "cases" of a vector file.</summary>
internal static class VectorCases
{
    public static IReadOnlyList<JsonElement> Of(string file)
    {
        using var document = Vectors.Read(file);
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.Clone())];
    }

    /// <summary>The member as text; null where it is absent or null.</summary>
    public static string? Text(this JsonElement test, string name) =>
        test.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Whether the option is switched on (or, for an option that is on by default, not switched off).</summary>
    public static bool Option(this JsonElement test, string name, bool whenAbsent = false) =>
        test.TryGetProperty("options", out var options) && options.TryGetProperty(name, out var value) ? value.GetBoolean() : whenAbsent;
}
