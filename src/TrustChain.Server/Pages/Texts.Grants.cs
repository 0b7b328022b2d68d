using System.Diagnostics;
using TrustChain.Core.Devices.Grants;

namespace TrustChain.Server.Pages;

/// <summary>Words of the page about devices of others.</summary>
public sealed partial class Texts
{
    internal string Granted => Say("Granted to us", "获授权设备");

    internal string GrantedWhat => Say(
        "Devices of other organisations that yours may read, with what the checks say of the last 30 days that are open to you. Looking here is a read: the owner sees it, and the log holds it. An owner who withdraws a grant ends it for days to come: days that it covered stay open to you.",
        "本机构获授权查看的其他机构的设备，以及对您开放的最近 30 天的核验结论。在此查看即为一次读取：所有者可见，并记入日志。所有者撤回授权只影响今后的日期：此前已授权的日期仍对您开放。");

    internal string GrantedEmpty => Say("No grants yet", "尚无授权");

    internal string GrantedEmptyMeaning => Say("An owner gives access unasked, or answers a request. Both are entries of the public log, which hides what they say.", "所有者可主动授权，或批准请求。两者均记入公开日志，内容不公开。");

    internal string AskForAccess => Say("Ask for access", "请求授权");

    internal string AskForAccessWhat => Say(
        "The owner is asked, and gives what you ask for, less, or nothing. A request that nobody answers ends after 30 days; it looks the same when there is no such device.",
        "将向所有者提出请求，所有者可全部或部分批准，也可不批准。无人答复的请求 30 天后失效；设备不存在时显示相同。");

    internal string Purpose => Say("Purpose", "用途");

    internal string Scope => Say("What to read", "查看范围");

    internal string Precision => Say("Precision of places", "位置精度");

    internal string PrecisionHint => Say("Counts only where places are asked for.", "仅在请求位置时适用。");

    internal string DayWrong => Say("A day such as 2026-04-05.", "日期格式如 2026-04-05。");

    internal string EvidenceOfPeriod => Say("Evidence of a period", "某一时段的证据");

    internal string EvidenceOfPeriodWhat => Say(
        "The signed statements with their proofs. \"trustchain verify FILE --trust trust.json\" checks them and computes the days and answers again, without this service.",
        "签名声明及其证明。使用 trustchain verify FILE --trust trust.json 可核验并重新计算每日数据和结论，无需本平台。");

    internal string DownloadEvidence => Say("Download", "下载");

    internal string NoEvidenceUnderGrant => Say(
        "The signed statements show all that the device measures in the open; this grant does not cover all of that, so there is no evidence file.", "签名声明会显示设备公开测量的全部数据；此授权未覆盖全部内容，因此不提供证据文件。");

    internal string VerdictsLink => Say("All answers with their records (JSON)", "全部结论及依据记录 (JSON)");

    // One granted device.
    internal string GrantedDevice => Say("Granted device", "获授权设备详情");

    internal string GrantedDeviceLink => Say("Charts, findings and other days", "图表、问题与其他时段");

    internal string AllGranted => Say("All granted devices", "全部获授权设备");

    internal string TheGrant => Say("What the owner opened to you", "所有者向您开放的内容");

    internal string OpenDays => Say("Days open to you", "向您开放的日期");

    internal string GrantExpires => Say("Nothing may be read from", "授权到期时间");

    internal string GrantedDeviceWhat => Say(
        "This page shows what the grant covers, and what it does not cover is left out: such checks answer “not checked”. Looking here is a read: the owner sees it, and the log holds it.",
        "本页仅显示授权覆盖的内容，其余从略：相应核验显示为“无法核验”。在此查看即为一次读取：所有者可见，并记入日志。");

    internal string GrantedPeriodWrong(int most) => Say(
        $"Days are written such as 2026-04-05, the first is not after the last, at most {most} days are shown at once, and some of them must be open to you. The last open days are shown instead.",
        $"日期格式如 2026-04-05，起始日不得晚于截止日，一次至多显示 {most} 天，且须包含向您开放的日期。现显示最近的开放日期。");

    internal string GrantedPeriodCut => Say("Only those of the days are shown that the grant opens.", "仅显示授权开放的日期。");

    internal string KeysOfDevice => Say("Keys of the device", "设备密钥");

    internal string GrantedNoKeys => Say("The device has no key yet, so it can state nothing.", "设备尚无密钥，无法签署数据。");

    internal string KeyAdmitted => Say("Admitted", "启用");

    internal string KeyEnded => Say("Ended", "停用");

    internal string HistoryLink => Say("The days with their figures (JSON)", "每日数据 (JSON)");

    internal string DoneAsked => Say("The request is on its way. It appears below until it is answered or ends.", "请求已提交，在答复或失效之前显示于下方。");

    internal string Granting => Say("Who may read it", "谁可查看");

    internal string GrantingWhat => Say(
        "What others ask for, what you gave, and who has read what. What you give or withdraw, and each read, is an entry of the public log, which hides what it says.",
        "其他机构的请求、您给予的授权以及读取记录。授权、撤回和每次读取均记入公开日志，内容不公开。");

    internal string GrantingEmpty => Say("Nobody else may read this device", "尚无其他机构可查看本设备");

    internal string GrantingEmptyMeaning => Say(
        "Whoever lends on it, insures or buys it asks with its identifier, and the request appears here. You can also give access below, unasked.",
        "贷款方、保险方或购买方可凭下方标识提出请求，请求会显示在此处。您也可以在下方主动授权。");

    internal string GiveAccess => Say("Give access", "授权");

    internal string GiveAccessWhat => Say(
        "The organisation may read what you choose, of these days. It gets the keys of the days as they come: withdrawing the grant later ends it for days to come only.",
        "该机构可查看您所选范围与日期的数据，并随日期获得相应密钥：之后撤回授权只影响今后的日期。");

    internal string SayNo => Say("Say no", "拒绝");

    internal string RefuseHint => Say("Who asks is not told of a no: the request ends after 30 days.", "拒绝不会通知请求方：请求将在 30 天后失效。");

    internal string WithdrawHint => Say("Days up to today stay readable, for their keys have been handed over. Later days are closed.", "截至今日的日期仍可查看，因其密钥已交付；之后的日期不再开放。");

    internal string Grantee => Say("Organisation", "机构");

    internal string GranteeHint => Say("Its short name at this service, such as green-bank.", "其在本服务中的简称，例如 green-bank。");

    internal string GranteeWrong => Say("A short name of small letters, digits and hyphens.", "简称由小写字母、数字和连字符组成。");

    internal string Reads => Say("Who has read it", "读取记录");

    internal string ReadsEmpty => Say("Nobody has read it under a grant or as an auditor.", "尚无依据授权或由审计方进行的读取。");

    internal string AsAuditor => Say("as an auditor of the deployment, without a grant", "以本平台审计方身份，无需授权");

    internal string DoneGranted => Say("Access is given.", "已授权。");

    internal string DoneRefused => Say("The request is refused.", "已拒绝请求。");

    internal string DoneGrantWithdrawn => Say("The grant is withdrawn: later days are closed.", "授权已撤回：之后的日期不再开放。");

    internal string AccessName(AccessKind kind) => kind switch
    {
        AccessKind.Data => Say("data and answers", "数据与结论"),
        AccessKind.Keys => Say("keys of days", "日期密钥"),
        AccessKind.Live => Say("data as they came", "实时数据"),
        AccessKind.Verdicts => Say("answers of the checks", "核验结论"),
        _ => Say("the device and its keys", "设备及其密钥"),
    };

    /// <summary>The days of a read; a read of the device itself is of no day in particular.</summary>
    internal string DaysRead(DayRange days) => days.From == DateOnly.MinValue ? Say("all days that were open", "全部开放日期") : days.From == days.Until ? DayText(days.From) : DaysBetween(days.From, days.Until);

    internal string PurposeName(GrantPurpose purpose) => purpose switch
    {
        GrantPurpose.Credit => Say("To lend on it", "贷款融资"),
        GrantPurpose.Insurance => Say("To insure it", "保险"),
        GrantPurpose.Maintenance => Say("To service it", "维护保养"),
        GrantPurpose.Resale => Say("To buy it", "购买转售"),
        GrantPurpose.Regulator => Say("To supervise", "监管"),
        _ => throw new UnreachableException(),
    };

    internal string PrecisionName(PlacePrecision precision) => precision switch
    {
        PlacePrecision.None => Say("no places", "不含位置"),
        PlacePrecision.Coarse => Say("to a tenth of a degree", "精确到 0.1 度"),
        _ => Say("as measured", "实测精度"),
    };

    internal string ScopeChoice(string scope) => scope switch
    {
        GrantTerms.All => Say("Everything", "全部数据"),
        GrantTerms.Position => Say("Operation and places", "运行数据与位置"),
        GrantTerms.Operation => Say("Operation", "运行数据"),
        GrantTerms.Rider => Say("What tells of the rider", "与使用者有关的数据"),
        _ => scope.StartsWith(GrantTerms.MeasurePrefix, StringComparison.Ordinal) ? scope[GrantTerms.MeasurePrefix.Length..] : scope,
    };

    /// <summary>What a grant covers.</summary>
    internal string ScopeName(GrantTerms terms) =>
        string.Join(Say(", ", "、"), terms.Scope.Select(s => s == GrantTerms.Position ? Say("Places", "位置") : ScopeChoice(s))) + (terms.Precision == PlacePrecision.None ? "" : Say($" ({PrecisionName(terms.Precision)})", $"（{PrecisionName(terms.Precision)}）"));

    internal string GrantStateWord(GrantState state) => state switch
    {
        GrantState.Requested => Say("Asked", "已请求"),
        GrantState.Granted => Say("Granted", "已授权"),
        GrantState.Revoked => Say("Revoked", "已撤销"),
        GrantState.Refused => Say("Refused", "已拒绝"),
        _ => Say("Ended", "已失效"),
    };
}
