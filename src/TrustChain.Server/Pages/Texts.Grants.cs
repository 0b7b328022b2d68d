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

    internal string VerdictsLink => Say("All answers with their records (JSON)", "全部结论及依据记录 (JSON)");

    internal string DoneAsked => Say("The request is on its way. It appears below until it is answered or ends.", "请求已提交，在答复或失效之前显示于下方。");

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
