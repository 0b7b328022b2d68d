using System.Text.Json;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>Whatever is sent, the answer is a 4xx that says what and where, nothing is stored, and the server lives on.</summary>
public sealed class BadInputTests(BadInputTests.Fixture fixture) : IClassFixture<BadInputTests.Fixture>
{
    public static TheoryData<string> PlainNames => [.. PlainBadInputs.All.Keys];

    public static TheoryData<string> SignedNames => [.. SignedBadInputs.All.Keys];

    [Theory]
    [MemberData(nameof(PlainNames))]
    public Task Capture_PlainBadInput_IsRefusedWithItsReason(string name) => ExpectRefusalAsync(PlainBadInputs.All[name]);

    [Theory]
    [MemberData(nameof(SignedNames))]
    public Task Capture_SignedBadInput_IsRefusedWithItsReason(string name) => ExpectRefusalAsync(SignedBadInputs.All[name]);

    private async Task ExpectRefusalAsync(BadInput input)
    {
        var before = await fixture.Server.CountAsync();
        using var message = input.Request(fixture.Scene).ToMessage(fixture.Server.BaseUrl);

        var answer = await fixture.SendAsync(message);

        var problem = answer.ExpectProblem(input.Status, input.Code);
        Assert.Equal(input.Type, problem.GetProperty("type").GetString());
        Assert.Contains(input.Detail ?? "", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        if (input.Rule is not null)
        {
            var error = problem.GetProperty("errors")[0];
            Assert.Equal(input.Rule, error.GetProperty("rule").GetString());
            Assert.Equal(input.Pointer ?? "", error.GetProperty("pointer").GetString());
            Assert.Equal(input.Event, error.GetProperty("event") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : null);
        }
        Assert.Equal(before, await fixture.Server.CountAsync());
        (await fixture.Server.GetAsync("/health/ready")).Expect(200);
    }

    /// <summary>A server with two companies and their keys; what is sent to it is always refused, so all cases may share it.</summary>
    public sealed class Fixture(SharedStack stack) : IAsyncLifetime
    {
        private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
        private RunningServer? _server;
        private BadInputScene? _scene;

        internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

        internal BadInputScene Scene => _scene ?? throw new InvalidOperationException("The server has not started.");

        public async ValueTask InitializeAsync()
        {
            _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
            var (company, other) = (await _server.AddOrganisationAsync(), await _server.AddOrganisationAsync());
            var es256 = await company.RegisterKeyAsync(SignatureAlgorithms.ES256);
            var edDsa = await company.RegisterKeyAsync(SignatureAlgorithms.EdDsa, agreeing: es256);
            var revoked = await company.RegisterKeyAsync(SignatureAlgorithms.ES256, agreeing: edDsa);
            (await company.RevokeKeyAsync(revoked, revoked)).Expect(200);
            _scene = new BadInputScene(company, other, es256, edDsa, revoked);
            // Good input is taken in each form: then it is the fault alone that is refused. The first makes the custodial key, too.
            (await company.CaptureAsync(_scene.GoodDocument())).Expect(202);
            (await company.CaptureDocumentAsync(es256, Events.Document(Events.Observation(company.NewItem())))).Expect(202);
            (await company.CaptureRootAsync(edDsa, Events.Observation(company.NewItem()).ToJsonString())).Expect(202);
        }

        internal async Task<Answer> SendAsync(HttpRequestMessage message)
        {
            using var response = await _client.SendAsync(message, TestContext.Current.CancellationToken);
            return await Answer.FromAsync(response);
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            _scene?.Es256.Dispose();
            _scene?.EdDsa.Dispose();
            _scene?.Revoked.Dispose();
            if (_server is not null)
            {
                await _server.DisposeAsync();
            }
        }
    }
}
