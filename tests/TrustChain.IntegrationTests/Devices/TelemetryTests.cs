using System.Globalization;
using System.Net.Http.Json;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>What devices say, in whatever order it comes, and what is found in it.</summary>
public sealed class TelemetryTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly DateOnly Day = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-2));

    private RunningServer Server => fixture.Server;

    private static DateTimeOffset At(int hour, int minute = 0, int day = 0) => new(Day.AddDays(day).ToDateTime(new TimeOnly(hour, minute)), TimeSpan.Zero);

    [Fact]
    public async Task Statement_IsOneRecord_AndARepeatIsTheSame()
    {
        using var device = await NewDeviceAsync();
        var compact = device.Sign(device.Event(At(8), 60, 100));
        var first = (await device.SendAsync(compact)).Expect(201);
        var before = await Server.CountAsync();
        var again = (await device.SendAsync(compact)).Expect(201);
        Assert.Equal(first.Text("statement"), again.Text("statement"));
        Assert.Equal(before.Records, (await Server.CountAsync()).Records);

        var listed = (await Server.GetAsync($"{device.Path}/statements?from={Day:yyyy-MM-dd}&to={Day:yyyy-MM-dd}", device.Owner.ApiKey)).Expect(200).Json.GetProperty("statements");
        var statement = Assert.Single(listed.EnumerateArray());
        Assert.Equal(TestDevice.Digest(compact).ToHex(), statement.GetProperty("statement").GetString());
        Assert.Equal(60, statement.GetProperty("readings").GetInt32());
    }

    [Fact]
    public async Task Statements_OutOfOrder_GiveTheSameDayAsInOrder()
    {
        using var straight = await NewDeviceAsync();
        using var crooked = await NewDeviceAsync();
        foreach (var device in (TestDevice[])[straight, crooked])
        {
            var statements = Enumerable.Range(0, 6).Select(i => device.Sign(device.Event(At(8 + i), 60, 100 + i))).ToList();
            if (device == crooked)
            {
                statements = [statements[3], statements[0], statements[5], statements[1], statements[4], statements[2]];
            }
            foreach (var statement in statements)
            {
                (await device.SendAsync(statement)).Expect(201);
            }
        }
        var (first, second) = (await DayAsync(straight, 6), await DayAsync(crooked, 6));
        foreach (var member in (string[])["coveredReadings", "receivedReadings", "operatingSeconds", "gaps", "findings"])
        {
            Assert.Equal(first.GetProperty(member).GetRawText(), second.GetProperty(member).GetRawText());
        }
        Assert.Empty(await FindingCodesAsync(crooked, "sequence-gap", "sequence-fork", "chain-broken", "meter-rollback"));
    }

    [Fact]
    public async Task MissingNumber_IsAGapUntilItComes()
    {
        using var device = await NewDeviceAsync();
        var statements = Enumerable.Range(0, 3).Select(i => device.Sign(device.Event(At(8 + i), 60, 100 + i))).ToList();
        (await device.SendAsync(statements[0])).Expect(201);
        (await device.SendAsync(statements[2])).Expect(201);
        await DayAsync(device, 2);
        Assert.Equal(["sequence-gap"], await FindingCodesAsync(device, "sequence-gap", "chain-broken"));
        Assert.Equal("failed", await VerdictAsync(device, "sequence"));
        (await device.SendAsync(statements[1])).Expect(201);
        await DayAsync(device, 3);
        Assert.Empty(await FindingCodesAsync(device, "sequence-gap", "chain-broken"));
    }

    [Fact]
    public async Task TwoStatementsWithOneNumber_AreBothKeptAndAFork()
    {
        using var device = await NewDeviceAsync();
        (await device.SendAsync(device.Event(At(8), 30, 100))).Expect(201);
        var previous = device.Previous;
        (await device.SendAsync(device.Event(At(9), 30, 101))).Expect(201);
        (await device.SendAsync(device.SignAs(device.Event(At(9, 10), 10, 101.1), 2, previous))).Expect(201); // a clone of the key
        (await device.SendAsync(device.SignAs(device.Event(At(9), 30, 101), 2, previous, boot: 7))).Expect(201); // the same content said again under another boot count
        Assert.Equal(4, (await Server.GetAsync($"{device.Path}/statements", device.Owner.ApiKey)).Expect(200).Json.GetProperty("statements").GetArrayLength());
        await Eventually.TrueAsync("fork", async () => (await FindingCodesAsync(device, "sequence-fork")).Count > 0);
        Assert.Equal("failed", await VerdictAsync(device, "sequence"));
        // Each finding cites records that anybody can find.
        var finding = (await VerdictsAsync(device)).GetProperty("findings").EnumerateArray().First(static f => f.GetProperty("code").GetString() == "sequence-fork");
        Assert.All(finding.GetProperty("records").EnumerateArray(), static r => Assert.StartsWith("ni:///sha-256;", r.GetProperty("eventHash").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task MeterThatRunsBack_IsFound_OverMidnightToo()
    {
        using var device = await NewDeviceAsync();
        (await device.SendAsync(device.Event(At(8), 60, 500))).Expect(201);
        (await device.SendAsync(device.Event(At(8, day: 1), 60, 300))).Expect(201);
        await DayAsync(device, 1);
        await Eventually.TrueAsync("rollback", async () => (await FindingCodesAsync(device, "meter-rollback")).Count == 1);
        Assert.Equal("failed", await VerdictAsync(device, "meters"));
    }

    [Fact]
    public async Task Refusals_NamePlaceAndRule_AndAreKept()
    {
        using var device = await NewDeviceAsync();
        using var other = await NewDeviceAsync();
        var good = device.Event(At(8), 3, 100);
        var cases = new (string Compact, int Status, string Code)[]
        {
            (device.SignAs(other.Event(At(8), 3, 100), 1, null), 400, "invalid-telemetry"), // another device in the event
            (device.SignAs(good, 1, null, device: other.Uri), 403, "device-mismatch"),
            (device.SignAs(good, 1, null, audience: "elsewhere.example/log"), 400, "audience-mismatch"),
            (device.SignAs(good, 1, null, key: other.Key, device: device.Uri), 403, "device-mismatch"), // the other device's key in this one's name
            (device.SignAs(Break(good, "action", "\"ADD\""), 1, null), 400, "invalid-telemetry"),
            (device.SignAs(device.Event(DateTimeOffset.UtcNow.AddHours(2), 3, 100), 1, null), 400, "invalid-telemetry"),
            (device.SignAs(device.Event([(At(8), 100), (At(8), 100)]), 1, null), 400, "invalid-telemetry"), // times must ascend
            (device.SignAs(device.Event([(At(8), 100), (At(8, day: 1), 101)]), 1, null), 400, "invalid-telemetry"), // two days
            (device.SignAs(device.Event([(At(8), -1)]), 1, null), 400, "invalid-telemetry"), // a counter below zero
            (device.SignAs(Measure(device, "\"value\":1,\"uom\":\"KGM\""), 1, null), 400, "invalid-telemetry"), // mass is no time
            (device.SignAs(Measure(device, "\"value\":1,\"uom\":\"XXX\""), 1, null), 400, "invalid-telemetry"),
            (device.SignAs(Measure(device, "\"stringValue\":\"many\""), 1, null), 400, "invalid-telemetry"),
        };
        foreach (var (compact, status, code) in cases)
        {
            var problem = (await device.SendAsync(compact)).ExpectProblem(status, code);
            if (code == "invalid-telemetry")
            {
                Assert.False(string.IsNullOrEmpty(problem.GetProperty("errors")[0].GetProperty("rule").GetString()));
            }
        }
        // A number that is no number does not even read as JSON.
        (await device.SendAsync(SignText(device, good.ToJsonString().Replace("\"value\":6000", "\"value\":NaN", StringComparison.Ordinal)))).ExpectProblem(400, "invalid-events");
        Assert.Equal(0, (await Server.GetAsync($"{device.Path}/statements", device.Owner.ApiKey)).Expect(200).Json.GetProperty("statements").GetArrayLength());
        var codes = (await VerdictsAsync(device)).GetProperty("findings").EnumerateArray().Select(static f => f.GetProperty("code").GetString()).ToList();
        Assert.Contains("refused-statement", codes);
        Assert.Contains("foreign-device", codes);
        // A header may name anything, also what no text of the database can hold.
        (await device.SendAsync(device.SignAs(good, 1, null, device: "urn:test:a\0b"))).ExpectProblem(403, "device-mismatch");
        var foreign = (await VerdictsAsync(device)).GetProperty("findings").EnumerateArray().Single(static f => f.GetProperty("code").GetString() == "foreign-device");
        Assert.Contains("urn:test:a\uFFFDb", foreign.GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await device.SendAsync(good)).Expect(201); // and nothing else was disturbed
    }

    [Fact]
    public async Task SeveralStatements_AreEachAnsweredForThemselves()
    {
        using var device = await NewDeviceAsync();
        var good = device.Sign(device.Event(At(8), 3, 100));
        var bad = device.SignAs(device.Event([(At(8), -1)]), 9, Hash32.Compute("x"u8));
        var content = JsonContent.Create(new { statements = new[] { good, bad, "no statement", good } });
        content.Headers.ContentType = new("application/vnd.trustchain.telemetry+json");
        var results = (await Server.SendAsync(HttpMethod.Post, "/api/devices/statements", null, content)).Expect(200).Json.GetProperty("results");
        Assert.Equal([201, 400, 400, 201], results.EnumerateArray().Select(static r => r.GetProperty("status").GetInt32()));
        Assert.Equal("invalid-telemetry", results[1].GetProperty("problem").GetProperty("code").GetString());
        Assert.Equal(results[0].GetProperty("capture").GetProperty("statement").GetString(), results[3].GetProperty("capture").GetProperty("statement").GetString());
    }

    [Fact]
    public async Task Evidence_OfTelemetry_IsVerified()
    {
        using var device = await NewDeviceAsync();
        var captured = (await device.SendAsync(device.Event(At(8), 60, 100))).Expect(201);
        await Server.GetCoveringCheckpointAsync();
        var hash = captured.Json.GetProperty("events")[0].GetProperty("eventHash").GetString()!;
        var answer = await Eventually.GetAsync("bundle", async () => await Server.GetAsync($"/evidence?event={Uri.EscapeDataString(hash)}", device.Owner.ApiKey) is { Status: 200 } found ? found : null);
        Assert.True(EvidenceBundle.TryParse(answer.Bytes, out var bundle, out var error), error);
        var report = EvidenceVerifier.Verify(bundle, null, null);
        Assert.DoesNotContain(report.Checks, static c => c.Outcome == Outcome.Failed);
        Assert.Contains(report.Checks, static c => c is { Name: "signature", Outcome: Outcome.Passed });
        Assert.Contains(report.Checks, static c => c is { Name: "deviceHistory", Outcome: Outcome.Passed });
        (await Server.GetAsync($"/evidence?event={Uri.EscapeDataString(hash)}")).ExpectProblem(404, "not-found"); // telemetry is nobody else's
    }

    [Fact]
    public async Task StatementsInCbor_AreOneHistoryWithThoseInJson()
    {
        using var device = await NewDeviceAsync();
        var before = await Server.CountAsync();
        (await device.SendAsync(device.Event(At(8), 60, 100))).Expect(201);
        var second = device.SignCbor(At(9), 60, 101);
        var captured = (await device.SendCborAsync(TestDevice.BytesOf(second))).Expect(201);
        Assert.Equal(TestDevice.Digest(second).ToHex(), captured.Text("statement"));
        var batch = JsonContent.Create(new { statements = new[] { device.SignCbor(At(10), 60, 102), device.Sign(device.Event(At(11), 60, 103)), second } });
        batch.Headers.ContentType = new("application/vnd.trustchain.telemetry+json");
        var results = (await Server.SendAsync(HttpMethod.Post, "/api/devices/statements", null, batch)).Expect(200).Json.GetProperty("results");
        Assert.Equal([201, 201, 201], results.EnumerateArray().Select(static r => r.GetProperty("status").GetInt32()));
        var alone = (await device.SendCborAsync(TestDevice.BytesOf(device.SignCbor(At(12), 60, 104)), "/api/devices/statements", "application/cose")).Expect(200).Json.GetProperty("results");
        Assert.Equal(201, Assert.Single(alone.EnumerateArray()).GetProperty("status").GetInt32());
        Assert.Equal(before.Records + 5, (await Server.CountAsync()).Records); // The repeat is the same.

        var day = await DayAsync(device, 5);
        Assert.Equal(300, day.GetProperty("receivedReadings").GetInt32());
        Assert.Empty(await FindingCodesAsync(device, "sequence-gap", "sequence-fork", "chain-broken", "meter-rollback", "refused-statement"));

        // The same readings in JSON have the same event hash: it is one event, however it is written.
        var hash = captured.Json.GetProperty("events")[0].GetProperty("eventHash").GetString()!;
        using (var other = JsonDocument.Parse((await device.SendAsync(device.Event(At(9), 60, 101))).Expect(201).Bytes))
        {
            Assert.Equal(hash, other.RootElement.GetProperty("events")[0].GetProperty("eventHash").GetString());
        }
        await Server.GetCoveringCheckpointAsync();
        var answer = await Eventually.GetAsync("bundle", async () => await Server.GetAsync($"/evidence?event={Uri.EscapeDataString(hash)}", device.Owner.ApiKey) is { Status: 200 } found ? found : null);
        Assert.True(EvidenceBundle.TryParse(answer.Bytes, out var bundle, out var error), error);
        Assert.Contains(second, bundle.Statements);
        var checks = EvidenceVerifier.Verify(bundle, null, null).Checks;
        Assert.DoesNotContain(checks, static c => c.Outcome == Outcome.Failed);
        var place = Enumerable.Range(0, bundle.Records.Count).Single(i => bundle.Records[i].Statement is { } at && bundle.Statements[at] == second);
        Assert.All(((string[])["signature", "event", "eventHash", "device"]), name => Assert.Contains(checks, c => c.Name == name && c.Subject == $"records[{place}]" && c.Outcome == Outcome.Passed));

        // What the service says of the period is computed again from the statements, in either encoding.
        var lines = (await Server.GetAsync($"{device.Path}/evidence?from={Day:yyyy-MM-dd}&to={Day:yyyy-MM-dd}", device.Owner.ApiKey)).Expect(200).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(Core.Devices.DeviceEvidenceHeader.TryParse(System.Text.Encoding.UTF8.GetBytes(lines[0]), out var header, out error), error);
        Assert.True(Core.Devices.DeviceTemplate.TryParse(header.Template, out var template, out _));
        Assert.True(EvidenceBundle.TryParse(System.Text.Encoding.UTF8.GetBytes(lines[1]), out bundle, out error), error);
        var evidence = new Core.Devices.DeviceEvidence(header, template);
        evidence.Add(bundle);
        Assert.Empty(evidence.Faults);
        Assert.Equal(lines[^1], System.Text.Encoding.UTF8.GetString(evidence.Compute().ToJson()));
    }

    [Fact]
    public async Task StatementsInCbor_AreRefusedWithPlaceAndRule()
    {
        using var device = await NewDeviceAsync();
        using var other = await NewDeviceAsync();
        var good = TestDevice.BytesOf(device.SignCbor(At(8), 3, 100));
        (await device.SendCborAsync(good, type: "application/cose; cose-type=\"cose-mac0\"")).ExpectProblem(415, "unsupported-media-type");
        (await device.SendCborAsync(good, "/api/devices/statements", "application/cose; cose-type=\"cose-mac0\"")).ExpectProblem(415, "unsupported-media-type");
        (await device.SendAsync(Base64UrlText.Encode(good))).ExpectProblem(400, "invalid-statement"); // as a JWS
        foreach (var (bytes, sentence) in new (byte[], string)[]
        {
            ([], "At byte 0 of the COSE_Sign1: "),
            (good[..^1], "At byte "),
            ([.. good, 0], $"At byte {good.Length} of the COSE_Sign1: nothing may follow."),
            ([0xD1, .. good[1..]], "At byte 1 of the COSE_Sign1: tag 18 is needed here."),
            ([0xD2, 0x9F, .. good[2..], 0xFF], "At byte 2 of the COSE_Sign1: lengths must be definite."),
            (new byte[800_000], "A statement in CBOR has at most 786432 bytes."),
        })
        {
            var problem = (await device.SendCborAsync(bytes)).ExpectProblem(400, "invalid-statement");
            Assert.StartsWith(sentence, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
        (await device.SendCborAsync(new byte[(1 << 20) + 1])).ExpectProblem(413, "too-large");
        (await device.SendCborAsync([.. good[..^1], (byte)(good[^1] ^ 1)])).ExpectProblem(403, "signature-invalid");
        (await other.SendCborAsync(TestDevice.BytesOf(other.SignCbor(At(8), 3, 100, static p => [0xBF, .. p[1..], 0xFF])))).ExpectProblem(400, "invalid-telemetry");
        var refused = (await other.SendCborAsync(TestDevice.BytesOf(other.SignCbor(At(8), 3, 100, static p => [(byte)(p[0] + 1), .. p[1..], 0x61, 0x78, 0xF9, 0x7E, 0x00])))).ExpectProblem(400, "invalid-telemetry");
        Assert.Equal("malformed-cbor", refused.GetProperty("errors")[0].GetProperty("rule").GetString());
        Assert.Contains("a number must be finite", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        // Signed by the device, so it leaves a trace.
        Assert.Contains("refused-statement", (await VerdictsAsync(other)).GetProperty("findings").EnumerateArray().Select(static f => f.GetProperty("code").GetString()));
        (await device.SendCborAsync(good)).Expect(201);
    }

    [Fact]
    public async Task Live_SendsNewValuesAsTheyCome()
    {
        using var device = await NewDeviceAsync();
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Server.BaseUrl + $"{device.Path}/live");
        request.Headers.Authorization = new("Bearer", device.Owner.ApiKey);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        (await device.SendAsync(device.Event(At(8), 3, 77))).Expect(201);
        for (string? line; (line = await reader.ReadLineAsync(TestContext.Current.CancellationToken)) is not null;)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                Assert.Contains("\"operatingHours\":4622", line, StringComparison.Ordinal);
                return;
            }
        }
        Assert.Fail("The stream ended without values.");
    }

    /// <summary>Of an ECDSA signature (r, s) anybody can make the valid (r, n - s).</summary>
    [Fact]
    public async Task SecondSignatureThatAnybodyCanMake_IsARepeatAndNoFork()
    {
        using var device = await NewDeviceAsync();
        var compact = device.Sign(device.Event(At(8), 60, 100));
        var first = (await device.SendAsync(compact)).Expect(201);
        var twin = Twin(compact);
        Assert.NotEqual(compact, twin);
        var before = await Server.CountAsync();

        var again = (await device.SendAsync(twin)).Expect(201);

        Assert.Equal(first.Text("statement"), again.Text("statement"));
        Assert.Equal(before.Records, (await Server.CountAsync()).Records);
        await DayAsync(device, 1);
        Assert.Empty(await FindingCodesAsync(device, "sequence-fork"));
    }

    /// <summary>Somebody on the way is quicker than the device with the other valid signature: what the device signs next names its own.</summary>
    [Fact]
    public async Task TwinThatComesFirst_LeavesTheChainWhole_ForTheServiceAndForWhoVerifies()
    {
        using var device = await NewDeviceAsync();
        var (first, third) = (device.Sign(device.Event(At(8), 60, 100)), "");
        (await device.SendAsync(Twin(first))).Expect(201);
        (await device.SendAsync(first)).Expect(201); // a repeat
        (await device.SendAsync(device.Sign(device.Event(At(9), 60, 101)))).Expect(201);
        Assert.True(Base64UrlText.TryDecode(device.SignCbor(At(10), 60, 102), out var cbor));
        Assert.True(Base64UrlText.TryDecode(Twin(Base64UrlText.Encode(cbor)), out var cborTwin));
        (await device.SendCborAsync(cborTwin)).Expect(201);
        (await device.SendAsync(third = device.Sign(device.Event(At(8, day: 1), 60, 103)))).Expect(201); // names the CBOR as it was signed, over midnight
        await DayAsync(device, 3);
        await Eventually.TrueAsync("second day", async () => (await VerdictsAsync(device)).GetProperty("statements").GetInt64() == 4);

        Assert.Empty(await FindingCodesAsync(device, "chain-broken", "sequence-fork", "sequence-gap"));
        Assert.Equal("passed", await VerdictAsync(device, "sequence"));
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var lines = (await Server.GetAsync($"{device.Path}/evidence?from={Day:yyyy-MM-dd}&to={Day.AddDays(1):yyyy-MM-dd}", device.Owner.ApiKey)).Expect(200).Body;
        Assert.Contains(Twin(first), lines, StringComparison.Ordinal); // The recorded one, which the device did not sign.
        Assert.DoesNotContain(first, lines, StringComparison.Ordinal);
        using var cli = new Cli.CliProcess();
        cli.Write("trust.json", System.Text.Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));
        cli.Write("evidence.ndjson", lines);
        var verified = (await cli.RunAsync("verify", "evidence.ndjson", "--trust", "trust.json", "--rpc", Server.RpcUrl, "--json")).Expect(0).Json;
        Assert.Equal("passed", verified.GetProperty("verdict").GetString());
        Assert.Equal("passed", verified.GetProperty("history").GetProperty("verdicts").EnumerateArray().Single(static v => v.GetProperty("check").GetString() == "sequence").GetProperty("outcome").GetString());

        // A statement that names anything else is found as before.
        (await device.SendAsync(device.SignAs(device.Event(At(10, day: 1), 60, 104), device.Next, Hash32.Compute("x"u8)))).Expect(201);
        await Eventually.TrueAsync("broken chain", async () => (await FindingCodesAsync(device, "chain-broken")).Count == 1);
    }

    [Fact]
    public async Task GoodsThatADeviceMeasured_SayWhatItsChecksSay_AndOnlyOfTheOwnersDevice()
    {
        using var own = await NewDeviceAsync();
        using var other = await NewDeviceAsync();
        foreach (var device in (TestDevice[])[own, other])
        {
            (await device.SendAsync(device.Sign(device.Event(At(8), 60, 100)))).Expect(201);
            await DayAsync(device, 1);
        }
        var item = own.Owner.NewItem();
        var harvest = Events.Commissioning(item).With("bizStep", $"\"{Events.PublicStep}\"").With("sensorElementList", $$"""
            [{"sensorMetadata":{"deviceID":"{{own.Uri}}","startTime":"{{At(0):O}}","endTime":"{{At(23):O}}"},"sensorReport":[{"type":"Volume","value":4200,"uom":"LTR"}]},
             {"sensorMetadata":{"deviceID":"{{other.Uri}}","startTime":"{{At(0):O}}","endTime":"{{At(23):O}}"},"sensorReport":[{"type":"Volume","value":1,"uom":"LTR"}]}]
            """);
        (await own.Owner.CaptureAsync(Events.Document(harvest))).Expect(202);
        await Server.GetCoveringCheckpointAsync();

        var answer = (await Server.GetAsync(new Uri(item).AbsolutePath + "?linkType=all", own.Owner.ApiKey, "application/ld+json")).Expect(200).Json;
        var measured = Assert.Single(answer.GetProperty("tc:measuredBy").EnumerateArray());
        Assert.Equal((own.Uri, $"{Day:yyyy-MM-dd}"), (measured.GetProperty("@id").GetString(), measured.GetProperty("tc:until").GetString()));
        Assert.InRange(measured.GetProperty("tc:coveredReadings").GetInt64(), 1, measured.GetProperty("tc:expectedReadings").GetInt64() - 1);

        (await other.Owner.CaptureAsync(Events.Document(Events.Observation(item, Events.PublicStep).With("sensorElementList", $$"""
            [{"sensorMetadata":{"deviceID":"{{own.Uri}}","time":"{{At(9):O}}"},"sensorReport":[{"type":"Volume","value":1,"uom":"LTR"}]}]
            """)))).Expect(202);
        await Server.GetCoveringCheckpointAsync();
        var third = (await Server.GetAsync(new Uri(item).AbsolutePath, other.Owner.ApiKey, "application/ld+json")).Expect(200).Json; // What it may see: its own words.
        Assert.NotEqual(0, third.GetProperty("tc:events").GetArrayLength());
        Assert.Equal(0, third.GetProperty("tc:measuredBy").GetArrayLength());
    }

    [Fact]
    public async Task GoodsThatFiveDevicesMeasured_SayWhatTheChecksSayOfTheFirstFour()
    {
        var owner = await Server.AddOrganisationAsync();
        var named = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            using var device = await TestDevice.EnrolAsync(Server, owner);
            named.Add(device.Uri);
        }
        var item = owner.NewItem();
        var elements = named.Select(static uri => $$"""{"sensorMetadata":{"deviceID":"{{uri}}","time":"{{At(9):O}}"},"sensorReport":[{"type":"Volume","value":1,"uom":"LTR"}]}""");
        (await owner.CaptureAsync(Events.Document(Events.Commissioning(item).With("sensorElementList", $"[{string.Join(',', elements)}]")))).Expect(202);
        await Server.GetCoveringCheckpointAsync();

        var json = (await Server.GetAsync(new Uri(item).AbsolutePath + "?linkType=all", owner.ApiKey, "application/ld+json")).Expect(200).Json;
        Assert.Equal(named.Take(4), json.GetProperty("tc:measuredBy").EnumerateArray().Select(static m => m.GetProperty("@id").GetString()));
        Assert.All(json.GetProperty("tc:measuredBy").EnumerateArray(), static m => Assert.False(m.TryGetProperty("tc:basis", out _)));
        Assert.Equal(1, json.GetProperty("tc:moreMeasuredBy").GetInt32());
        foreach (var (language, sentence) in new[] { ("en", "The event names one more device."), ("zh", "事件还列出另外 1 台设备") })
        {
            var page = (await Server.GetAsync($"{new Uri(item).AbsolutePath}?lang={language}", owner.ApiKey, "text/html")).Expect(200).Body;
            Assert.Contains(sentence, page, StringComparison.Ordinal);
            Assert.Matches("<p class=\"quiet\">[^<]*</p>\\s*<p><a class=\"tap\" href=\"/evidence\\?event=", page[page.IndexOf(sentence[..4], StringComparison.Ordinal)..].Insert(0, "<p class=\"quiet\">"));
        }
    }

    /// <summary>The same statement with the other valid signature, (r, n - s): of a JWS, or of a COSE_Sign1 in base64url, whose last 64 bytes are the signature.</summary>
    private static string Twin(string statement)
    {
        var at = statement.LastIndexOf('.') + 1;
        Assert.True(Base64UrlText.TryDecode(statement.AsSpan(at), out var bytes));
        var order = BigInteger.Parse("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var s = bytes.AsSpan(bytes.Length - 32);
        var other = (order - new BigInteger(s, isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        s.Clear();
        other.CopyTo(s[(32 - other.Length)..]);
        return statement[..at] + Base64UrlText.Encode(bytes);
    }

    private async Task<TestDevice> NewDeviceAsync() => await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());

    private static JsonObject Break(JsonObject e, string member, string json) => ((JsonObject)e.DeepClone()).With(member, json);

    private static JsonObject Measure(TestDevice device, string values)
    {
        var e = device.Event(At(8), 1, 1);
        e["sensorElementList"]![0]!["sensorReport"]![0] = JsonNode.Parse($$"""{"type":"urn:trustchain:measure:operating-time",{{values}}}""");
        return e;
    }

    private static string SignText(TestDevice device, string json) => Jws.Sign(
        device.Key,
        Statement.TelemetryType,
        OperatorKeys.Origin,
        System.Text.Encoding.UTF8.GetBytes(json),
        new Core.Devices.TelemetryHeader(device.Uri, 1, null, 1, DateTimeOffset.UtcNow).ToMembers());

    /// <summary>The computed day, once it has so many statements.</summary>
    private Task<JsonElement> DayAsync(TestDevice device, int statements) => Waited(async () =>
    {
        var history = (await Server.GetAsync($"{device.Path}/history?from={Day:yyyy-MM-dd}&to={Day:yyyy-MM-dd}", device.Owner.ApiKey)).Expect(200).Json.GetProperty("buckets");
        return history.GetArrayLength() == 1 && history[0].GetProperty("statements").GetInt32() == statements ? history[0] : null;
    });

    private static async Task<JsonElement> Waited(Func<Task<JsonElement?>> probe) =>
        (JsonElement)await Eventually.GetAsync<object>("computed day", async () => await probe());

    private async Task<JsonElement> VerdictsAsync(TestDevice device) =>
        (await Server.GetAsync($"{device.Path}/verdicts?from={Day.AddDays(-1):yyyy-MM-dd}&to={Day.AddDays(2):yyyy-MM-dd}", device.Owner.ApiKey)).Expect(200).Json;

    private async Task<IReadOnlyList<string>> FindingCodesAsync(TestDevice device, params string[] wanted) =>
        [.. (await VerdictsAsync(device)).GetProperty("findings").EnumerateArray().Select(static f => f.GetProperty("code").GetString()!).Where(wanted.Contains)];

    private async Task<string?> VerdictAsync(TestDevice device, string check) =>
        (await VerdictsAsync(device)).GetProperty("verdicts").EnumerateArray().Single(v => v.GetProperty("check").GetString() == check).GetProperty("outcome").GetString();
}
