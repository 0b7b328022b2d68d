using System.Text;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>Hostile and broken XML: always a fault with a line, never an exception, never a look outside the input.</summary>
public sealed class EpcisXmlInputTests
{
    private const string Open = "<x:EPCISDocument xmlns:x=\"urn:epcglobal:epcis:xsd:2\" schemaVersion=\"2.0\" creationDate=\"2026-03-04T08:15:30Z\"><EPCISBody><EventList>";
    private const string Close = "</EventList></EPCISBody></x:EPCISDocument>";

    private const string Event =
        "<ObjectEvent><eventTime>2026-03-04T08:15:30Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
        + "<epcList><epc>urn:epc:id:sgtin:4012345.011111.1</epc></epcList><action>OBSERVE</action></ObjectEvent>";

    [Theory]
    [InlineData("<!DOCTYPE project>")]
    [InlineData("<?xml version=\"1.0\"?>\n<!-- <!DOCTYPE a [ ]> -->\n<!DOCTYPE\n  x:EPCISDocument\n>")]
    public void Reader_GivenADoctypeOfNothingButAName_PassesOverIt(string doctype) => Assert.Empty(Read($"{doctype}{Open}{Event}{Close}").Faults);

    [Theory]
    [InlineData("<!DOCTYPE a []>")]
    [InlineData("<!DOCTYPE a><!DOCTYPE a>")]
    [InlineData("<!DOCTYPE>")]
    [InlineData("<!DOCTYPE a [<!ENTITY e \"x\">]>")]
    [InlineData("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">")]
    [InlineData("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>")]
    [InlineData("<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/x\"> %p;]>")]
    [InlineData("<!DOCTYPE a [<!ENTITY l0 \"lol\"><!ENTITY l1 \"&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;\"><!ENTITY l2 \"&l1;&l1;&l1;&l1;&l1;&l1;\">]>")]
    public void Reader_GivenADoctype_RefusesItUnread(string doctype)
    {
        var fault = Assert.Single(Read($"\n{doctype}{Open}{Event}{Close}").Faults);

        Assert.Equal(EpcisRules.XmlDtdProhibited, fault.Rule);
        Assert.Equal(1, fault.Line);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("<a><b></a>")]
    [InlineData(Open + Event)]
    [InlineData(Open + "&e;" + Close)]
    [InlineData(Open + "<ObjectEvent><eventTime>&e;</eventTime></ObjectEvent>" + Close)]
    [InlineData(Open + Event + Close + "<more/>")]
    [InlineData(Open + "<ObjectEvent a=\"1\" a=\"2\"/>" + Close)]
    [InlineData(Open + "<u:x/>" + Close)]
    [InlineData("<?xml version=\"1.0\" encoding=\"no-such\"?><a/>")]
    [InlineData(Open + "<ObjectEvent>&#0;</ObjectEvent>" + Close)]
    public void Reader_GivenMalformedXml_SaysWhere(string xml)
    {
        var fault = Assert.Single(Read(xml).Faults);

        Assert.Contains(fault.Rule, (string[])[EpcisRules.MalformedXml, EpcisRules.NotEpcis]);
        Assert.NotNull(fault.Line);
    }

    [Theory]
    [InlineData("<a/>", EpcisRules.NotEpcis)]
    [InlineData("<x:EPCISCaptureJob xmlns:x=\"urn:epcglobal:epcis:xsd:2\"/>", EpcisRules.NotEpcis)]
    [InlineData("<x:EPCISDocument xmlns:x=\"urn:epcglobal:epcis:xsd:3\"/>", EpcisRules.NotEpcis)]
    [InlineData("<x:EPCISDocument xmlns:x=\"urn:epcglobal:epcis:xsd:2\"/>", EpcisRules.MissingMember)]
    [InlineData(Open + "<Event/>" + Close, EpcisRules.UnknownEventType)]
    [InlineData(Open + "<ObjectEvent><epcList><item/></epcList></ObjectEvent>" + Close, EpcisRules.UnknownMember)]
    [InlineData(Open + "<ObjectEvent><action a=\"1\">ADD</action></ObjectEvent>" + Close, EpcisRules.UnknownMember)]
    [InlineData(Open + "<ObjectEvent>text</ObjectEvent>" + Close, EpcisRules.UnknownMember)]
    public void Reader_GivenOtherXml_Refuses(string xml, string rule)
    {
        var fault = Assert.Single(Read(xml).Faults);

        Assert.Equal(rule, fault.Rule);
        Assert.Equal(1, fault.Line);
    }

    [Fact]
    public void Reader_GivenADepthBomb_StopsAtTheLimit()
    {
        var deep = string.Concat(Enumerable.Repeat("<e>", 100_000));
        foreach (var place in (string[])[$"{Open}<ObjectEvent>{deep}", $"{Open.Replace("<EventList>", "", StringComparison.Ordinal)}<h>{deep}"])
        {
            Assert.Equal(EpcisRules.TooDeep, Assert.Single(Read(place).Faults).Rule);
        }
    }

    [Fact]
    public void Reader_GivenTooMuch_StopsAtTheLimit()
    {
        var attributes = string.Concat(Enumerable.Range(0, 300).Select(i => $" a{i}=\"\""));
        Assert.Equal(EpcisRules.TooManyValues, Assert.Single(Read($"{Open}<ObjectEvent{attributes}/>{Close}").Faults).Rule);

        var options = new EpcisReadOptions { MaxEvents = 2, MaxValues = 20 };
        Assert.Equal(EpcisRules.TooManyEvents, Assert.Single(Read(Open + Event + Event + Event + Close, options).Faults).Rule);

        var many = Event.Replace("<epcList>", "<epcList>" + string.Concat(Enumerable.Repeat("<epc>urn:a:b</epc>", 20)), StringComparison.Ordinal);
        Assert.Equal(EpcisRules.TooManyValues, Assert.Single(Read(Open + many + Close, options).Faults).Rule);
    }

    [Fact]
    public void Reader_GivenAHugeText_StopsWhileReadingIt()
    {
        using var stream = new EndlessText($"{Open}<ObjectEvent><eventTime>");
        using var reader = EpcisXmlReader.Open(stream, EpcisReadOptions.Default);

        Assert.Null(reader.ReadEvent());
        Assert.Equal(EpcisRules.EventTooLarge, Assert.Single(reader.Faults).Rule);
        Assert.InRange(stream.Given, 16 << 20, 17 << 20);
    }

    [Fact]
    public void Faults_OfTheJsonReader_GetTheirLineInTheXml()
    {
        var xml = Encoding.UTF8.GetBytes(
            $"{Open}\n{Event}\n{Event.Replace("OBSERVE", "\nSEE", StringComparison.Ordinal).Replace("<epcList>", "\n<epcList>\n", StringComparison.Ordinal)}{Close}");
        var document = EpcisXmlReader.ReadDocument(xml, EpcisReadOptions.Default);
        Assert.Equal([2, 3], document.EventLines);

        var fault = Assert.Single(EpcisReader.Read(document.Utf8, EpcisReadOptions.Default).Faults);

        Assert.Equal("/epcisBody/eventList/1/action", fault.JsonPointer);
        Assert.Equal(5, document.Locate(fault).Line);
        Assert.Equal(5, document.LineOf("/epcisBody/eventList/1/epcList/0"));
        Assert.Equal(4, document.LineOf("/epcisBody/eventList/1/epcList"));
        Assert.Equal(3, document.LineOf("/epcisBody/eventList/1/no/such"));
        Assert.Equal(1, document.LineOf(""));
        Assert.Equal("line 5: ", document.Locate(fault).ToString()[..8]);
    }

    [Fact]
    public void AFaultInOneEvent_LeavesTheOthersReadable()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes($"{Open}{Event}<ObjectEvent>text</ObjectEvent>{Event}{Close}"));
        using var reader = EpcisXmlReader.Open(stream, EpcisReadOptions.Default);

        Assert.Empty(reader.ReadEvent()!.Faults);
        Assert.Single(reader.ReadEvent()!.Faults);
        Assert.Empty(reader.ReadEvent()!.Faults);
        Assert.Null(reader.ReadEvent());
        Assert.Empty(reader.Faults);
    }

    [Fact]
    public void Reader_GivenAHundredThousandEvents_HoldsOneAtATime()
    {
        using var stream = new RepeatedText(Open, Event, 100_000, Close);
        using var reader = EpcisXmlReader.Open(stream, new EpcisReadOptions { MaxEvents = 100_000 });
        var count = 0;
        var largest = 0L;
        while (reader.ReadEvent() is not null)
        {
            if (++count % 20_000 == 0)
            {
                largest = Math.Max(largest, GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        Assert.Empty(reader.Faults);
        Assert.Equal(100_000, count);
        Assert.InRange(largest, 0, 512L << 20);
    }

    // Changes official documents in seeded ways; whatever comes out must be an answer.
    [Fact]
    public void Reader_GivenMutatedDocuments_NeverThrows()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        var random = new Random(20260304);
        string[] pieces = ["<", ">", "&", "]]>", "<![CDATA[", "<!--", "xmlns=\"\"", " xmlns:a=\"b\"", "<extension>", "</extension>", "&#x10FFFF;", "\0", "é", "<a:b/>", "<?x?>"];
        foreach (var document in XmlVectors.Documents())
        {
            var original = XmlVectors.Bytes(document);
            for (var round = 0; round < 60; round++)
            {
                var bytes = new List<byte>(original);
                for (var change = random.Next(1, 5); change > 0; change--)
                {
                    var at = random.Next(bytes.Count);
                    switch (random.Next(4))
                    {
                        case 0:
                            bytes[at] = (byte)random.Next(256);
                            break;
                        case 1:
                            bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at));
                            break;
                        case 2:
                            bytes.InsertRange(at, Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)]));
                            break;
                        default:
                            bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 200), bytes.Count - at)));
                            break;
                    }
                }
                AssertAnswered([.. bytes]);
            }
        }
    }

    private static void AssertAnswered(byte[] xml)
    {
        var document = EpcisXmlReader.ReadDocument(xml, XmlVectors.Lenient);
        Assert.All(document.Faults, fault => Assert.NotNull(fault.Line));
        if (!document.IsReadable)
        {
            return;
        }
        var result = EpcisReader.Read(document.Utf8, XmlVectors.Lenient);
        Assert.All(result.Faults, fault => Assert.NotEqual(EpcisRules.MalformedJson, fault.Rule));
        Assert.All(result.Faults, fault => Assert.InRange(document.Locate(fault).Line!.Value, 1, int.MaxValue));
        foreach (var version in (EpcisXmlVersion[])[EpcisXmlVersion.V2, EpcisXmlVersion.V1])
        {
            using var output = new MemoryStream();
            using var writer = new EpcisXmlWriter(output, new EpcisXmlWriteOptions { Version = version });
            writer.BeginQueryDocument(default, "SimpleEventQuery", null);
            var lost = result.Events.Select(e => writer.WriteEvent(e.ToStandaloneUtf8()).Count > 0).ToList();
            writer.End();
            var back = XmlVectors.ReadJson(output.ToArray(), out _);
            Assert.Empty(back.Faults);
            if (!lost.Contains(true))
            {
                Assert.Equal(result.Events.Select(e => e.EventHash), back.Events.Select(e => e.EventHash));
            }
        }
    }

    private static EpcisXmlDocument Read(string xml, EpcisReadOptions? options = null) =>
        EpcisXmlReader.ReadDocument(Encoding.UTF8.GetBytes(xml), options ?? EpcisReadOptions.Default);

    private sealed class EndlessText(string start) : MemoryStream
    {
        public long Given { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var text = Given == 0 ? Encoding.UTF8.GetBytes(start) : Encoding.UTF8.GetBytes(new string('a', Math.Min(count, 4096)));
            text.AsSpan(0, Math.Min(count, text.Length)).CopyTo(buffer.AsSpan(offset));
            Given += Math.Min(count, text.Length);
            return Math.Min(count, text.Length);
        }
    }

    private sealed class RepeatedText(string start, string middle, int times, string end) : MemoryStream
    {
        private byte[] _rest = Encoding.UTF8.GetBytes(start);
        private int _times = times;

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_rest.Length == 0 && _times >= 0)
            {
                _rest = Encoding.UTF8.GetBytes(_times-- > 0 ? middle : end);
            }
            var given = Math.Min(count, _rest.Length);
            _rest.AsSpan(0, given).CopyTo(buffer.AsSpan(offset));
            _rest = _rest[given..];
            return given;
        }
    }
}
