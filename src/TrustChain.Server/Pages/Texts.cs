using System.Diagnostics;
using System.Globalization;
using TrustChain.Core.Log;

namespace TrustChain.Server.Pages;

/// <summary>
/// Every sentence of the pages in both languages, side by side. Words of what is proven are chosen so that they claim no more than the checks show.
/// The sentences of the verification in the browser are in <c>wwwroot/verify-texts.js</c>.
/// </summary>
public sealed partial class Texts
{
    private static readonly Texts English = new(PageLanguage.English);
    private static readonly Texts Chinese = new(PageLanguage.Chinese);

    private readonly bool _zh;

    private Texts(PageLanguage language)
    {
        Language = language;
        _zh = language == PageLanguage.Chinese;
    }

    /// <summary>The language.</summary>
    public PageLanguage Language { get; }

    /// <summary>The words of a language.</summary>
    public static Texts Of(PageLanguage language) => language == PageLanguage.Chinese ? Chinese : English;

    /// <summary>Date in words: <c>3 April 2026</c>, <c>2026年4月3日</c>; in the offset it was stated in.</summary>
    public string Date(DateTimeOffset time) => time.ToString(_zh ? "yyyy'年'M'月'd'日'" : "d MMMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>Date and time with the offset it was stated in: <c>3 April 2026, 09:12 (UTC+08:00)</c>.</summary>
    public string Moment(DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"{Date(time)}{Say(", ", " ")}{time:HH:mm} ({Offset(time)})");

    /// <summary>To the second, for hover.</summary>
    public string Exact(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss.FFF zzz", CultureInfo.InvariantCulture);

    /// <summary>A relative word: <c>3 days ago</c>, <c>in 2 hours</c>.</summary>
    public string Relative(DateTimeOffset time, DateTimeOffset now)
    {
        var span = now - time;
        var past = span >= TimeSpan.Zero;
        var minutes = Math.Abs(span.TotalMinutes);
        if (minutes < 1)
        {
            return Say("just now", "刚刚");
        }
        var (n, unit, zh) = minutes switch
        {
            < 60 => (minutes, "minute", "分钟"),
            < 60 * 24 => (minutes / 60, "hour", "小时"),
            < 60 * 24 * 30 => (minutes / (60 * 24), "day", "天"),
            < 60 * 24 * 365 => (minutes / (60 * 24 * 30.44), "month", "个月"),
            _ => (minutes / (60 * 24 * 365.25), "year", "年"),
        };
        var count = Math.Max(1, (int)n);
        var words = string.Create(CultureInfo.InvariantCulture, $"{count} {(_zh ? zh : count == 1 ? unit : unit + "s")}");
        return _zh ? $"{words}{(past ? "前" : "后")}" : past ? $"{words} ago" : $"in {words}";
    }

    /// <summary>An amount with its unit spelled out.</summary>
    public Phrase Amount(string value, string? unit) => new($"{value} {(unit is null ? Say("pieces", "件") : Vocabulary.Unit(unit, Language).Text)}", Language.Tag());

    /// <summary>Length of a document.</summary>
    public string Size(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} {Say("bytes", "字节")}"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.#} kB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB"),
    };

    /// <summary>How the key was held, for one step.</summary>
    public string Signed(Custody custody) => custody switch
    {
        Custody.Self => Say("Signed with a key the organisation holds itself", "由登记方自持密钥签名"),
        Custody.Custodial => Say("Signed by this service on this organisation's behalf", "由本平台代该机构签名"),
        Custody.Imported => Say("Taken over from another system and signed by this service", "由其他系统导入，由本平台签名"),
        _ => throw new UnreachableException(),
    };

    /// <summary>Part that an amount plays.</summary>
    public string Role(QuantityRole role) => role switch
    {
        QuantityRole.Subject => Say("Amount", "数量"),
        QuantityRole.Input => Say("Used", "投入"),
        QuantityRole.Output => Say("Made", "产出"),
        QuantityRole.Child => Say("Packed or attached", "装入"),
        _ => throw new UnreachableException(),
    };

    /// <summary>What another item is to this one.</summary>
    public string Role(RelatedRole role) => role switch
    {
        RelatedRole.MadeFrom => Say("Made from", "原料来自"),
        RelatedRole.MadeInto => Say("Made into", "加工成"),
        RelatedRole.PackedIn => Say("Packed in or attached to", "装入或安装于"),
        RelatedRole.TakenOutOf => Say("Taken out of", "取出自"),
        RelatedRole.Contains => Say("Contains", "包含"),
        RelatedRole.Together => Say("Handled together with", "一同处理"),
        _ => throw new UnreachableException(),
    };

    /// <summary>The sentence of a remark on a step.</summary>
    public Sentence Note(StepNote note) => note switch
    {
        StepNote.DeclaredWrong { Reason: { } reason } n => new Sentence(Say($"Its author declared this step wrong on {Date(n.At)}: {{0}}", $"登记方已于{Date(n.At)}声明此环节有误：{{0}}"), reason),
        StepNote.DeclaredWrong n => Say($"Its author declared this step wrong on {Date(n.At)}", $"登记方已于{Date(n.At)}声明此环节有误"),
        StepNote.DeclaresWrong n => new Sentence(Say("Declares an earlier step wrong: {0}", "声明先前的环节有误：{0}"), n.EventId),
        StepNote.Corrects n => new Sentence(Say("Corrects an earlier step: {0}", "更正先前的环节：{0}"), n.EventId),
        StepNote.Erased n => Erased(n.At, n.AtRequestOf),
        StepNote.CorroboratedBy n => new Sentence(Say("Also recorded by {0}", "{0}也登记了同一事件"), n.Organisation),
        StepNote.KeyEndedLater n => Say($"The key was ended on {Date(n.At)}, after this step; the step stands", $"签名密钥已于{Date(n.At)}停用，此环节在停用之前，仍然有效"),
        StepNote.KeyRecoveredByOperator n => Say($"The signing key was recovered by the operator of this service on {Date(n.At)}", $"签名密钥曾于{Date(n.At)}由平台运营方恢复"),
        StepNote.PartlyPrivate => Say("Part of this step is not public", "此环节的部分内容未公开"),
        _ => throw new UnreachableException(),
    };

    internal string Say(string english, string chinese) => _zh ? chinese : english;

    private static string Offset(DateTimeOffset time) => time.Offset == TimeSpan.Zero ? "UTC" : time.ToString("'UTC'zzz", CultureInfo.InvariantCulture);
}
