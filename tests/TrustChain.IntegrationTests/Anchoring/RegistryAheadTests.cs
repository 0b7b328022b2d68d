using System.Globalization;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>A registry that holds more than the database: the database is an old copy, and whatever it signs now would be a second history.</summary>
public sealed class RegistryAheadTests(RegistryAheadTests.Fixture fixture) : IClassFixture<RegistryAheadTests.Fixture>
{
    private RunningServer Server => fixture.Server;

    private TestOrganisation Company => fixture.Company;

    [Fact]
    public async Task Registry_AheadOfRunningServer_StopsSigning()
    {
        var ready = (await Server.GetAsync("/health/ready")).Expect(503);
        Assert.Contains(fixture.ForgedSize.ToString(CultureInfo.InvariantCulture), ready.Body, StringComparison.Ordinal);
        (await Server.GetAsync("/health/live")).Expect(200);
        var last = await Server.FindCheckpointAsync();
        Assert.Equal(await ScalarAsync("select max(size) from checkpoint"), last!.Size);
        Assert.True(last.Size < fixture.ForgedSize, "Nothing may be signed up to a size that the registry holds another history of.");
    }

    [Fact]
    public async Task Registry_AheadOfRunningServer_StopsCaptures()
    {
        var before = await Server.CountAsync();

        var plain = await Company.CaptureAsync(Events.Document(Events.Observation(Company.NewItem())));
        var signed = await Company.CaptureRootAsync(fixture.Key, Events.Observation(Company.NewItem()).ToJsonString());
        var single = await Company.CaptureAsync(Events.Observation(Company.NewItem()).ToJsonString(), "/epcis/events");

        Assert.All((Answer[])[plain, signed, single], static answer => answer.ExpectProblem(503, null));
        Assert.Equal(before, await Server.CountAsync());
    }

    [Fact]
    public async Task Registry_AheadOfRunningServer_StopsEverythingElseThatWouldBeLogged()
    {
        var item = Company.NewItem();
        using var key = Core.Signing.SigningKey.Generate(Core.Signing.SignatureAlgorithms.ES256);
        var before = await Server.CountAsync();

        Answer[] answers =
        [
            await Server.PostAsync("/api/batches", new { gtin = Company.Gtin, lot = "LATE", name = "Spring tea", template = "tea" }, Company.ApiKey),
            await Server.PostAsync("/api/certificates", new { item, name = "Organic", type = "organic", validFrom = "2026-01-01T00:00:00Z", validUntil = "2027-01-01T00:00:00Z" }, Company.ApiKey),
            await Server.PostAsync("/api/recalls", new { item, reason = "mould", instructions = "return it" }, Company.ApiKey),
            await Company.RegisterKeyAsync(key, agreeing: fixture.Key),
        ];

        Assert.Equal([503, 503, 503, 503], answers.Select(static a => a.Status).ToArray());
        Assert.Equal(before, await Server.CountAsync());
    }

    private async Task<long> ScalarAsync(string sql)
    {
        await using var command = Server.Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // Neither query answers null here.
    }

    /// <summary>A server that has found its registry ahead.</summary>
    public sealed class Fixture(SharedStack stack) : IAsyncLifetime
    {
        private RunningServer? _server;
        private TestOrganisation? _company;
        private Core.Signing.SigningKey? _key;

        internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

        internal TestOrganisation Company => _company ?? throw new InvalidOperationException("The server has not started.");

        internal Core.Signing.SigningKey Key => _key ?? throw new InvalidOperationException("The server has not started.");

        internal long ForgedSize { get; private set; }

        public async ValueTask InitializeAsync()
        {
            _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
            _company = (await ForgedAnchor.PrepareAsync(_server)).Company;
            _key = await _company.RegisterKeyAsync();
            var signed = await _server.GetCoveringCheckpointAsync();
            await _server.GetFinalAnchorAsync(signed.Size);
            ForgedSize = signed.Size + 1000;
            await ForgedAnchor.AnchorByHandAsync(_server, ForgedSize);
            await ForgedAnchor.RaiseAlarmAsync(_server, _company);
        }

        public async ValueTask DisposeAsync()
        {
            _key?.Dispose();
            if (_server is not null)
            {
                await _server.DisposeAsync();
            }
        }
    }
}
