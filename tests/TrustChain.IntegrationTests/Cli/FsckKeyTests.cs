using System.Text;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>A log whose operator swaps keys: each entry alone is well-formed and in the tree, only the order of things is wrong.</summary>
public sealed class FsckKeyTests : IDisposable
{
    private const string Origin = "test.example/log";

    private readonly SigningKey _logKey = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private readonly SigningKey _first = SigningKey.Generate(SignatureAlgorithms.ES256);
    private readonly SigningKey _device = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private readonly SigningKey _next = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private readonly SigningKey _second = SigningKey.Generate(SignatureAlgorithms.ES256);
    private readonly AuditCli _cli = new();

    public void Dispose()
    {
        _cli.Dispose();
        _first.Dispose();
        _second.Dispose();
        _device.Dispose();
        _next.Dispose();
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

    [Fact]
    public async Task Fsck_DeviceEntriesThatFollowTheRules_AreGood() => await ExpectAsync(Device(DeviceActKind.Rotate, _device, 10, 10), 0);

    [Fact]
    public async Task Fsck_DeviceKeyWithoutProof_IsBadAndNamed()
    {
        var act = Act(DeviceActKind.Rotate, 10) with { Key = _next.PublicKey, Proof = DeviceAct.Prove(_device, DeviceActKind.Rotate, Pseudonym, Origin) };
        await ExpectAsync(Entry(act, _device, 10), 1);
    }

    [Fact]
    public async Task Fsck_DeviceEntryByAKeyThatIsNone_IsBadAndNamed() => await ExpectAsync(Device(DeviceActKind.Replace, _second, 2, 10), 1);

    [Fact]
    public async Task Fsck_DeviceEntryThatHidesTheOneBefore_IsBadAndNamed() => await ExpectAsync(Device(DeviceActKind.Replace, _first, 2, 9), 1);

    [Fact]
    public async Task Fsck_DeviceEntryOfNoKnownAct_IsBadAndNamed() =>
        await ExpectAsync(LogEntry.ForPublic(EntryKind.Device, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Device(DeviceActKind.Replace, _first, 2, 10)[2..]).Replace("replace", "adopt", StringComparison.Ordinal))), 1);

    private Task ExpectAsync(KeyEntry change, int exitCode) => ExpectAsync(LogEntry.ForPublic(EntryKind.Key, change.ToJcs()), exitCode);

    /// <summary>Leaf 2 admits the first key, and leaf 10 a device; leaf 300 is the change. Whole, and resumed in between, where the history comes from the state file.</summary>
    private async Task ExpectAsync(byte[] change, int exitCode)
    {
        var log = new ForgedLog(Origin, _logKey,
        [
            .. ForgedLog.Entries(2), LogEntry.ForPublic(EntryKind.Key, Admit(_first, null).ToJcs()), .. ForgedLog.Entries(7, "middle"),
            Enrolment(), .. ForgedLog.Entries(289, "more"), change, .. ForgedLog.Entries(20, "end"),
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

    private static Hash32 Pseudonym => DeviceAct.ComputePseudonym(new byte[32], "urn:example:loom:1");

    private static DeviceAct Act(DeviceActKind kind, long? previous) => new() { Act = kind, Device = Pseudonym, Organisation = "company", Previous = previous };

    private byte[] Enrolment() => Entry(
        Act(DeviceActKind.Enrol, null) with { Key = _device.PublicKey, Proof = DeviceAct.Prove(_device, DeviceActKind.Enrol, Pseudonym, Origin) }, _first, 2);

    private byte[] Device(DeviceActKind kind, SigningKey by, long keyEntry, long? previous) =>
        Entry(Act(kind, previous) with { Key = _next.PublicKey, Proof = DeviceAct.Prove(_next, kind, Pseudonym, Origin) }, by, keyEntry);

    private static byte[] Entry(DeviceAct act, SigningKey by, long keyEntry) => LogEntry.ForPublic(
        EntryKind.Device, new PublicEntry(Custody.Self, keyEntry, by.PublicKey.Kid, act.ToJcs(), DateTimeOffset.UnixEpoch, Hash32.Compute("a statement"u8)).ToJcs());

    private static KeyEntry Admit(SigningKey key, long? previous) =>
        new("company", "Company", key.PublicKey, Custody.Self, KeyEntry.StatementsPurpose, previous, KeyEntry.VouchedByOperator, null);
}
