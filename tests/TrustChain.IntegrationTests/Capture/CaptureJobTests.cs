using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>Captures that are jobs: too large for one statement, or going on past errors.</summary>
public sealed class CaptureJobTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const long MaxWorkingSet = 400L << 20;

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Capture_Of1500Events_IsAJobThatSplitsThem()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();

        var job = await FinishAsync(company, await company.CaptureAsync(LargeDocument.Write(item, 1500)));

        Assert.True(job.GetProperty("success").GetBoolean(), job.ToString());
        Assert.Equal("rollback", job.GetProperty("captureErrorBehaviour").GetString());
        Assert.Equal(1500, job.GetProperty("eventsDone").GetInt32());
        Assert.Equal(2, job.GetProperty("statements").GetArrayLength());
        Assert.Empty(job.GetProperty("errors").EnumerateArray());
        Assert.Equal(1500, await CountEventsAsync(company, item));
    }

    [Fact]
    public async Task Capture_OfALargeDocumentWithOneBadEvent_StoresNothingAndSaysWhere()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();

        var job = await FinishAsync(company, await company.CaptureAsync(LargeDocument.Write(item, 1500, badEvents: [1200])));

        Assert.False(job.GetProperty("success").GetBoolean());
        var error = Assert.Single(job.GetProperty("errors").EnumerateArray());
        Assert.Equal("epcisException:ValidationException", error.GetProperty("type").GetString());
        Assert.Equal("/epcisBody/eventList/1200/eventTime", error.GetProperty("errors")[0].GetProperty("pointer").GetString());
        Assert.Equal(0, await CountEventsAsync(company, item));
    }

    [Fact]
    public async Task Job_OfOneStatement_IsAnsweredWithoutReadingWhatItHolds_AndToOthersWithoutLookingForIt()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var key = await company.RegisterKeyAsync();
        var path = (await company.CaptureDocumentAsync(key, LargeDocument.Write(company.NewItem(), 900))).Expect(202).Location!;
        await Server.GetCoveringCheckpointAsync();

        // Whoever reads a locked table waits.
        await using (await LockAsync("event_body, statement_body"))
        {
            var job = (await Server.GetAsync(path, company.ApiKey)).Expect(200).Json;
            Assert.Equal((900, 900), (job.GetProperty("eventsTotal").GetInt32(), job.GetProperty("eventsDone").GetInt32()));
            Assert.True(job.GetProperty("success").GetBoolean());
            (await Server.GetAsync(path, other.ApiKey)).ExpectProblem(404, null);
        }
        await using (await LockAsync("statement, record, capture_job"))
        {
            (await Server.GetAsync(path)).ExpectProblem(404, null);
        }

        async Task<IAsyncDisposable> LockAsync(string tables)
        {
            var connection = await Server.Database.OpenConnectionAsync(cancellationToken);
            await using var command = new Npgsql.NpgsqlCommand($"begin; lock table {tables} in access exclusive mode", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection; // Closing it rolls back.
        }
    }

    [Fact]
    public async Task Capture_WhileTooManyJobsOfTheOrganisationWait_IsRefused_AndThoseOfOthersAreNot()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var document = Events.Document(Events.Observation(company.NewItem()));
        await using (var add = Server.Database.CreateCommand("""
            insert into capture_job (id, organisation_id, media_type, behaviour, is_running, is_success, events_done, errors, created_at, lease_owner, lease_until)
            select encode(sha256(convert_to('waiting' || n, 'UTF8')), 'hex'), o.id, 'application/json', 'proceed', true, true, 0, '[]', now(), gen_random_uuid(), now() + interval '1 day'
            from organisation o, generate_series(1, 100) n where o.code = $1
            """))
        {
            add.Parameters.Add(new() { Value = company.Id });
            Assert.Equal(100, await add.ExecuteNonQueryAsync(cancellationToken));
        }

        var refused = await SendProceedingAsync(company, document);
        refused.ExpectProblem(429, "too-many-jobs");
        Assert.NotNull(refused.RetryAfter);
        (await company.CaptureAsync(LargeDocument.Write(company.NewItem(), 1100))).ExpectProblem(429, "too-many-jobs");
        (await company.CaptureAsync(document)).Expect(202); // That is no job.
        await FinishAsync(other, await SendProceedingAsync(other, document));

        await using (var end = Server.Database.CreateCommand("update capture_job set is_running = false where lease_until > now() + interval '1 hour' and organisation_id = (select id from organisation where code = $1)"))
        {
            end.Parameters.Add(new() { Value = company.Id });
            await end.ExecuteNonQueryAsync(cancellationToken);
        }
        await FinishAsync(company, await SendProceedingAsync(company, document));
    }

    [Fact]
    public async Task Capture_SentAgain_IsTheSameJob()
    {
        var company = await Server.AddOrganisationAsync();
        var document = LargeDocument.Write(company.NewItem(), 1100);

        var first = (await company.CaptureAsync(document)).Expect(202);
        await FinishAsync(company, first);
        var before = await Server.CountAsync();
        var second = (await company.CaptureAsync(document)).Expect(202);

        Assert.Equal(first.Location, second.Location);
        await FinishAsync(company, second);
        Assert.Equal(before, await Server.CountAsync());
    }

    [Fact]
    public async Task Capture_ThatProceeds_TakesWhatIsGoodAndNamesTheRest()
    {
        var company = await Server.AddOrganisationAsync();
        var other = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        (await company.CaptureAsync(Events.Document(Events.Observation(item).WithId("urn:test:proceed")))).Expect(202);
        var document = Events.Document(
            Events.Observation(item, "packing"),
            Events.Observation(item).With("eventTime", "\"2026-04-05T08:00:00\""),
            Events.Commissioning(other.NewItem()),
            Events.Observation(item, "storing").WithId("urn:test:proceed"),
            Events.Observation(item, "shipping"));

        var job = await FinishAsync(company, await SendProceedingAsync(company, document));

        Assert.False(job.GetProperty("success").GetBoolean());
        Assert.Equal("proceed", job.GetProperty("captureErrorBehaviour").GetString());
        Assert.Equal((5, 2), (job.GetProperty("eventsTotal").GetInt32(), job.GetProperty("eventsDone").GetInt32()));
        Assert.Equal(
            ["event-id-in-use", "invalid-events", "no-authority"],
            job.GetProperty("errors").EnumerateArray().Select(static e => e.GetProperty("code").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal(3, await CountEventsAsync(company, item));
    }

    [Fact]
    public async Task Capture_OfASignedStatementThatProceeds_RecordsTheAcceptedPositions()
    {
        var company = await Server.AddOrganisationAsync();
        var other = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var item = company.NewItem();
        var body = TestOrganisation.SignRoot(
            key, Events.Commissioning(other.NewItem()).ToJsonString(), Events.Commissioning(item).ToJsonString(), """{"type":"ObjectEvent"}""", Events.Observation(item).ToJsonString());

        var answer = (await SendProceedingAsync(company, body, TestOrganisation.StatementMediaType)).Expect(202);
        var job = await FinishAsync(company, answer);

        Assert.Equal(2, answer.Json.GetProperty("events").GetArrayLength());
        Assert.False(job.GetProperty("success").GetBoolean());
        Assert.Equal((4, 2), (job.GetProperty("eventsTotal").GetInt32(), job.GetProperty("eventsDone").GetInt32()));
        Assert.Equal(["no-authority", "invalid-events"], job.GetProperty("errors").EnumerateArray().Select(static e => e.GetProperty("code").GetString()).OrderDescending(StringComparer.Ordinal));
        Assert.Equal(2, await CountEventsAsync(company, item));
        await Server.GetCoveringCheckpointAsync();
        var bundle = (await Server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200).Json;
        Assert.Equal([1, 3], bundle.GetProperty("records").EnumerateArray().Select(static r => r.GetProperty("record").GetProperty("position").GetInt32()).Order());
    }

    [Fact]
    public async Task Capture_OfXmlInAJob_NamesTheLine()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        var xml = $"""
            <epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" creationDate="2026-04-05T08:00:00Z"><EPCISBody><EventList>
            {XmlEvent(item, "2026-04-05T08:00:00Z")}
            {XmlEvent(item, "no time")}
            </EventList></EPCISBody></epcis:EPCISDocument>
            """;

        var job = await FinishAsync(company, await SendProceedingAsync(company, xml, "application/xml"));

        Assert.Equal(1, job.GetProperty("eventsDone").GetInt32());
        Assert.Equal(3, Assert.Single(job.GetProperty("errors").EnumerateArray()).GetProperty("errors")[0].GetProperty("line").GetInt32());
        Assert.Equal(1, await CountEventsAsync(company, item));
        var asXml = await Server.GetAsync($"/epcis/capture/{job.GetProperty("captureID").GetString()}", company.ApiKey, "application/xml");
        Assert.Contains("EPCISCaptureJob", asXml.Expect(200).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capture_OfMasterDataAlone_IsTaken()
    {
        var company = await Server.AddOrganisationAsync();
        const string Document = """
            {"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-04-05T08:00:00Z",
             "epcisHeader":{"epcisMasterData":{"vocabularyList":[{"type":"urn:epcglobal:epcis:vtype:BusinessLocation","vocabularyElementList":[
               {"id":"https://places.example/mill","attributes":[{"id":"cbvmda:site","attribute":"Mill"}],"children":["https://places.example/mill/1"]}]}]}},
             "epcisBody":{"eventList":[]}}
            """;

        var job = await FinishAsync(company, await company.CaptureAsync(Document));

        Assert.True(job.GetProperty("success").GetBoolean());
        Assert.Equal(0, job.GetProperty("eventsTotal").GetInt32());
    }

    [Fact]
    public async Task Capture_Of65Megabytes_Is413WithTheLimits()
    {
        var company = await Server.AddOrganisationAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Server.BaseUrl}/epcis/capture")
        {
            // Chunked: no length tells in advance how much there will be.
            Content = new StreamContent(new EndlessStream(65 << 20)) { Headers = { ContentType = new("application/json") } },
        };
        request.Headers.Authorization = new("Bearer", company.ApiKey);
        request.Headers.TransferEncodingChunked = true;
        using var client = new HttpClient();
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        (await Answer.FromAsync(response)).ExpectProblem(413, "too-large");
        Assert.Equal("67108864", response.Headers.GetValues("GS1-EPCIS-Capture-File-Size-Limit").Single());
        Assert.Equal("500000", response.Headers.GetValues("GS1-EPCIS-Capture-Limit").Single());
    }

    [Fact]
    public async Task Capture_Jobs_AreListedForTheirSenderPageByPage()
    {
        var company = await Server.AddOrganisationAsync();
        var ids = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            ids.Insert(0, (await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem())))).Expect(202).Text("captureID"));
        }
        ids.Insert(0, (await FinishAsync(company, await SendProceedingAsync(company, Events.Document(Events.Observation(company.NewItem()))))).GetProperty("captureID").GetString()!);

        var listed = await Pages.FollowAsync(Server, "/epcis/capture?perPage=2", company.ApiKey, static page => page.Json.EnumerateArray().Select(static j => j.GetProperty("captureID").GetString()!).ToList());

        Assert.Equal(ids, listed);
    }

    /// <summary>20,000 events in 10 MB; TRUSTCHAIN_JOB_EVENTS=100000 makes it 100,000 in 50 MB.</summary>
    [Fact]
    public async Task Capture_OfManyEventsInOneJob_KeepsTheServerSmall()
    {
        var count = Environment.GetEnvironmentVariable("TRUSTCHAIN_JOB_EVENTS") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : 20_000;
        await using var server = await RunningServer.StartAsync(fixture.Stack.Postgres, fixture.Stack.Anvil);
        var company = await server.AddOrganisationAsync();
        var document = LargeDocument.Write(company.NewItem(), count);
        Assert.InRange(document.Length, count * 500, count * 600);

        var job = await FinishAsync(company, await company.CaptureAsync(document), server);

        Assert.True(job.GetProperty("success").GetBoolean(), job.ToString());
        Assert.Equal(count, (await server.CountAsync()).Records);
        var peak = await server.GetPeakWorkingSetAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak working set of the server: {peak >> 20} MiB"));
        Assert.InRange(peak, 1, MaxWorkingSet);
    }

    private Task<JsonElement> FinishAsync(TestOrganisation company, Answer answer, RunningServer? server = null) => Jobs.FinishAsync(server ?? Server, company, answer);

    private Task<Answer> SendProceedingAsync(TestOrganisation company, string body, string mediaType = "application/json")
    {
        var content = TestOrganisation.Content(mediaType, Encoding.UTF8.GetBytes(body));
        return Server.SendAsync(HttpMethod.Post, "/epcis/capture", company.ApiKey, content, headers: [("GS1-Capture-Error-Behaviour", "proceed")]);
    }

    private async Task<int> CountEventsAsync(TestOrganisation company, string item) => (await Pages.FollowAsync(
        Server, $"/epcis/events?MATCH_anyEPCClass={Uri.EscapeDataString(item)}&perPage=1000", company.ApiKey, static page => page.EventList.ToList())).Count;

    private static string XmlEvent(string item, string time) =>
        $"<ObjectEvent><eventTime>{time}</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset><epcList/><action>OBSERVE</action><quantityList><quantityElement><epcClass>{item}</epcClass></quantityElement></quantityList></ObjectEvent>";

    /// <summary>White space without end, so that only its length can be wrong with it.</summary>
    private sealed class EndlessStream(long length) : MemoryStream
    {
        private long _left = length;

        public override int Read(Span<byte> buffer)
        {
            var count = (int)Math.Min(buffer.Length, _left);
            buffer[..count].Fill((byte)' ');
            _left -= count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => CopyInPartsAsync(destination, cancellationToken);

        private async Task CopyInPartsAsync(Stream destination, CancellationToken cancellationToken)
        {
            var buffer = new byte[1 << 16];
            while (Read(buffer.AsSpan()) is > 0 and var count)
            {
                await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
    }
}
