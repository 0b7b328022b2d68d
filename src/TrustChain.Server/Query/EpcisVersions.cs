namespace TrustChain.Server.Query;

/// <summary>The versions of the standards that are spoken here, and what clients say about theirs (EPCIS 2.0 REST binding, <c>GS1-*</c> headers).</summary>
internal static class EpcisVersions
{
    public const string Epcis = "2.0.0";
    public const string EpcisMin = "1.0.0";
    public const string Cbv = "2.0.0";
    public const string CbvMin = "1.0.0";

    /// <summary>The version in which XML answers old clients.</summary>
    public static readonly Version Xml12 = new(1, 2, 0);

    public static readonly Version Json = new(2, 0, 0);

    /// <summary>Whether a client that said what it supports can read a version; null: it said something that is no version.</summary>
    public static bool? IsWithin(IHeaderDictionary headers, string standard, Version version)
    {
        var (min, max) = (headers[$"GS1-{standard}-Min"].ToString(), headers[$"GS1-{standard}-Max"].ToString());
        if ((min.Length > 0 && !TryParse(min, out _)) || (max.Length > 0 && !TryParse(max, out _)))
        {
            return null;
        }
        return (min.Length == 0 || Parse(min) <= version) && (max.Length == 0 || CompareUpTo(max, version) >= 0);
    }

    /// <summary>Reads <c>2</c>, <c>2.0</c> or <c>2.0.0</c>.</summary>
    public static bool TryParse(string text, out Version version)
    {
        version = Json;
        var parts = text.Trim().Split('.');
        var numbers = new int[3];
        if (parts.Length > 3)
        {
            return false;
        }
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out numbers[i]))
            {
                return false;
            }
        }
        version = new Version(numbers[0], numbers[1], numbers[2]);
        return true;
    }

    private static Version Parse(string text) => TryParse(text, out var version) ? version : throw new FormatException($"\"{text}\" is no version.");

    // A maximum of "2" or "2.0" means every release of it.
    private static int CompareUpTo(string max, Version version)
    {
        var parts = max.Trim().Split('.').Length;
        return Parse(max).CompareTo(parts switch
        {
            1 => new Version(version.Major, 0, 0),
            2 => new Version(version.Major, version.Minor, 0),
            _ => version,
        });
    }
}
