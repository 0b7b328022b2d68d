using System.Text.Json;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Epcis;

/// <summary>Official and third-party EPCIS documents with the expected verdict on each.</summary>
public sealed class EpcisExampleTests
{
    /// <summary>Documents that are valid EPCIS but have GS1 keys with wrong check digits or EPC URNs outside the grammar.</summary>
    private static readonly string[] NeedWarn =
    [
        // GRAI 030013450007718765: fourteen digits whose last should be another.
        "openepcis/documents/Combination_of_different_event.json",
        "openepcis/query-documents/Combination_of_different_event.json",
        "openepcis/query-documents/queryDocument.json",
    ];

    public static IEnumerable<TheoryDataRow<string>> Accepted() => Vectors.Rows(() => Files("accept"));

    public static IEnumerable<TheoryDataRow<string>> Rejected() => Vectors.Rows(() => Files("reject"));

    public static IEnumerable<TheoryDataRow<string>> Contested() => Vectors.Rows(() => Files("contested"));

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Reader_GivenAValidExample_AcceptsIt(string file)
    {
        var result = Read(file, CheckDigitPolicy.Warn);

        Assert.Empty(result.Faults);
        Assert.Equal(Entry(file).GetProperty("events").GetInt32(), result.Events.Count);
        Assert.Equal(
            Entry(file).GetProperty("eventTypes").EnumerateArray().Select(t => t.GetString()).Order(),
            result.Events.Select(e => e.EventType).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Reader_VerifyingKeys_RefusesExactlyTheExamplesKnownToBreakThem(string file)
    {
        Assert.Equal(NeedWarn.Contains(file), Read(file, CheckDigitPolicy.Refuse).Faults.Count > 0);
        Assert.Equal(NeedWarn.Contains(file), Read(file, CheckDigitPolicy.Warn).Warnings.Count > 0);
    }

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Reader_GivenAnInvalidExample_RefusesIt(string file)
    {
        var result = Read(file, CheckDigitPolicy.Warn);

        Assert.NotEmpty(result.Faults);
        Assert.Empty(result.Events);
    }

    // The official schema knows no measurement type EffectiveDoseRate, so neither do we; an own type would be written as a URI.
    [Theory]
    [MemberData(nameof(Contested))]
    public void Reader_GivenANonStandardMeasurementType_RefusesIt(string file)
    {
        var fault = Assert.Single(Read(file, CheckDigitPolicy.Warn).Faults);

        Assert.Equal(EpcisRules.UnknownValue, fault.Rule);
        Assert.EndsWith("/eventList/0/sensorElementList/0/sensorReport/0/type", fault.JsonPointer, StringComparison.Ordinal);
    }

    // Queries are documents of another kind and have a reader of their own.
    private static IEnumerable<string> Files(string expected) =>
        from entry in Vectors.Read("epcis-examples/manifest.json").RootElement.GetProperty("files").EnumerateArray()
        where entry.GetProperty("expected").GetString() == expected && entry.GetProperty("kind").GetString() != "query"
        select entry.GetProperty("file").GetString()!;

    private static JsonElement Entry(string file) =>
        Vectors.Read("epcis-examples/manifest.json").RootElement.GetProperty("files").EnumerateArray()
            .First(e => e.GetProperty("file").GetString() == file);

    private static EpcisReadResult Read(string file, CheckDigitPolicy checkDigits) =>
        EpcisReader.Read(File.ReadAllBytes(Vectors.PathOf($"epcis-examples/{file}")), new EpcisReadOptions { CheckDigits = checkDigits });
}
