using System.Globalization;
using TrustChain.Core.Identifiers;

namespace TrustChain.IntegrationTests.Verification;

/// <summary>Who asks.</summary>
internal enum Reader
{
    /// <summary>The organisation whose record it is.</summary>
    Owner,

    /// <summary>Named in the event's destinations, by a verified claim.</summary>
    Partner,

    /// <summary>Named in the event's destinations, by a claim nobody verified.</summary>
    Pretender,

    /// <summary>Another organisation.</summary>
    Stranger,

    /// <summary>Somebody without an API key.</summary>
    Anonymous,
}

/// <summary>Three things of one kind: one for everybody, one for the owner and partners, one that does not exist.</summary>
internal sealed record Subjects(string Public, string Private, string Unknown)
{
    public Subjects Escaped() => new(Uri.EscapeDataString(Public), Uri.EscapeDataString(Private), Uri.EscapeDataString(Unknown));
}

/// <summary>A route that answers with a thing, and who may see the private one.</summary>
/// <param name="Template">As the OpenAPI document names it.</param>
/// <param name="Path">The path of a thing.</param>
/// <param name="Subjects">The things.</param>
/// <param name="MaySeePrivate">All others get what they would get for the unknown thing.</param>
internal sealed record ReadRoute(string Template, Func<string, string> Path, Subjects Subjects, Reader[] MaySeePrivate)
{
    public string? Accept { get; init; }

    /// <summary>Who may see what is public; null: everybody.</summary>
    public Reader[]? MaySeePublic { get; init; }
}

/// <summary>A route that lists what a caller may read.</summary>
/// <param name="Path">As the OpenAPI document names it; asked for with a large page.</param>
/// <param name="Public">Stands in everybody's answer.</param>
/// <param name="MaySeePrivate">In whose answer what is private stands.</param>
internal sealed record ReadList(string Path, string Public, Reader[] MaySeePrivate)
{
    public string Private { get; init; } = VisibilityFixture.Secret;
}

/// <summary>A key type of GS1 Digital Link under which items have pages.</summary>
/// <param name="Number">Application identifier.</param>
/// <param name="ShortName">The older name in paths.</param>
/// <param name="Value">A value under a company prefix of seven digits, for 1, 2 or 3.</param>
internal sealed record ItemKind(string Number, string ShortName, Func<string, int, string> Value)
{
    public static IReadOnlyList<ItemKind> All { get; } =
    [
        new("01", "gtin", static (p, n) => Checked($"0{p}0000{n}") + "/21/S1"),
        new("00", "sscc", static (p, n) => Checked($"0{p}00000000{n}")),
        new("414", "gln", static (p, n) => Checked($"{p}1000{n}")),
        new("417", "party", static (p, n) => Checked($"{p}2000{n}")),
        new("8003", "grai", static (p, n) => "0" + Checked($"{p}0000{n}") + "R1"),
        new("8004", "giai", static (p, n) => $"{p}A{n}"),
        new("8006", "itip", static (p, n) => Checked($"0{p}3000{n}") + "0102/21/S1"),
        new("8010", "cpid", static (p, n) => $"{p}C{n}/8011/1"),
        new("8017", "gsrnp", static (p, n) => Checked($"{p}000000000{n}")),
        new("8018", "gsrn", static (p, n) => Checked($"{p}100000000{n}")),
        new("253", "gdti", static (p, n) => Checked($"{p}4000{n}") + "D1"),
        new("255", "gcn", static (p, n) => Checked($"{p}5000{n}") + "1"),
        new("401", "ginc", static (p, n) => $"{p}G{n}"),
        new("402", "gsin", static (p, n) => Checked($"{p}00000000{n}")),
    ];

    public string Path(string prefix, int n) => $"/{Number}/{Value(prefix, n)}";

    public string Uri(string prefix, int n) => CanonicalDigitalLink.Domain + Path(prefix, n);

    private static string Checked(string digits) => string.Create(CultureInfo.InvariantCulture, $"{digits}{CheckDigit.Compute(digits)}");
}
