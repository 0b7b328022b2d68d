using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Devices.Imports;
using TrustChain.Core.Encryption;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.UnitTests.Devices.Imports;
using TrustChain.UnitTests.Epcis;
using TrustChain.UnitTests.Log;
using TrustChain.UnitTests.Verification;

namespace TrustChain.UnitTests.Hostile;

/// <summary>A parser of what strangers send.</summary>
/// <param name="Name">Also the folder of its corpus in <c>tests/vectors/hostile</c>.</param>
/// <param name="Good">Input it takes.</param>
/// <param name="Run">Reads, and uses what was read as the product does.</param>
internal sealed partial record Parser(string Name, IReadOnlyList<byte[]> Good, Action<byte[]> Run)
{
    private static readonly EvidenceWorld World = EvidenceVectors.Tea;
    private static readonly TestTimestampAuthority Authority = new();
    private static readonly DecryptionKey Recipient = DecryptionKey.Generate();
    private static readonly ReportContext Report = new("urn:d", new DateTimeOffset(2026, 11, 26, 8, 0, 0, TimeSpan.Zero), "Angle");
    private static readonly DayKey Day = new("urn:d", new DayKeyName(new DateOnly(2026, 11, 26), KeyGroup.Position), new byte[32]);

    /// <summary>The exceptions that the parser's documentation names.</summary>
    public Func<Exception, bool> Documented { get; init; } = static _ => false;

    /// <summary>Bytes that may be allocated for each byte of input, beside a megabyte.</summary>
    public int AllocationFactor { get; init; } = 400;

    public static IReadOnlyList<Parser> All { get; } =
    [
        new("epcis-json", Events(), static b => Use(EpcisReader.Read(b, EpcisReadOptions.Default))) { AllocationFactor = 1000 },
        new("epcis-json-events", Events(), static b => ReadEvents(b)) { AllocationFactor = 1000 },
        new("epcis-xml", Xml(), static b => ReadXml(b)) { AllocationFactor = 2000 },
        new("jws", Texts(World.Single.Statement, World.Document[0].Statement), static b => Use(Text(b))),
        new("key", Keys(), static b => PublicKey.TryParse(Text(b), out _, out _)),
        new("jwe", Jwes(), static b => ReadJwe(Text(b))),
        new("grant", Grants(), static b => ReadGrant(b)),
        new("bundle", Bundles(), static b => ReadBundle(b)) { AllocationFactor = 4000 },
        new("trust", [VectorFiles.Read("evidence/trust.json"), VectorFiles.Read("evidence/trust-witnessed.json")], static b => TrustFile.TryParse(b, out _, out _)),
        new("entry", Entries(), static b => ReadEntry(b)),
        new("cbor", [.. CoseMessages().Select(static m => m[(m.Length / 2)..]), CoseText.Of(Samples.ObjectEvent().ToJsonString()), CoseText.Of("[1,-1,0.5,1.1,1e300,true,null,{\"a\":[[\"b\"]]}]")], static b => CborJson.TryConvert(b, CoseSign1.MaxDepth, out _, out _)),
        new("cose", CoseMessages(), static b => ReadCose(b)),
        new("note", Notes(), static b => ReadNote(b)),
        new("add-checkpoint", AddCheckpoints(), static b => AddCheckpointRequest.TryParse(b, out _)),
        new("tile", [new byte[32], new byte[8192]], static b => Tile.Parse(b)) { Documented = static e => e is FormatException },
        new("entry-bundle", [[0, 2, 65, 66, 0, 1, 67]], static b => EntryBundle.Parse(b)) { Documented = static e => e is FormatException },
        new("tile-path", Texts("x001/x234/067", "000.p/5"), static b => TileCoordinate.TryParseIndexPath(Text(b), out _, out _)),
        new("identifier", Identifiers(), static b => ReadIdentifier(Text(b))),
        new("epc-pattern", Texts("urn:epc:idpat:sgtin:4012345.*.*", "urn:epc:id:sgtin:4012345.011111.1"), static b => EpcPattern.TryParse(Text(b), out _, out _)),
        new("element-string", Texts("(01)04012345123456(21)1", "010401234512345610L1\u001d21S"), static b => ElementString.TryParse(Text(b), Gs1Reading.UnknownAis, out _, out _)),
        new("query-json", Queries(), static b => ReadQuery(b)) { AllocationFactor = 1000 },
        new("query-parameters", Texts("EQ_bizStep=shipping|receiving&GE_eventTime=2026-01-01T00:00:00Z&MATCH_epc=urn:epc:idpat:sgtin:4012345.*.*&perPage=3", "EQ_ilmd_https://a.example/#b=1&orderBy=eventTime&HASATTR_x=1"), static b => ReadParameters(Text(b))) { AllocationFactor = 1000 },
        new("schedule", Texts("second=0&minute=0,15,[30-45]&hour=*", "dayOfMonth=31&month=2", "dayOfWeek=[1-5]&second=0/7"), static b => ReadSchedule(Text(b))),
        new("timestamp", Timestamps(), static b => TimestampToken.Verify(b, "text", Authority.Root)) { AllocationFactor = 1000 },
        new("verifier-key", Texts("log.example/tea+05425c6a+AbcsM+rBfkcHBa48zmLhSM/ypvi4zGtvB0+ReKNoSuIF"), static b => { NoteVerifier.TryParse(Text(b), out _); WitnessVerifier.TryParse(Text(b), out _); }),
        new("device-template", Templates(), static b => ReadTemplate(b)),
        new("telemetry", Telemetries(), static b => ReadTelemetry(b)) { AllocationFactor = 1000 },
        new("telemetry-statement", TelemetryStatements(), static b => ReadTelemetryStatement(Text(b))),
        new("telemetry-summary", Summaries(), static b => TelemetrySummary.Parse(b)) { Documented = static e => e is FormatException },
        new("device-evidence", DeviceEvidences(), static b => DeviceEvidenceHeader.TryParse(b, out _, out _)),
        new("import-csv", Csvs(), static b => Use(CsvImport.Read(b, ImportWorld.Machine, ImportWorld.Now))) { AllocationFactor = 2000 },
        new("import-xml", TelematicsXml(), static b => Use(TelematicsFeed.ReadXml(b).Equipment)) { AllocationFactor = 2000 },
        new("import-json", TelematicsJson(), static b => Use(TelematicsFeed.ReadJson(b).Equipment)) { AllocationFactor = 2000 },
    ];

    private static void ReadJwe(string text)
    {
        DayKeyName.TryParse(text, out _);
        EncryptionKey.TryParse(text, out _, out _);
        DecryptionKey.TryParse(text, out _, out _);
        if (EncryptedValue.TryParse(text, out var value, out _))
        {
            value.TryDecrypt(Day, Report, out _);
        }
        if (WrappedDayKey.TryParse(text, out var wrapped, out _))
        {
            wrapped.TryUnwrap(Recipient, out _);
        }
    }

    private static void ReadGrant(byte[] bytes)
    {
        MeasuredValue.TryParse(bytes, out _);
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            GrantAct.TryParse(document.RootElement, out _);
            AccessEntry.TryParse(document.RootElement, out _);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return; // What is no JSON goes no further.
        }
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static IReadOnlyList<byte[]> Texts(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static IReadOnlyList<byte[]> Events() =>
    [
        .. Texts(Samples.Document(Samples.ObjectEvent().ToJsonString() + "," + Samples.TransformationEvent().ToJsonString())), .. Texts(Sample.Document(1, 2, 3)),
        .. Texts(Samples.AggregationEvent().ToJsonString(), Samples.TransactionEvent().ToJsonString()),
        .. Texts(Samples.With(Samples.ObjectEvent(), "sensorElementList", """[{"sensorMetadata":{"time":"2026-03-04T08:15:30Z"},"sensorReport":[{"type":"Temperature","value":26.0,"uom":"CEL"}]}]""").ToJsonString()),
    ];

    private static IReadOnlyList<byte[]> Xml() => Texts(
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:ex="https://ns.example.com/epcis/" schemaVersion="2.0" creationDate="2026-03-04T08:15:30Z"><EPCISBody><EventList>
        <ObjectEvent><eventTime>2026-03-04T08:15:30.123+08:00</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:4012345.011111.1</epc></epcList><action>OBSERVE</action>
        <bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep><readPoint><id>urn:epc:id:sgln:4012345.00001.0</id></readPoint><ex:a b="1"><ex:c>2</ex:c></ex:a></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>
        """,
        """
        <epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2026-03-04T08:15:30Z"><EPCISBody><EventList><AggregationEvent><eventTime>2026-03-04T08:15:30Z</eventTime>
        <eventTimeZoneOffset>+08:00</eventTimeZoneOffset><parentID>urn:epc:id:sscc:4012345.1111111111</parentID><childEPCs><epc>urn:epc:id:sgtin:4012345.011111.1</epc></childEPCs><action>ADD</action></AggregationEvent>
        <extension><TransformationEvent><eventTime>2026-03-04T08:15:30Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset><inputEPCList><epc>urn:epc:id:sgtin:4012345.011111.1</epc></inputEPCList>
        <outputQuantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.011111.L1</epcClass><quantity>2.5</quantity><uom>KGM</uom></quantityElement></outputQuantityList></TransformationEvent></extension></EventList></EPCISBody></epcis:EPCISDocument>
        """);

    private static IReadOnlyList<byte[]> Keys() => Texts([.. ((string[])[SignatureAlgorithms.ES256, SignatureAlgorithms.EdDsa, SignatureAlgorithms.ES256K, SignatureAlgorithms.Sm2]).Select(static a => SigningKey.Generate(a).PublicKey.Jwk)]);

    private static IReadOnlyList<byte[]> Jwes() => Texts(
        EncryptedValue.Encrypt(Day, Report, new MeasuredValue.Position(new Place(52.5, 13.4))), WrappedDayKey.Wrap(Day, Recipient.PublicKey), Recipient.PublicKey.Jwk, Recipient.ExportPrivateJwk(), "2026-11-26.rider.2");

    private static IReadOnlyList<byte[]> Grants() => Texts(
        """{"act":"request","device":"urn:d","grant":"AAAAAAAAAAAAAAAAAAAAAA","grantee":"b","organisation":"b","terms":{"expires":"2027-01-01T00:00:00.000Z","from":"2026-11-16","precision":"coarse","purpose":"credit","scope":["measure:a","position"],"until":"2026-12-06"},"v":1}""",
        """{"device":"urn:d","from":"2026-11-16","grant":"AAAAAAAAAAAAAAAAAAAAAA","grantee":"b","hour":"2026-11-26T08:00:00.000Z","kind":"data","until":"2026-11-16","v":1}""",
        """{"latitude":52.5,"longitude":13.4}""", """{"uom":"CEL","value":1.5}""");

    private static IReadOnlyList<byte[]> Bundles() => [.. Directory.GetFiles(VectorFiles.PathOf("evidence"), "good-*.json").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    /// <summary>Entries of the log as published: records, keys, revocations.</summary>
    private static IReadOnlyList<byte[]> Entries()
    {
        using var document = JsonDocument.Parse(VectorFiles.Read("encoding/entries.json"));
        var found = new List<byte[]>();
        Collect(document.RootElement, found);
        return found;
    }

    private static void Collect(JsonElement json, List<byte[]> found)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                found.Add(Encoding.UTF8.GetBytes(json.GetRawText()));
                foreach (var member in json.EnumerateObject())
                {
                    Collect(member.Value, found);
                }
                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                {
                    Collect(item, found);
                }
                break;
            case JsonValueKind.String when json.GetString() is ['{', ..] text:
                found.Add(Encoding.UTF8.GetBytes(text));
                break;
        }
    }

    private static IReadOnlyList<byte[]> Notes()
    {
        using var document = JsonDocument.Parse(VectorFiles.Read("encoding/note.json"));
        return Texts(document.RootElement.GetProperty("note").GetString()!, document.RootElement.GetProperty("note").GetString()! + "— witness.example/w BUJcaq0hrK9/tTnxq2zTdm2w7Nqwa/AMMMnCIRhjS5mD1pG3Bv3J2qkRh9QJf+9GzSLmFhrDUKG2ACiYt6O/a/uzyw4=\n");
    }

    private static IReadOnlyList<byte[]> AddCheckpoints() => [[.. Encoding.UTF8.GetBytes($"old 5\n{Convert.ToBase64String(new byte[32])}\n{Convert.ToBase64String(new byte[32])}\n\n"), .. Notes()[0]]];

    private static IReadOnlyList<byte[]> Identifiers() => Texts(
        "https://id.gs1.org/01/04012345123456/21/1", "https://a.example/x/gtin/04012345123456/lot/L1?17=261231&15=260101", "urn:epc:id:sgtin:4012345.011111.1", "urn:epc:class:lgtin:4012345.011111.L1",
        "urn:epc:id:sgln:4012345.00001.0", "(01)04012345123456(10)L1", "/8004/4012345ABC", "https://id.gs1.org/8003/04012345123456%2F1", "urn:epc:id:giai:4012345.1%2F2");

    private static IReadOnlyList<byte[]> Queries() => Texts(
        """{"@context":{"ex":"https://ns.example.com/"},"EQ_bizStep":["shipping"],"GE_eventTime":"2026-01-01T00:00:00Z","MATCH_epc":["urn:epc:idpat:sgtin:4012345.*.*"],"eventCountLimit":10}""",
        """{"name":"a","query":{"EQ_INNER_ILMD_ex:a":["1"],"GT_ex:b":5.5,"WD_readPoint":["https://id.gs1.org/414/9506000134352"],"orderBy":"eventTime","orderDirection":"ASC"}}""");

    private static IReadOnlyList<byte[]> Timestamps()
    {
        var digest = System.Security.Cryptography.SHA256.HashData("text"u8);
        return [Authority.Stamp(digest, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), Authority.Stamp(digest, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), 7, withCertificates: false)];
    }

    private static void Use(EpcisReadResult read)
    {
        if (read.IsValid)
        {
            foreach (var e in read.Events)
            {
                _ = e.EventHashUri;
                QueryableEvent.Read(e.ToStandaloneUtf8(), e.EventId, DateTimeOffset.UnixEpoch);
            }
        }
    }

    private static IReadOnlyList<byte[]> CoseMessages() =>
    [
        .. ((IEnumerable<LoggedRecord>)[EvidenceVectors.Machines.MeterSaid[1], EvidenceVectors.Machines.ScaleInCbor, .. EvidenceVectors.Machines.MeterSaidBadly.Values])
            .Select(static r => Base64UrlText.TryDecode(r.Statement, out var bytes) ? bytes : []),
    ];

    private static void ReadCose(byte[] bytes)
    {
        if (Statement.TryParse(bytes, out var statement, out _))
        {
            statement.Message.Verify(EvidenceVectors.Machines.MeterKey.Key.PublicKey);
            Use(EpcisReader.Read(statement.Message.Payload, EpcisReadOptions.Default));
        }
    }

    private static void Use(string compact)
    {
        if (Jws.TryParse(compact, out var jws, out _))
        {
            jws.Verify(World.Garden.Key.PublicKey);
        }
        Statement.TryParse(compact, out _, out _);
    }

    private static void ReadEvents(byte[] bytes)
    {
        EventStream.ReadEnvelope(new MemoryStream(bytes), 32, out _);
        EventStream.ReadEvents(new MemoryStream(bytes), 32, static (_, _) => true);
    }

    private static void ReadXml(byte[] bytes)
    {
        var document = EpcisXmlReader.ReadDocument(bytes, EpcisReadOptions.Default);
        if (document.IsReadable)
        {
            var read = EpcisReader.Read(document.Utf8, EpcisReadOptions.Default with { AllowLongVocabulary = true });
            foreach (var fault in read.Faults)
            {
                document.Locate(fault);
            }
            Use(read);
        }
    }

    private static void ReadBundle(byte[] bytes)
    {
        if (EvidenceBundle.TryParse(bytes, out _, out _))
        {
            ForgeryTests.Verify(bytes, Forgeries.PlainTrust, Forgeries.PlainChain);
        }
    }

    private static void ReadEntry(byte[] bytes)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return; // as whoever reads entries does
        }
        using (json)
        {
            PublicEntry.TryParse(json.RootElement, out _);
            Core.Log.Record.TryParse(json.RootElement, out _);
            KeyEntry.TryParse(json.RootElement, out _);
            KeyChange.TryParse(json.RootElement, out _);
            KeyRevocation.TryParse(json.RootElement, out _);
            KeyRecovery.TryParse(json.RootElement, out _);
            KeyObjection.TryParse(json.RootElement, out _);
        }
    }

    private static void ReadNote(byte[] bytes)
    {
        var text = Text(bytes);
        if (SignedNote.TryParse(text, out var note))
        {
            Checkpoint.TryParse(note.Text, out _);
        }
        Checkpoint.TryParse(text, out _);
    }

    private static void ReadIdentifier(string text)
    {
        if (Gs1Identifier.TryParse(text, out var id, out _))
        {
            _ = id.DigitalLink;
            _ = id.CheckDigitOk;
        }
        Gs1Identifier.TryParsePath(text, out _, out _);
        DigitalLinkUri.TryParse(text, Gs1Reading.UnknownAis, out _, out _);
        EpcUrn.TryRead(text, out _, out _);
    }

    private static void ReadQuery(byte[] bytes)
    {
        if (QueryJson.Read(bytes, out _) is var (parameters, prefixes))
        {
            EventQueryParser.Parse([.. parameters], prefixes, out _);
            MasterDataQuery.Parse([.. parameters], out _);
        }
    }

    private static IEnumerable<(string Name, string Value)> Pairs(string text) =>
        text.Split('&').Select(static p => p.Split('=', 2)).Select(static p => (Uri.UnescapeDataString(p[0]), p.Length > 1 ? Uri.UnescapeDataString(p[1]) : ""));

    private static void ReadParameters(string text)
    {
        var parameters = Pairs(text).Select(static p => new QueryParameter(p.Name, p.Value.Split('|'), ParameterForm.Url)).ToList();
        EventQueryParser.Parse(parameters, [], out _);
        MasterDataQuery.Parse(parameters, out _);
    }

    private static void ReadSchedule(string text)
    {
        var fields = new Dictionary<string, string>();
        foreach (var (name, value) in Pairs(text))
        {
            fields[name] = value;
        }
        if (Schedule.TryParse(fields, out var schedule, out _))
        {
            schedule.NextAfter(new DateTimeOffset(2026, 2, 28, 23, 59, 59, TimeSpan.Zero));
        }
        SubscriptionControls.Parse("false", fields, "true", text, out _);
    }
}
