namespace TrustChain.Server.Pages;

/// <summary>Words of the page about the service's state.</summary>
public sealed partial class Texts
{
    public string StatusLink => Say("Is it working?", "运行状态");

    public string StatusTitle => Say("Is this service working?", "本服务是否正常运行");

    public string StatusNow => Say("At this moment", "当前状态");

    public string StatusLimits => Say("What does not work as it should, and what that means", "哪些环节受影响，意味着什么");

    public string StatusRunning => Say("Running since", "启动时间");

    public string StatusSeen => Say("Last looked at", "状态更新");

    public string StatusGrowth => Say("New entries", "新增条目");

    public string StatusWaiting => Say("Waiting for their place", "等待写入");

    public string StatusNone => Say("None", "无");

    public string StatusWitnesses => Say("Witnesses", "见证方");

    public string StatusWitnessesWhat => Say(
        "Witnesses are run by others. Each signs only a log that continues the one it signed before.", "见证方由其他机构运营。每个见证方只为延续其先前所签状态的日志签名。");

    public string StatusNoWitnesses => Say("No witnesses are configured for this log.", "本日志未设置见证方。");

    public string WitnessColumn => Say("Witness", "见证方");

    public string WitnessTime => Say("Last signature", "最近签名");

    public string StatusSelf => Say(
        "This page is what the service says of itself. Whoever wants to be sure follows the log and its anchors with a program of their own.",
        "本页是服务对自身的说明。如需独立确认，请使用自己的程序核对日志与存证。");

    public string StatusSince => Say("Since", "自");

    public string StatusWord(VerdictTone tone) => tone switch
    {
        VerdictTone.Good => Say("Working", "运行正常"),
        VerdictTone.Pending => Say("Just started", "刚刚启动"),
        VerdictTone.Bad => Say("No records are taken", "暂停登记"),
        _ => Say("Working, with limits", "部分受限"),
    };

    public string StatusSentence(VerdictTone tone) => tone switch
    {
        VerdictTone.Good => Say("Records are taken, get their place in the public log, and are anchored.", "记录可以登记，会写入公开日志并进行存证。"),
        VerdictTone.Pending => Say("The service has just started and is looking at its log. Look again in a few seconds.", "服务刚刚启动，正在检查日志，请几秒后再看。"),
        VerdictTone.Bad => Say(
            "No new records are taken at the moment. What was recorded before is not lost, and evidence you hold can still be checked.",
            "目前无法登记新记录。此前登记的记录不会丢失，您持有的证据仍可核验。"),
        _ => Say("Records are taken and kept. Something after that is late or fails; see below.", "记录可以登记并保存，但后续环节有延迟或故障，详见下文。"),
    };

    public string StatusGrew(long entries, TimeSpan period) =>
        Say($"{Count(entries)} in the last {Duration(period)}", $"最近 {Duration(period)}内 {Count(entries)} 条");

    public string WitnessWord(WitnessState state) => state switch
    {
        WitnessState.Current => Say("Signs along", "同步签名"),
        WitnessState.Behind => Say("Behind", "滞后"),
        _ => Say("Contradicts this log", "与本日志矛盾"),
    };

    public string LimitTitle(LimitKind kind) => kind switch
    {
        LimitKind.ReadOnly => Say("The service has stopped by itself", "服务已自行停止登记"),
        LimitKind.Closed => Say("This log takes nothing new any more", "本日志不再接受新记录"),
        LimitKind.DatabaseAway => Say("The store of records does not answer", "记录存储无法访问"),
        LimitKind.DatabaseReadOnly => Say("The store of records takes nothing new", "记录存储暂不接受写入"),
        LimitKind.WitnessContradicts => Say("A witness contradicts this log", "有见证方与本日志矛盾"),
        LimitKind.SequencingLate => Say("New records get their place late", "新记录写入日志延迟"),
        LimitKind.CheckpointLate => Say("New entries are not signed yet", "新条目尚未签名"),
        LimitKind.AnchoringLate => Say("Anchoring is late", "存证延迟"),
        LimitKind.AnchoringFails => Say("Anchoring has a fault", "存证出现故障"),
        LimitKind.Busy => Say("Much arrives at once", "请求繁忙"),
        _ => Say("A witness is behind", "有见证方滞后"),
    };

    public string LimitMeaning(LimitKind kind) => kind switch
    {
        LimitKind.ReadOnly => Say(
            "Its records do not match what it anchored in public. It takes and signs nothing until its operator has cleared this up. Records that are anchored can still be checked.",
            "其记录与公开存证不一致。运营方查明之前，服务不再登记或签名。已存证的记录仍可核验。"),
        LimitKind.Closed => Say(
            "Its operator keeps it so that what it holds can be read and checked: its key signs nothing any more. What is recorded since then is in another log, which the operator names.",
            "运营方保留本日志，供查阅和核验已有记录；其密钥不再签名。此后的记录写入另一日志，由运营方公布。"),
        LimitKind.DatabaseAway => Say(
            "Nothing can be recorded, and items cannot be shown. Senders keep their records and try again; nothing that was confirmed is lost.",
            "暂时无法登记，也无法显示商品。登记方应保留记录稍后重试；已确认的记录不会丢失。"),
        LimitKind.DatabaseReadOnly => Say(
            "Items can be shown and checked, but nothing can be recorded. Senders keep their records and try again.",
            "商品可以查看和核验，但暂时无法登记。登记方应保留记录稍后重试。"),
        LimitKind.WitnessContradicts => Say(
            "An independent witness has seen another history than this log shows, or sends what does not verify. Do not rely on new records alone until the operator has explained this; what is under a public anchor can be checked.",
            "独立见证方所见的历史与本日志不同，或其签名无法验证。在运营方说明原因之前，请勿仅凭新记录作出判断；已公开存证的记录可以核验。"),
        LimitKind.SequencingLate => Say(
            "What is recorded is kept, but enters the public log later than receipts promise. Keep your receipts.",
            "已登记的记录会保存，但写入公开日志的时间晚于回执承诺。请保留回执。"),
        LimitKind.CheckpointLate => Say(
            "Records are taken and have their place, but the log's signature over it follows later. Evidence of the newest records is not there yet.",
            "记录已登记并写入日志，但日志签名稍后完成。最新记录暂无证据文件。"),
        LimitKind.AnchoringLate => Say(
            "What is recorded is signed; its public anchor comes later than usual. Until then evidence of new records rests on this service's signature.",
            "已登记的记录会签名，但公开存证晚于平常。在此之前，新记录的证据仅依据本服务的签名。"),
        LimitKind.AnchoringFails => Say(
            "What is recorded is signed. Anchors may come late if this lasts; nothing is lost, and they are made up for.",
            "已登记的记录会签名。若故障持续，存证可能延迟；数据不会丢失，存证会补上。"),
        LimitKind.Busy => Say("Records are taken, but it takes longer. Senders that are turned away try again.", "可以登记，但耗时较长。被暂时拒绝的登记方请稍后重试。"),
        _ => Say("Its signature under the newest state is missing. The log itself goes on.", "最新状态缺少其签名。日志照常运行。"),
    };
}
