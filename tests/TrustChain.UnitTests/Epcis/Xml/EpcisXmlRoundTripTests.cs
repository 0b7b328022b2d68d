using System.Buffers;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>From XML or JSON to XML of either version and back.</summary>
public sealed class EpcisXmlRoundTripTests
{
    private static readonly DateTimeOffset Created = new(2026, 3, 4, 8, 15, 30, TimeSpan.Zero);

    /// <summary>An event type of its own, for which EPCIS 1.2 has no place.</summary>
    private const string WithOwnType = "official-bare-events/Extended-Event.json";

    public static IEnumerable<TheoryDataRow<string, EpcisXmlVersion>> XmlDocuments() => Rows(() => XmlVectors.Documents());

    public static IEnumerable<TheoryDataRow<string, EpcisXmlVersion>> JsonExamples() => Rows(() =>
        from entry in Vectors.Read("epcis-examples/manifest.json").RootElement.GetProperty("files").EnumerateArray()
        where entry.GetProperty("expected").GetString() == "accept" && entry.GetProperty("kind").GetString() != "query"
        select entry.GetProperty("file").GetString()!);

    [Theory]
    [MemberData(nameof(XmlDocuments))]
    public void Writer_GivenTheEventsOfAnXmlDocument_SaysTheSame(string document, EpcisXmlVersion version)
    {
        using var stream = new MemoryStream(XmlVectors.Bytes(document));
        using var reader = EpcisXmlReader.Open(stream, XmlVectors.Lenient);
        var events = new List<ReadOnlyMemory<byte>>();
        while (reader.ReadEvent() is { } read)
        {
            // One event of the sensor examples has reports without type, which JSON requires.
            if (EpcisReader.Read(read.Utf8, XmlVectors.Lenient).IsValid)
            {
                events.Add(read.Utf8);
            }
        }

        AssertRoundTrip(events, version);
    }

    [Theory]
    [MemberData(nameof(JsonExamples))]
    public void Writer_GivenAJsonExample_SaysTheSame(string file, EpcisXmlVersion version)
    {
        var result = EpcisReader.Read(File.ReadAllBytes(Vectors.PathOf($"epcis-examples/{file}")), XmlVectors.Lenient);
        Assert.Empty(result.Faults);
        if (version == EpcisXmlVersion.V1 && file == WithOwnType)
        {
            return;
        }

        AssertRoundTrip([.. result.Events.Select(e => e.ToStandaloneUtf8())], version);
    }

    private static void AssertRoundTrip(List<ReadOnlyMemory<byte>> events, EpcisXmlVersion version)
    {
        var xml = Write(events, version);
        XmlSchemas.AssertValid(xml, version);

        var back = XmlVectors.ReadJson(xml, out var document);
        Assert.Empty(back.Faults);
        Assert.Equal(EpcisDocumentKind.QueryDocument, back.Kind);
        Assert.Equal(version, document.Envelope!.Version);
        Assert.Equal(events.Count, back.Events.Count);
        foreach (var (before, after) in events.Zip(back.Events))
        {
            var original = Assert.Single(EpcisReader.Read(before, XmlVectors.Lenient).Events);
            Assert.Equal(EventHash.ComputePreHash(original), EventHash.ComputePreHash(after));
            Assert.Equal(original.EventHash, after.EventHash);
            Assert.Equal(JsonMeaning.Of(before), JsonMeaning.Of(after.ToStandaloneUtf8()));
        }
    }

    private static byte[] Write(List<ReadOnlyMemory<byte>> events, EpcisXmlVersion version)
    {
        var output = new ArrayBufferWriter<byte>();
        using var writer = new EpcisXmlWriter(output, new EpcisXmlWriteOptions { Version = version });
        writer.BeginQueryDocument(Created, "SimpleEventQuery", "sub-1");
        foreach (var item in events)
        {
            Assert.Empty(writer.WriteEvent(item));
        }
        writer.End();
        return output.WrittenSpan.ToArray();
    }

    private static IEnumerable<TheoryDataRow<string, EpcisXmlVersion>> Rows(Func<IEnumerable<string>> names)
    {
        foreach (var row in Vectors.Rows(names))
        {
            yield return new(row.Data, EpcisXmlVersion.V2) { Skip = row.Skip };
            yield return new(row.Data, EpcisXmlVersion.V1) { Skip = row.Skip };
        }
    }
}
