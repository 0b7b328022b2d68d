using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Devices;
using TrustChain.IntegrationTests.Serving;
using TrustChain.IntegrationTests.Telemetry;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>
/// A server that is sent nonsense by the thousand answers all of it without a fault of its own, lives, and takes no more memory for it. TRUSTCHAIN_HOSTILE=1000000 runs in full,
/// TRUSTCHAIN_SEED=N sends something else.
/// </summary>
public sealed class HostileHttpTests(SharedStack stack)
{
    private const int ByDefault = 3_000;
    private const int AtOnce = 8;
    private const int Windows = 10;

    private static readonly int Count = Setting("TRUSTCHAIN_HOSTILE", ByDefault);
    private static readonly int Seed = Setting("TRUSTCHAIN_SEED", 1);

    private readonly ConcurrentBag<string> _faults = [];
    private readonly ConcurrentDictionary<int, int> _statuses = new();
    private readonly ConcurrentDictionary<string, int> _lookedAt = new(); // forms of people who are signed in, by route

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HostileRequests_AreAllAnswered()
    {
        // A heap that grew with what it is sent would end the process.
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = "0x20000000" });
        var routes = await server.ListRoutesAsync();
        var company = await server.AddOrganisationAsync("tea");
        using var people = new HostilePeople(server, company.Id);
        var requests = await PrepareAsync(server, company, routes, people);
        using var sender = new Sender(server, 1);
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 2 * AtOnce }) { Timeout = TimeSpan.FromSeconds(100) };
        var memory = new List<long>();
        for (var window = 0; window < Windows; window++)
        {
            var left = Count / Windows;
            await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
            {
                while (Interlocked.Decrement(ref left) >= 0 && _faults.Count < 20)
                {
                    var (next, isRaw) = requests.Next();
                    await (isRaw ? SayAsync(sender, next) : SendAsync(client, server, people, next));
                }
            }));
            memory.Add(await server.GetWorkingSetAsync() >> 20);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Count} requests of seed {Seed}: {string.Join(", ", _statuses.OrderBy(static s => s.Key).Select(static s => $"{s.Value} × {s.Key}"))}. Working set in MiB: {string.Join(' ', memory)}.");
        Assert.True(_faults.IsEmpty, string.Join('\n', _faults));
        Assert.Equal(200, (await server.GetAsync("/health/ready")).Status);
        await ExpectAllReachedAsync(server, routes);
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        // The first windows load programs, plans and caches.
        Assert.True(memory.Skip(Windows / 2).Min() <= (memory.Take(Windows / 2).Max() * 1.25) + 50, $"Memory grows: {string.Join(' ', memory)} MiB.");
    }

    /// <summary>Every route was asked, as the server counts, and every form of the account was looked at with its fields.</summary>
    private async Task ExpectAllReachedAsync(RunningServer server, IReadOnlyList<ServedRoute> routes)
    {
        var counted = MetricsPage.Read((await server.GetAsync("/metrics")).Expect(200).Body)["http_server_request_duration_seconds"].Samples
            .Where(static s => s.Labels.ContainsKey("http_route")).Select(static s => $"{s.Labels["http_request_method"]} /{s.Labels["http_route"].Trim('/')}").ToHashSet();
        Assert.Empty(routes.Select(static r => $"{r.Method} {r.Template}").Except(counted));
        Assert.Empty(routes.Where(static r => r.IsAccountPage && r.Method == "POST").Select(static r => r.Name).Except(_lookedAt.Keys));
    }

    private static async Task<LockedRequests> PrepareAsync(RunningServer server, TestOrganisation company, IReadOnlyList<ServedRoute> routes, HostilePeople people)
    {
        var key = await company.RegisterKeyAsync(SignatureAlgorithms.ES256);
        var (item, other) = (company.NewItem(), company.NewItem());
        var document = Events.Document(Events.Commissioning(item), Events.Observation(other));
        var capture = (await company.CaptureAsync(document)).Expect(202).Json;
        using var device = await TestDevice.EnrolAsync(server, company);
        var reading = device.Event(DateTimeOffset.UtcNow.AddHours(-3), 60, 500);
        IReadOnlyList<(string, string)> more =
        [
            ("application/jose", device.SignAs(reading, 1, null)), ("application/json", reading.ToString()!), ("text/csv", "time,operatingHours,running\n2026-09-01T10:00:00Z,233.5,true\n"),
            ("application/xml", """<Fleet xmlns="http://standards.iso.org/iso/15143/-3"><Equipment><EquipmentHeader><SerialNumber>SN-1</SerialNumber></EquipmentHeader><CumulativeOperatingHours datetime="2026-09-01T10:00:00Z"><Hour>233.7</Hour></CumulativeOperatingHours></Equipment></Fleet>"""),
            ("application/json", """{"dest":"https://client.example.com/a","signatureToken":"b","codes":["meter-rollback"]}"""),
            ("application/json", document), ("application/ld+json", Events.Commissioning(company.NewItem()).ToJsonString()), ("application/json", Events.Transformation(item, other).ToJsonString()),
            ("application/jose", TestOrganisation.SignDocument(key, document)), (TestOrganisation.StatementMediaType, TestOrganisation.SignRoot(key, Events.Observation(company.NewItem()).ToJsonString())),
            ("application/json", """{"name":"a","query":{"EQ_bizStep":["shipping"]}}"""),
            ("text/xml", """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><q:Poll xmlns:q="urn:epcglobal:epcis-query:xsd:1"><queryName>SimpleEventQuery</queryName><params/></q:Poll></s:Body></s:Envelope>"""),
        ];
        string[] known =
        [
            item, other, new Uri(item).AbsolutePath, company.Id, key.PublicKey.Kid, capture.GetProperty("captureID").GetString()!, capture.GetProperty("events")[0].GetProperty("eventHash").GetString()!,
            "SimpleEventQuery", "a", "ObjectEvent", "inspecting", "primary", "tea", company.Prefix, device.Uri, device.Id,
        ];
        await people.PrepareAsync([.. routes.Where(static r => r.IsAccountPage && r.Method == "GET").Select(r => r.Path.Replace("{id}", device.Id, StringComparison.Ordinal))]);
        var api = (await server.GetAsync("/openapi/v1.json")).Expect(200).Json;
        string?[] keys = [null, null, null, company.ApiKey, company.ApiKey, company.ApiKey, company.ApiKey, company.ApiKey, company.ApiKey, company.ApiKey, company.ApiKey, company.ApiKey, company.ApiKey, "wrong"];
        return new LockedRequests(new HostileRequests(routes, people.Forms, api, [.. more.Select(static m => (m.Item1, Encoding.UTF8.GetBytes(m.Item2)))], known, keys, Seed));
    }

    private async Task SendAsync(HttpClient nobody, RunningServer server, HostilePeople people, HostileRequest next)
    {
        Uri address;
        try
        {
            address = new Uri(server.BaseUrl + next.Target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        }
        catch (UriFormatException)
        {
            return; // too long for the client
        }
        using var request = new HttpRequestMessage(new HttpMethod(next.Method), address);
        var person = next.Person is { } number ? await people.GetAsync(number) : null;
        if (next.Form is { } form)
        {
            request.Content = new FormUrlEncodedContent([KeyValuePair.Create(HostilePerson.TokenField, person!.Token), .. form.Select(static f => KeyValuePair.Create(f.Name, f.Value))]); // Forms are a person's.
        }
        else if (next.Body is not null)
        {
            request.Content = new ByteArrayContent(next.Body);
        }
        foreach (var (name, value) in next.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }
        try
        {
            using var response = await (person?.Client ?? nobody).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
            var status = (int)response.StatusCode;
            if (response.Content.Headers.ContentType?.MediaType != "text/event-stream") // Values as they come: it ends when the client goes.
            {
                await response.Content.LoadIntoBufferAsync(Cancellation);
            }
            _statuses.AddOrUpdate(status, 1, static (_, n) => n + 1);
            if (person?.IsLookedAt(response) == true && next.Form is not null)
            {
                _lookedAt.AddOrUpdate(next.Route, 1, static (_, n) => n + 1);
            }
            if (status < 500 || (status is 503 or 504 && response.Headers.RetryAfter is not null))
            {
                return;
            }
            var body = await response.Content.ReadAsStringAsync(Cancellation);
            if (next.Target.StartsWith("/epcis/soap", StringComparison.Ordinal) && body.Contains("Fault", StringComparison.Ordinal) && !body.Contains(":Server<", StringComparison.Ordinal))
            {
                return; // SOAP 1.1 has no other status for the sender's faults.
            }
            _faults.Add($"{status} {body[..Math.Min(400, body.Length)]}\n  for {next}");
        }
        catch (HttpRequestException exception)
        {
            // A server that refuses early closes the connection, and the client may still be sending. A crash is seen at the end.
            if (exception.HttpRequestError is not (HttpRequestError.InvalidResponse or HttpRequestError.Unknown or HttpRequestError.ResponseEnded))
            {
                _faults.Add($"{exception.Message}\n  for {next}");
            }
            _statuses.AddOrUpdate(0, 1, static (_, n) => n + 1);
        }
    }

    /// <summary>Sends bytes that are only almost HTTP.</summary>
    private async Task SayAsync(Sender sender, HostileRequest next)
    {
        var said = await sender.SayAsync($"{next.Method} {next.Target} HTTP/1.1\r\n{string.Concat(next.Headers.Select(static h => $"{h.Name}: {h.Value}\r\n"))}{(next.Body is null ? "" : Encoding.Latin1.GetString(next.Body))}\r\n\r\n", halfClose: true);
        if (said.StartsWith("HTTP/1.1 5", StringComparison.Ordinal) && !said.StartsWith("HTTP/1.1 505", StringComparison.Ordinal) && !said.Contains("Retry-After", StringComparison.Ordinal))
        {
            _faults.Add($"{said[..Math.Min(600, said.Length)]}\n  for the raw {next}");
        }
        _statuses.AddOrUpdate(1, 1, static (_, n) => n + 1);
    }

    private static int Setting(string name, int byDefault) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : byDefault;

    /// <summary>One sequence for several senders.</summary>
    private sealed class LockedRequests(HostileRequests requests)
    {
        private readonly Lock _lock = new();
        private int _count;

        public (HostileRequest Next, bool IsRaw) Next()
        {
            lock (_lock)
            {
                var next = requests.Next();
                return (next, !requests.IsFirstRound && _count++ % 50 == 0);
            }
        }
    }
}
