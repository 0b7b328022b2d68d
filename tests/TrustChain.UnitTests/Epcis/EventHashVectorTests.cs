using System.Text.Json;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Epcis;

/// <summary>Published event hashes: one row per event.</summary>
public sealed class EventHashVectorTests
{
    private const string Reference = "event-hash/reference/expected.json";
    private const string CrossCheck = "event-hash/cross-check.json";

    public static IEnumerable<TheoryDataRow<string>> ReferenceEvents() => Vectors.Rows(() =>
        from document in Vectors.Read(Reference).RootElement.GetProperty("documents").EnumerateObject()
        from entry in document.Value.GetProperty("events").EnumerateArray()
        select $"{document.Name}#{entry.GetProperty("index").GetInt32()}");

    public static IEnumerable<TheoryDataRow<string>> AgreedEvents() => Vectors.Rows(() => CrossCheckRows(disputed: false));

    public static IEnumerable<TheoryDataRow<string>> DisputedEvents() => Vectors.Rows(() => CrossCheckRows(disputed: true));

    public static IEnumerable<TheoryDataRow<string>> UnprocessedDocuments() => Vectors.Rows(() =>
        from document in Vectors.Read(CrossCheck).RootElement.GetProperty("documents").EnumerateArray()
        where document.TryGetProperty("referenceError", out _)
        select document.GetProperty("file").GetString()!);

    [Theory]
    [MemberData(nameof(ReferenceEvents))]
    public void EventHash_OfAReferenceEvent_IsTheStoredOneInTableOrder(string row)
    {
        var (file, index) = Split(row);
        var entry = Vectors.Read(Reference).RootElement.GetProperty("documents").GetProperty(file).GetProperty("events").EnumerateArray()
            .First(e => e.GetProperty("index").GetInt32() == index);
        var expected = entry.TryGetProperty("tableOrder", out var tableOrder) ? tableOrder : entry;

        AssertHash(expected, ReadEvent($"event-hash/reference/{file}", index));
    }

    [Theory]
    [MemberData(nameof(AgreedEvents))]
    public void EventHash_OfAnEventImplementationsAgreeOn_IsTheirs(string row)
    {
        var (file, index) = Split(row);

        AssertHash(CrossCheckEntry(file, index), ReadEvent($"event-hash/{file}", index));
    }

    [Theory]
    [MemberData(nameof(DisputedEvents))]
    public void EventHash_OfADisputedEvent_DiffersFromTheReferenceOnlyAsDecided(string row)
    {
        var (file, index) = Split(row);
        var expected = CrossCheckEntry(file, index).GetProperty("prehash").GetString()!
            .Replace("111100001111000003641344", "111100001111000011110000", StringComparison.Ordinal)
            .Replace("booleanValue=True", "booleanValue=true", StringComparison.Ordinal)
            .Replace("cbvmda:", "{urn:epcglobal:cbv:mda:}", StringComparison.Ordinal)
            .Replace("=gs1:", "=https://gs1.org/voc/", StringComparison.Ordinal)
            .Replace("=cbv:", "=https://ref.gs1.org/cbv/", StringComparison.Ordinal);

        var actual = EventHash.ComputePreHash(ReadEvent($"event-hash/{file}", index));

        // Expanding a prefix moves a part to another place of its sorted group, so those two are compared as sets of characters as well.
        Assert.Equal(Sorted(expected), Sorted(actual));
        if (!expected.Contains("cbv:mda", StringComparison.Ordinal))
        {
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [MemberData(nameof(UnprocessedDocuments))]
    public void EventHash_OfADocumentTheReferenceCannotProcess_Exists(string file)
    {
        var result = Read($"event-hash/{file}");

        Assert.Empty(result.Faults);
        Assert.All(result.Events, e => Assert.False(e.EventHash.IsDefault));
    }

    private static string Sorted(string text) => string.Concat(text.Order());

    private static void AssertHash(JsonElement expected, EpcisEvent actual)
    {
        if (expected.TryGetProperty("prehash", out var prehash))
        {
            Assert.Equal(prehash.GetString(), EventHash.ComputePreHash(actual));
        }
        Assert.Equal(expected.GetProperty("hash").GetString(), actual.EventHashUri);
    }

    private static IEnumerable<string> CrossCheckRows(bool disputed) =>
        from document in Vectors.Read(CrossCheck).RootElement.GetProperty("documents").EnumerateArray()
        where document.TryGetProperty("events", out _)
        from entry in document.GetProperty("events").EnumerateArray()
        where entry.GetProperty("class").GetString() == "disputed" == disputed
        select $"{document.GetProperty("file").GetString()}#{entry.GetProperty("index").GetInt32()}";

    private static JsonElement CrossCheckEntry(string file, int index) =>
        (from document in Vectors.Read(CrossCheck).RootElement.GetProperty("documents").EnumerateArray()
         where document.GetProperty("file").GetString() == file
         from entry in document.GetProperty("events").EnumerateArray()
         where entry.GetProperty("index").GetInt32() == index
         select entry).First();

    private static EpcisEvent ReadEvent(string file, int index)
    {
        var result = Read(file);
        Assert.Empty(result.Faults);
        var read = result.Events[index];

        var again = EpcisReader.Read(read.ToStandaloneUtf8(), Lenient);
        Assert.Empty(again.Faults);
        Assert.Equal(read.EventHash, Assert.Single(again.Events).EventHash);
        Assert.False(again.Events[0].NeedsDocumentContext);
        return read;
    }

    private static EpcisReadResult Read(string file) => EpcisReader.Read(File.ReadAllBytes(Vectors.PathOf(file)), Lenient);

    private static EpcisReadOptions Lenient => new() { CheckDigits = CheckDigitPolicy.Warn };

    private static (string File, int Index) Split(string row)
    {
        var at = row.LastIndexOf('#');
        return (row[..at], int.Parse(row[(at + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }
}
