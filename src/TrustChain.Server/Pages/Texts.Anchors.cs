using System.Globalization;
using TrustChain.Server.Anchoring;

namespace TrustChain.Server.Pages;

/// <summary>Words of the page about anchoring.</summary>
public sealed partial class Texts
{
    public string AnchorsPageLink => Say("Anchors: how they stand", "存证状态");

    public string AnchorsTitle => Say("Public anchors", "公开存证");

    public string AnchorsWhat => Say(
        "The state of this log is written down in places where this service cannot change it afterwards. Whoever kept an anchor can tell if the log was changed later.",
        "本日志的状态定期写入本平台事后无法更改之处。任何保存了存证的人都能发现日志事后是否被改动。");

    public string Authority => Say("Authority", "时间戳机构");

    public string AnchorLag => Say("Not anchored yet", "尚未存证");

    public string NoneWaits => Say("Nothing: every entry is under a final anchor", "无：全部条目均已有最终存证");

    public string AnchorLatency => Say("At the latest after", "最迟存证时间");

    public string CostPerRecord => Say("Cost of an entry", "每条成本");

    public string SpentToday => Say("Spent today (UTC)", "今日支出（UTC）");

    public string NotKnownYet => Say("Not known yet", "暂无数据");

    public string AnchorFailures => Say("What fails, or failed lately", "当前及近期故障");

    public string FailureOpen => Say("Lasts", "未恢复");

    public string FailureOver => Say("Over", "已恢复");

    public string NewestAnchors => Say("Newest anchors", "最新存证");

    public string NoAnchorsYet => Say("None yet. The first follows once there is something in the log.", "暂无。日志有内容后将生成首个存证。");

    public string AnchorEntries => Say("Entries", "条目数");

    public string AnchorStateColumn => Say("State", "状态");

    public string AnchorTime => Say("Time and block", "时间与区块");

    public string TimestampToken => Say("Token", "时间戳令牌");

    /// <summary>An amount of coins, as many digits as it needs up to fifteen.</summary>
    public static string Coins(decimal amount, string currency) => string.Create(CultureInfo.InvariantCulture, $"{amount:0.###############} {currency}");

    public string SpentOf(string spent, string most) => Say($"{spent} of at most {most}", $"{spent}，上限 {most}");

    public string WaitingEntries(long entries) => Say($"{Count(entries)} {(entries == 1 ? "entry" : "entries")}", $"{Count(entries)} 条");

    public string Duration(TimeSpan time) => time.TotalMinutes >= 2
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} {Say("minutes", "分钟")}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} {Say("seconds", "秒")}");

    public string TargetKind(long? chainId) => chainId is { } chain
        ? Say($"A contract on the blockchain with the id {chain.ToString(CultureInfo.InvariantCulture)}.", $"区块链（链 ID {chain.ToString(CultureInfo.InvariantCulture)}）上的合约。")
        : Say("A timestamp authority: its signature says that this state existed at this time.", "时间戳机构：其签名证明该状态在该时间已存在。");

    public string TargetState(string state) => state switch
    {
        "failing" => Say("Something fails", "存在故障"),
        "anchoring" => Say("An anchor is under way", "存证进行中"),
        "waiting" => Say("The next anchor follows", "等待下次存证"),
        _ => Say("Everything is anchored", "已全部存证"),
    };

    public string AnchorStateWord(string state) => state switch
    {
        "prepared" => Say("Prepared", "已准备"),
        "sent" => Say("Sent", "已发送"),
        "mined" => Say("In a block, not final yet", "已入块，待最终确认"),
        "final" => Say("Final", "已最终确认"),
        "reorged" => Say("Its block left the chain; is sent again", "所在区块被撤销，将重新发送"),
        _ => Say("Superseded by a larger one", "已被更大的存证取代"),
    };

    public string FailureTitle(string code) => code switch
    {
        AnchorAlarm.ChainAway => Say("The node cannot be reached", "无法连接节点"),
        AnchorAlarm.NodeBehind => Say("The node has not caught up", "节点尚未同步"),
        AnchorAlarm.WrongChain => Say("The node serves another chain", "节点所在的链不符"),
        AnchorAlarm.WrongRegistry => Say("The contract is not this log's", "合约不属于本日志"),
        AnchorAlarm.NotPublisher => Say("The account may not anchor", "账户无存证权限"),
        AnchorAlarm.FeeCeiling => Say("Fees are above the ceiling", "手续费超过上限"),
        AnchorAlarm.SpendingCeiling => Say("The day's ceiling is reached", "当日支出已达上限"),
        AnchorAlarm.OutOfFunds => Say("The account is out of money", "账户余额不足"),
        AnchorAlarm.WouldRevert => Say("The contract would refuse the anchor", "合约将拒绝该存证"),
        AnchorAlarm.Refused => Say("The node or the signer refuses", "节点或签名服务拒绝"),
        AnchorAlarm.SignerAway => Say("The external signer cannot be reached", "无法连接外部签名服务"),
        AnchorAlarm.Late => Say("Anchors are late", "存证延迟"),
        AnchorAlarm.Reverted => Say("An anchor was refused in a block", "存证交易在链上失败"),
        AnchorAlarm.NonceTaken => Say("Somebody else used the account", "账户被他人使用"),
        AnchorAlarm.DeepReorg => Say("The chain took final anchors back", "链回滚了已确认的存证"),
        AnchorAlarm.AuthorityAway => Say("The timestamp authority cannot be reached", "无法连接时间戳机构"),
        AnchorAlarm.AuthorityRefused => Say("The timestamp authority refuses", "时间戳机构拒绝请求"),
        _ => Say("A timestamp does not verify", "时间戳验证失败"),
    };

    public string FailureRemedy(string code) => code switch
    {
        AnchorAlarm.ChainAway => Say("Nothing is lost; anchoring goes on by itself. If it lasts, the operator looks after the node.", "数据不会丢失，恢复后自动继续；若持续，运营方应检查节点。"),
        AnchorAlarm.NodeBehind => Say("Anchoring goes on once the node has caught up.", "节点同步后自动继续。"),
        AnchorAlarm.WrongChain => Say("The operator corrects RpcUrl, ChainId or Genesis.", "运营方应更正 RpcUrl、ChainId 或 Genesis。"),
        AnchorAlarm.WrongRegistry => Say("The operator corrects Registry.", "运营方应更正 Registry。"),
        AnchorAlarm.NotPublisher => Say("The contract's admin names this account, or the operator uses the publisher's key.", "合约管理员应授权该账户，或运营方改用发布者密钥。"),
        AnchorAlarm.FeeCeiling => Say("Anchoring goes on when fees fall, or when the operator raises MaxFeeGwei.", "费用回落或运营方提高 MaxFeeGwei 后继续。"),
        AnchorAlarm.SpendingCeiling => Say("Anchoring goes on tomorrow (UTC), or when the operator raises MaxSpendPerDay.", "次日（UTC）或运营方提高 MaxSpendPerDay 后继续。"),
        AnchorAlarm.OutOfFunds => Say("The operator sends the account money.", "运营方应为账户充值。"),
        AnchorAlarm.WouldRevert or AnchorAlarm.Reverted => Say("The operator compares the contract's publisher and latest size with the log.", "运营方应核对合约的发布者与最新条目数。"),
        AnchorAlarm.Refused => Say("The operator looks into the log of the node and of the signer.", "运营方应查看节点与签名服务日志。"),
        AnchorAlarm.SignerAway => Say("The operator looks after the signer.", "运营方应检查外部签名服务。"),
        AnchorAlarm.Late => Say("The other failures say why.", "原因见其他故障。"),
        AnchorAlarm.NonceTaken => Say("The entries are anchored anew. The operator finds out who else has the key.", "条目将重新存证。运营方应查明还有谁持有该密钥。"),
        AnchorAlarm.DeepReorg => Say("The entries are anchored anew. The operator waits for more blocks or for finalized ones.", "条目将重新存证。运营方应提高确认深度或改用 finalized。"),
        AnchorAlarm.AuthorityAway => Say("Nothing is lost; it is asked again.", "数据不会丢失，将自动重试。"),
        AnchorAlarm.AuthorityRefused => Say("The operator checks Url and the account at the authority.", "运营方应检查 Url 及在该机构的账户。"),
        _ => Say("The operator checks TrustedCertificate. If it is right, somebody forges timestamps.", "运营方应检查 TrustedCertificate；若无误，则有人伪造时间戳。"),
    };
}
