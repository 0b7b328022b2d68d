namespace TrustChain.Core.Devices.Imports;

/// <summary>Why a value, a point or a whole file cannot be imported.</summary>
/// <param name="Code">Stable kebab-case code, one of <see cref="ImportRules"/>.</param>
/// <param name="Place">Where: line and column of a CSV file (<c>line 7, operatingHours</c>), or element of a feed (<c>equipment 2, Distance</c>).</param>
/// <param name="Detail">One sentence for people.</param>
public sealed record ImportFault(string Code, string Place, string Detail);

/// <summary>What a file has that went nowhere.</summary>
/// <param name="Name">The column or element.</param>
/// <param name="Reason"><c>no-measure</c>: the template has nothing for it; <c>encrypted</c>: the template has it encrypted, so the service may not know it; <c>no-value</c>: it holds no value.</param>
public sealed record NotMapped(string Name, string Reason);

/// <summary>The codes of <see cref="ImportFault.Code"/>.</summary>
public static class ImportRules
{
    /// <summary>No CSV, XML or JSON in UTF-8.</summary>
    public const string Malformed = "malformed";

    /// <summary>A document type declaration: refused with whatever it declares.</summary>
    public const string DtdRefused = "dtd-refused";

    /// <summary>Rows, columns, fields, elements, levels or values beyond a bound.</summary>
    public const string TooLarge = "too-large";

    /// <summary>The header of a CSV file has no <c>time</c>, a name twice, or no measure of the template.</summary>
    public const string WrongHeader = "wrong-header";

    /// <summary>A row has another number of fields than the header.</summary>
    public const string WrongColumns = "wrong-columns";

    /// <summary>Not a feed of ISO 15143-3.</summary>
    public const string WrongFeed = "wrong-feed";

    /// <summary>No time in RFC 3339 with an offset, or one before the year 2000.</summary>
    public const string WrongTime = "wrong-time";

    /// <summary>More than ten minutes after the service's clock.</summary>
    public const string TimeInFuture = "time-in-future";

    /// <summary>No number, state or text as the template says.</summary>
    public const string WrongKind = "wrong-kind";

    /// <summary>A number that is not finite.</summary>
    public const string NotFinite = "not-finite";

    /// <summary>A meter that is negative, beyond 2^53 - 1, or has a fraction of what cannot be divided.</summary>
    public const string WrongCounter = "wrong-counter";

    /// <summary>A unit that is not in the table, or none where one is needed.</summary>
    public const string UnknownUnit = "unknown-unit";

    /// <summary>A unit of another quantity than the template's.</summary>
    public const string WrongQuantity = "wrong-quantity";

    /// <summary>A latitude without a longitude or the reverse, or one that is not on earth.</summary>
    public const string WrongPosition = "wrong-position";

    /// <summary>Two values of one measure for one moment.</summary>
    public const string ContradictoryValues = "contradictory-values";
}
