namespace TrustChain.Core.Epcis;

/// <summary>The part an item plays in an event.</summary>
public enum ItemRole
{
    /// <summary>In <c>epcList</c>.</summary>
    Epc,

    /// <summary>The <c>parentID</c>.</summary>
    ParentId,

    /// <summary>In <c>childEPCs</c>.</summary>
    ChildEpc,

    /// <summary>In <c>inputEPCList</c>.</summary>
    InputEpc,

    /// <summary>In <c>outputEPCList</c>.</summary>
    OutputEpc,

    /// <summary>The class of an entry of <c>quantityList</c>.</summary>
    ClassEpc,

    /// <summary>The class of an entry of <c>childQuantityList</c>.</summary>
    ChildClass,

    /// <summary>The class of an entry of <c>inputQuantityList</c>.</summary>
    InputClass,

    /// <summary>The class of an entry of <c>outputQuantityList</c>.</summary>
    OutputClass,
}

/// <summary>One thing an event speaks about.</summary>
/// <param name="CanonicalUri">A GS1 key as canonical Digital Link on <c>https://id.gs1.org/</c>, any other URI as given.</param>
/// <param name="Role">The list it stands in.</param>
public readonly record struct EpcisItem(string CanonicalUri, ItemRole Role);

/// <summary>A source, destination or business transaction with its type.</summary>
/// <param name="Type">
/// The type as a URI (<c>https://ref.gs1.org/cbv/SDT-…</c>, <c>…BTT-…</c>); null only for a business transaction without type.
/// </param>
/// <param name="CanonicalUri">A GS1 key as canonical Digital Link, any other URI as given.</param>
public readonly record struct EpcisReference(string? Type, string CanonicalUri);

/// <summary>What a sensor report says, as far as events are found by it.</summary>
/// <param name="Type">The measurement type as a URI; null for what metadata alone say.</param>
/// <param name="DeviceId">The device's canonical URI.</param>
/// <param name="Value">The <c>value</c>, as the nearest double.</param>
/// <param name="Unit">The <c>uom</c> as given.</param>
public readonly record struct SensorReading(string? Type, string? DeviceId, double? Value, string? Unit);

/// <summary>An <c>errorDeclaration</c> (EPCIS 2.0 section 7.4.1.2).</summary>
/// <param name="Utf8">The JSON object exactly as it stands in the input.</param>
/// <param name="DeclarationTime">The instant (offset zero).</param>
/// <param name="Reason">The reason as a URI; a standard one as <c>https://ref.gs1.org/cbv/ER-…</c>.</param>
/// <param name="CorrectiveEventIds">The event IDs as given.</param>
public sealed record ErrorDeclaration(
    ReadOnlyMemory<byte> Utf8, DateTimeOffset DeclarationTime, string? Reason, IReadOnlyList<string> CorrectiveEventIds);
