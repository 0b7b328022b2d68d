using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>A log whose operator swaps keys: each entry alone is well-formed and in the tree, only the order of things is wrong.</summary>
public sealed class FsckKeyTests : IDisposable
{
    private const string Origin = "test.example/log";

    private readonly SigningKey _logKey = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private readonly SigningKey _first = SigningKey.Generate(SignatureAlgorithms.ES256);
    private readonly SigningKey _second = SigningKey.Generate(SignatureAlgorithms.ES256);
    private readonly AuditCli _cli = new();

    public void Dispose()
    {
        _cli.Dispose();
        _first.Dispose();
        _second.Dispose();
        _logKey.Dispose();
    }

    [Fact]
    public async Task Fsck_KeyChangeThatTheFirstKeySigned_IsGood()
    {
        var change = Admit(_second, previous: 2);
        await ExpectAsync(change with { Authorization = Jws.Sign(_first, KeyChange.AuthorizationType, Origin, change.ToAuthorizationPayload()) }, 0);
    }

    [Fact]
    public async Task Fsck_KeyChangeThatNobodySigned_IsBadAndNamed() => await ExpectAsync(Admit(_second, previous: 2), 1);

    [Fact]
    public async Task Fsck_KeyChangeThatTheNewKeySigned_IsBadAndNamed()
    {
        var change = Admit(_second, previous: 2);
        await ExpectAsync(change with { Authorization = Jws.Sign(_second, KeyChange.AuthorizationType, Origin, change.ToAuthorizationPayload()) }, 1);
    }

    [Fact]
    public async Task Fsck_KeyChangeThatHidesTheOneBefore_IsBadAndNamed() => await ExpectAsync(Admit(_second, previous: null), 1);

    /// <summary>Leaf 2 admits the first key; leaf 300 is the change. Whole, and resumed in between, where the history comes from the state file.</summary>
    private async Task ExpectAsync(KeyEntry change, int exitCode)
    {
        var log = new ForgedLog(Origin, _logKey,
        [
            .. ForgedLog.Entries(2), LogEntry.ForPublic(EntryKind.Key, Admit(_first, null).ToJcs()), .. ForgedLog.Entries(297, "middle"),
            LogEntry.ForPublic(EntryKind.Key, change.ToJcs()), .. ForgedLog.Entries(20, "end"),
        ]);
        _cli.Trust(log.Verifier);
        await using var proxy = await TamperingProxy.StartAsync();
        proxy.Instead = request => Task.FromResult(log.Answer(request.Path));
        var full = log.Size;
        log.Size = 300;
        (await _cli.FsckAsync(proxy.BaseUrl, "state.json")).Expect(0);
        log.Size = full;

        foreach (var state in (string?[])[null, "state.json"])
        {
            var report = (await _cli.FsckAsync(proxy.BaseUrl, state)).Expect(exitCode).Json;
            if (exitCode == 1)
            {
                Assert.Equal(("bad-key-change", "leaf 300"), (report.GetProperty("code").GetString(), report.GetProperty("subject").GetString()));
            }
        }
    }

    private static KeyEntry Admit(SigningKey key, long? previous) =>
        new("company", "Company", key.PublicKey, Custody.Self, KeyEntry.StatementsPurpose, previous, KeyEntry.VouchedByOperator, null);
}
