using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>The event hashes stored with XML documents: one row per event.</summary>
public sealed class EpcisXmlHashTests
{
    public static IEnumerable<TheoryDataRow<string>> StoredHashes() => Vectors.Rows(() =>
        from document in XmlVectors.Documents()
        where document.StartsWith("event-hash/", StringComparison.Ordinal)
        from index in Enumerable.Range(0, Stored(document).Length)
        select $"{document}#{index}");

    [Theory]
    [MemberData(nameof(StoredHashes))]
    public void EventHash_OfAnXmlEvent_IsTheStoredOne(string row)
    {
        var at = row.LastIndexOf('#');
        var document = row[..at];
        var index = int.Parse(row[(at + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        var result = XmlVectors.ReadJson(XmlVectors.Bytes(document), out _);
        Assert.Empty(result.Faults);

        var stored = Stored(document)[index];
        var found = result.Events[index];
        Assert.True(stored == found.EventHashUri, EventHash.ComputePreHash(found));
    }

    private static string[] Stored(string document) =>
        [.. File.ReadLines(Vectors.PathOf($"{XmlVectors.Folder}/{Path.ChangeExtension(document, ".hashes")}")).Where(line => line.Length > 0)];
}
