using TrustChain.Postgres.Anchoring;

namespace TrustChain.Server.Anchoring;

/// <summary>
/// Keeps what fails as episodes in the database, where every server and the page see it, and says so in the log: once when it begins, and once when it
/// is over.
/// </summary>
internal sealed partial class AnchorAlarms(AnchorTargetStore store, AnchorMetrics metrics, TimeProvider time, ILogger<AnchorAlarms> logger)
{
    /// <summary>Takes over what a round brought to light.</summary>
    public async Task SettleAsync(string target, AnchorRound round, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var (code, detail) in round.Raised)
        {
            if (await store.RaiseAsync(target, code, detail, now, cancellationToken))
            {
                Say(code, target, detail);
                metrics.Failed(target, code);
            }
        }
        IEnumerable<string> over = [AnchorAlarm.Late, .. round.IsWhole ? AnchorAlarm.Conditions : [], .. round.BecameFinal ? AnchorAlarm.Incidents : []];
        foreach (var code in await store.EndAsync(target, over.Except(round.Raised.Keys), now, cancellationToken))
        {
            Log.Over(logger, target, code);
        }
    }

    private void Say(string code, string target, string detail)
    {
        Action<ILogger, string, string> say = code switch
        {
            AnchorAlarm.ChainAway => Log.ChainAway,
            AnchorAlarm.NodeBehind => Log.NodeBehind,
            AnchorAlarm.WrongChain => Log.WrongChain,
            AnchorAlarm.WrongRegistry => Log.WrongRegistry,
            AnchorAlarm.NotPublisher => Log.NotPublisher,
            AnchorAlarm.FeeCeiling => Log.FeeCeiling,
            AnchorAlarm.SpendingCeiling => Log.SpendingCeiling,
            AnchorAlarm.OutOfFunds => Log.OutOfFunds,
            AnchorAlarm.WouldRevert => Log.WouldRevert,
            AnchorAlarm.Refused => Log.Refused,
            AnchorAlarm.SignerAway => Log.SignerAway,
            AnchorAlarm.Late => Log.Late,
            AnchorAlarm.Reverted => Log.Reverted,
            AnchorAlarm.NonceTaken => Log.NonceTaken,
            AnchorAlarm.DeepReorg => Log.DeepReorg,
            AnchorAlarm.AuthorityAway => Log.AuthorityAway,
            AnchorAlarm.AuthorityRefused => Log.AuthorityRefused,
            AnchorAlarm.AuthorityUntrusted => Log.AuthorityUntrusted,
            _ => throw new ArgumentOutOfRangeException(nameof(code), code, "Not an alarm."),
        };
        say(logger, target, detail);
    }

    private static partial class Log
    {
        [LoggerMessage(4010, LogLevel.Warning, "Anchoring in {Target} waits for the chain: {Detail} It goes on by itself; look after the node if this lasts.")]
        public static partial void ChainAway(ILogger logger, string target, string detail);

        [LoggerMessage(4011, LogLevel.Critical, "Anchoring in {Target} has stopped, the node serves another chain: {Detail} Correct RpcUrl, ChainId or Genesis.")]
        public static partial void WrongChain(ILogger logger, string target, string detail);

        [LoggerMessage(4012, LogLevel.Critical, "Anchoring in {Target} has stopped, the contract is not this log's: {Detail} Correct Registry.")]
        public static partial void WrongRegistry(ILogger logger, string target, string detail);

        [LoggerMessage(4013, LogLevel.Error, "Anchoring in {Target} has stopped: {Detail} Have the contract's admin name this account, or use the publisher's key.")]
        public static partial void NotPublisher(ILogger logger, string target, string detail);

        [LoggerMessage(4014, LogLevel.Error, "Anchoring in {Target} waits for lower fees: {Detail} Wait, or raise MaxFeeGwei.")]
        public static partial void FeeCeiling(ILogger logger, string target, string detail);

        [LoggerMessage(4015, LogLevel.Error, "Anchoring in {Target} waits for the next day (UTC): {Detail} Wait, or raise MaxSpendPerDay or Latency.")]
        public static partial void SpendingCeiling(ILogger logger, string target, string detail);

        [LoggerMessage(4016, LogLevel.Error, "Anchoring in {Target} waits for money: {Detail} Send the publisher's account some.")]
        public static partial void OutOfFunds(ILogger logger, string target, string detail);

        [LoggerMessage(4017, LogLevel.Error, "Anchoring in {Target} has stopped, the contract would refuse the anchor: {Detail} See docs/anchoring.md.")]
        public static partial void WouldRevert(ILogger logger, string target, string detail);

        [LoggerMessage(4018, LogLevel.Error, "Anchoring in {Target}: the node or the signer refuses: {Detail} Look into its log.")]
        public static partial void Refused(ILogger logger, string target, string detail);

        [LoggerMessage(4019, LogLevel.Error, "Anchoring in {Target} waits for the external signer: {Detail} Look after the signer.")]
        public static partial void SignerAway(ILogger logger, string target, string detail);

        [LoggerMessage(4020, LogLevel.Warning, "Anchoring in {Target} waits for the node to catch up: {Detail}")]
        public static partial void NodeBehind(ILogger logger, string target, string detail);

        [LoggerMessage(4021, LogLevel.Error, "Anchors in {Target} are late: {Detail} The other alarms of this target say why.")]
        public static partial void Late(ILogger logger, string target, string detail);

        [LoggerMessage(4022, LogLevel.Error, "An anchor in {Target} reverted: {Detail} The entries are anchored anew; see docs/anchoring.md.")]
        public static partial void Reverted(ILogger logger, string target, string detail);

        [LoggerMessage(4023, LogLevel.Error, "Anchoring in {Target}: {Detail} Nobody else may use this account; find out who did. The entries are anchored anew.")]
        public static partial void NonceTaken(ILogger logger, string target, string detail);

        [LoggerMessage(4024, LogLevel.Critical, "Anchoring in {Target}: final anchors left the chain: {Detail} They are anchored anew. Raise ConfirmationDepth or use Finality=finalized.")]
        public static partial void DeepReorg(ILogger logger, string target, string detail);

        [LoggerMessage(4025, LogLevel.Error, "Anchoring in {Target} waits for the timestamp authority: {Detail} It goes on by itself.")]
        public static partial void AuthorityAway(ILogger logger, string target, string detail);

        [LoggerMessage(4026, LogLevel.Error, "Anchoring in {Target}: the timestamp authority refuses: {Detail} Check Url and the account there.")]
        public static partial void AuthorityRefused(ILogger logger, string target, string detail);

        [LoggerMessage(4027, LogLevel.Critical, "Anchoring in {Target}: the timestamp does not verify: {Detail} Check TrustedCertificate; if it is right, somebody forges timestamps.")]
        public static partial void AuthorityUntrusted(ILogger logger, string target, string detail);

        [LoggerMessage(4030, LogLevel.Information, "Anchoring in {Target}: {Code} is over")]
        public static partial void Over(ILogger logger, string target, string code);
    }
}
