using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Soap;

/// <summary>A server with the history of two tins, told in XML of EPCIS 1.2 and in JSON, with master data, and two organisations.</summary>
public sealed class SoapFixture(SharedStack stack) : IAsyncLifetime
{
    internal const string BulkName = "http://example.org/ns#bulk";

    private RunningServer? _server;
    private SoapClient? _client;
    private TestOrganisation? _owner;
    private TestOrganisation? _stranger;

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    internal SoapClient Client => _client ?? throw new InvalidOperationException("The server has not started.");

    internal TestOrganisation Owner => _owner ?? throw new InvalidOperationException("The server has not started.");

    internal TestOrganisation Stranger => _stranger ?? throw new InvalidOperationException("The server has not started.");

    internal AuthenticationHeaderValue Key => SoapClient.Bearer(Owner.ApiKey);

    /// <summary>The first tin: commissioned, shipped, and the shipping declared an error.</summary>
    internal string Tin => $"urn:epc:id:sgtin:{Owner.Prefix}.000001.S1";

    /// <summary>A batch that was told of in JSON with Digital Links.</summary>
    internal string Batch { get; private set; } = "";

    internal string Warehouse => $"urn:epc:id:sgln:{Owner.Prefix}.00001.0";

    internal string Shelf => $"urn:epc:id:sgln:{Owner.Prefix}.00001.shelf";

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        _client = new SoapClient(_server.BaseUrl);
        _owner = await _server.AddOrganisationAsync("tea");
        _stranger = await _server.AddOrganisationAsync("tea");
        await CaptureXmlAsync(EventsXml());
        await CaptureXmlAsync(MasterDataXml());
        Batch = Owner.NewItem();
        (await Owner.CaptureAsync(Events.Document(Events.Observation(Batch, Events.PublicStep), Events.Observation(Batch, Events.PrivateStep)))).Expect(202);
        for (var part = 0; part < 2; part++)
        {
            (await Owner.CaptureAsync(Events.Document([.. Enumerable.Range(part * 600, 600).Select(Bulk)]))).Expect(202);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private async Task CaptureXmlAsync(string xml) =>
        (await Server.SendAsync(HttpMethod.Post, "/epcis/capture", Owner.ApiKey, TestOrganisation.Content("application/xml", Encoding.UTF8.GetBytes(xml)))).Expect(202);

    private JsonObject Bulk(int number)
    {
        var e = Events.Observation(Batch, Events.PublicStep);
        e["@context"] = new JsonArray(Events.Context, new JsonObject { ["ex"] = "http://example.org/ns#" });
        e["eventTime"] = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(number).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        e["ex:bulk"] = number;
        return e;
    }

    private string EventsXml() => $"""
        <epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:ex="http://example.org/tea" schemaVersion="1.2" creationDate="2026-04-05T08:00:00Z">
          <EPCISBody><EventList>
            {Event("2026-04-05T08:00:00.000+08:00", "", "ADD", "commissioning", "<ex:garden>west</ex:garden>")}
            {Event("2026-04-06T08:00:00.000+08:00", "", "OBSERVE", "shipping", "")}
            {Event("2026-04-06T08:00:00.000+08:00",
                "<baseExtension><errorDeclaration><declarationTime>2026-04-07T00:00:00Z</declarationTime><reason>urn:epcglobal:cbv:er:incorrect_data</reason></errorDeclaration></baseExtension>",
                "OBSERVE", "shipping", "")}
          </EventList></EPCISBody>
        </epcis:EPCISDocument>
        """;

    private string Event(string time, string declaration, string action, string step, string extension) => $"""
        <ObjectEvent><eventTime>{time}</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>{declaration}
          <epcList><epc>{Tin}</epc></epcList><action>{action}</action><bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep>
          <readPoint><id>{Warehouse}</id></readPoint>{extension}</ObjectEvent>
        """;

    private string MasterDataXml() => $"""
        <epcismd:EPCISMasterDataDocument xmlns:epcismd="urn:epcglobal:epcis-masterdata:xsd:1" schemaVersion="1.2" creationDate="2026-04-05T08:00:00Z">
          <EPCISBody><VocabularyList>
            <Vocabulary type="urn:epcglobal:epcis:vtype:BusinessLocation"><VocabularyElementList>
              <VocabularyElement id="{Warehouse}">
                <attribute id="urn:epcglobal:cbv:mda:name">Warehouse</attribute><attribute id="urn:epcglobal:cbv:mda:city">Hangzhou</attribute>
                <children><id>{Shelf}</id></children>
              </VocabularyElement>
              <VocabularyElement id="{Shelf}"><attribute id="urn:epcglobal:cbv:mda:name">Shelf</attribute></VocabularyElement>
            </VocabularyElementList></Vocabulary>
            <Vocabulary type="urn:epcglobal:epcis:vtype:ReadPoint"><VocabularyElementList>
              <VocabularyElement id="{Warehouse}"><attribute id="urn:epcglobal:cbv:mda:name">Gate</attribute></VocabularyElement>
            </VocabularyElementList></Vocabulary>
          </VocabularyList></EPCISBody>
        </epcismd:EPCISMasterDataDocument>
        """;
}

/// <summary>The test classes that ask one server.</summary>
[CollectionDefinition]
public sealed class OneSoapServer : ICollectionFixture<SoapFixture>;
