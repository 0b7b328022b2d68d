using System.Diagnostics;
using TrustChain.Core.Devices;
using TrustChain.Server.Pages.Devices;

namespace TrustChain.Server.Pages;

/// <summary>Words of the checks of a device's history.</summary>
public sealed partial class Texts
{
    /// <summary>Name of a check.</summary>
    internal string CheckName(string check) => check switch
    {
        "coverage" => Say("Completeness", "完整性"),
        "sequence" => Say("Numbering", "编号"),
        "meters" => Say("Meters", "计数器"),
        "speed" => Say("Speed", "速度"),
        "place" => Say("Place", "位置"),
        "energy" => Say("Energy", "能耗"),
        "stuck" => Say("Standstill", "停滞"),
        "range" => Say("Range", "范围"),
        "clock" => Say("Clock", "时钟"),
        "keys" => Say("Keys", "密钥"),
        _ => check,
    };

    /// <summary>What a check looks at.</summary>
    internal string CheckAsks(string check) => check switch
    {
        "coverage" => Say("Are the readings there that the device should have made?", "应有的读数是否都在？"),
        "sequence" => Say("Are all statements there, each once and each naming the one before it?", "声明是否连续编号、无重号、首尾相接？"),
        "meters" => Say("Did every meter only rise, and no faster than it can?", "计数器是否只增不减、增速合理？"),
        "speed" => Say("Did it move no faster than it can?", "移动速度是否在可能范围内？"),
        "place" => Say("Did it stay in its area?", "是否一直在围栏区域内？"),
        "energy" => Say("Do the hours it ran go with the energy it used?", "工时与能耗是否相符？"),
        "stuck" => Say("Did no value stand still while the machine ran?", "设备运行时数值是否正常变化？"),
        "range" => Say("Are all values plausible?", "数值是否都在合理范围内？"),
        "clock" => Say("Does the device's clock go with the time of arrival?", "设备时钟与到达时间是否一致？"),
        "keys" => Say("Did no key go on after a newer one had begun?", "更换密钥后，旧密钥是否停止使用？"),
        _ => "",
    };

    /// <summary>A check's answer in a few words.</summary>
    internal string OutcomeWord(VerdictOutcome outcome, bool isGrave) => outcome switch
    {
        VerdictOutcome.Passed => Say("Passed", "通过"),
        VerdictOutcome.Failed when isGrave => Say("Failed", "不符"),
        VerdictOutcome.Failed => Say("Look closely", "请留意"),
        _ => Say("Not checked", "无法核验"),
    };

    /// <summary>A check's sentence in the page's language; null where the sentence of the rule, which is English, is all there is to say.</summary>
    internal string? CheckSentence(DeviceVerdict verdict, DevicePeriod period)
    {
        if (!_zh)
        {
            return null;
        }
        var sentence = verdict.Code switch
        {
            "sealed" => "所需数据已加密，未予核验。",
            "no-data" => "所需数据缺失。",
            "not-in-template" => "该类设备未规定此项规则。",
            "not-granted" => "授权未覆盖所需数据。",
            "imported" => "全部数据由外部导入，到达时间不能说明时钟是否准确。",
            "ok" => verdict.Check switch
            {
                "coverage" => "没有超过三个采样间隔的缺失。",
                "sequence" => "编号齐全，无重号，每份声明都引用前一份。",
                "meters" => "计数器没有倒退或异常增长。",
                "speed" => "移动速度均在可能范围内。",
                "place" => "始终在围栏区域内。",
                "energy" => "能耗与运行时间相符。",
                "stuck" => "没有数值异常停滞。",
                "range" => "所有数值均在合理范围内。",
                "clock" => "时钟与到达时间相符，从未倒退。",
                _ => "更换密钥后，旧密钥未再使用。",
            },
            _ => FindingTexts.Title(verdict.Code, "zh") + "。",
        };
        return verdict.Check == "coverage" && period.ExpectedReadings > 0 ? $"{ReadingsOf(period.CoveredReadings, period.ExpectedReadings)}。{sentence}" : sentence;
    }

    /// <summary>That an answer rests on the service's word.</summary>
    internal string ByTheService => Say(
        "The places are encrypted. This service has the keys, decrypted them and checked them itself. The evidence file cannot show this: there the answer is “could not check”.",
        "位置数据已加密。本平台持有密钥，解密后自行核验。证据文件无法证明这一结论：其中该项显示为“无法核验”。");

    /// <summary>The one word beside the icon.</summary>
    internal string Word(DeviceAnswer answer) => answer.Kind switch
    {
        DeviceAnswerKind.Passed => Say("Checked", "已核验"),
        DeviceAnswerKind.TakeCare => Say("Look closely", "请留意"),
        DeviceAnswerKind.DoNotRely => Say("Check failed", "核验不符"),
        _ => Say("Not checked", "无法核验"),
    };

    /// <summary>The answer in one sentence.</summary>
    internal string Answer(DeviceAnswer answer)
    {
        if (answer.Kind == DeviceAnswerKind.Passed)
        {
            return Say("Records checked: in this period nothing contradicts anything else, and no reading is missing for long", "记录已核验:本时段数据未见矛盾,亦无长时间缺失");
        }
        if (answer.Kind == DeviceAnswerKind.CouldNotCheck)
        {
            return Say("We could not check this device's history just now: nothing came from it in this period. This is not a sign of a problem with the device.", "目前无法核验该设备的历史:本时段没有数据。这不代表设备有问题");
        }
        var (what, against) = Mismatch(answer.Check);
        return answer.Kind == DeviceAnswerKind.DoNotRely
            ? Say($"Do not rely on this: {what} does not match {against}.", $"请勿采信:{what}与{against}不一致")
            : Say($"Take care: {what} does not match {against}. It may be innocent, such as a lost connection.", $"请留意:{what}与{against}不一致。可能并无恶意,例如网络中断");
    }

    /// <summary>What the answer means.</summary>
    internal string Meaning(DeviceAnswer answer) => answer.Kind switch
    {
        DeviceAnswerKind.Passed => Say(
            "The device stated these values and signed them with its own key. Proven: they are in the public log in the order of their numbers, and the checks below found no contradiction. Not proven: that its sensors measured rightly, or that the key sits in the machine in front of you.",
            "数值由设备陈述并以其自身密钥签名。可以证明：数据已按编号顺序写入公开日志，以下核验未见矛盾。不能证明：传感器测量准确，或密钥确在您面前的设备中。"),
        DeviceAnswerKind.CouldNotCheck => Say("Choose another period, or look at when the device was last heard of.", "请选择其他时段，或查看设备最近活动时间。"),
        _ => Say("Below is what was found, with the records it rests on.", "以下列出发现的问题及其依据记录。"),
    };

    /// <summary>What to do about it; null when nothing.</summary>
    internal string? Advice(DeviceAnswer answer) => answer.Kind switch
    {
        DeviceAnswerKind.DoNotRely => Say(
            "Do not base a decision on this period before it is cleared up. Ask the owner about the findings below, and keep the evidence file.",
            "查清之前，请勿以本时段数据作为决策依据。请就以下问题询问所有者，并保存证据文件。"),
        DeviceAnswerKind.TakeCare => Say(
            "Ask the owner what happened at these times. Data that come later close a gap by themselves.",
            "请向所有者询问相应时段的情况。数据补传后，缺口会自行消除。"),
        _ => null,
    };

    /// <summary>How many checks could not be made, of ten.</summary>
    internal string NotChecked(int count) => Say($"{count} of 10 checks could not be made; each says why below.", $"10 项核验中有 {count} 项无法进行，原因见下。");

    /// <summary>A further check that failed.</summary>
    internal string AlsoFailed(string check)
    {
        var (what, against) = Mismatch(check);
        return Say($"{char.ToUpperInvariant(what[0])}{what[1..]} does not match {against}.", $"{what}与{against}不一致。");
    }

    /// <summary>Word of a finding's severity.</summary>
    internal string SeverityWord(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Alarm => Say("Alarm", "告警"),
        FindingSeverity.Notice => Say("Notice", "提示"),
        _ => Say("Good to know", "知悉"),
    };

    /// <summary>How often a finding was counted.</summary>
    internal string Times(int times) => Say($"{Count(times)} times", $"{Count(times)} 次");

    /// <summary>What an entry of a device's life says.</summary>
    internal Sentence LifeStep(DeviceLifeStep step) => step.Act switch
    {
        DeviceActKind.Enrol => new Sentence(Say("Enrolled with its first key by {0}", "由{0}注册首个密钥"), step.Organisation),
        DeviceActKind.Rotate => Say("The device itself went over to a new key", "设备自行更换密钥"),
        DeviceActKind.Replace => new Sentence(Say("Key replaced by {0}", "由{0}更换密钥"), step.Organisation),
        DeviceActKind.Revoke => new Sentence(Say("Key ended by {0}", "由{0}停用密钥"), step.Organisation),
        DeviceActKind.Transfer => new Sentence(Say("Offered by {0} to {1}", "由{0}转让给{1}"), step.Organisation, step.To ?? ""),
        DeviceActKind.Accept => new Sentence(Say("Accepted by {0}, the owner from here on", "由{0}接收，自此为所有者"), step.Organisation),
        DeviceActKind.Retire => new Sentence(Say("Retired by {0}", "由{0}退役"), step.Organisation),
        _ => throw new UnreachableException(),
    };

    /// <summary>From which entry on a key must not be believed.</summary>
    internal string CompromisedSince(long index) => Say($"Statements from entry {Count(index)} on must not be believed", $"自第 {Count(index)} 条起的声明不可采信");

    private (string What, string Against) Mismatch(string check) => check switch
    {
        "coverage" => (Say("the number of readings", "读数数量"), Say("the number expected", "应有数量")),
        "sequence" => (Say("the numbering of the statements", "声明的编号"), Say("a chain without a break", "完整的声明链")),
        "meters" => (Say("a meter", "计数器"), Say("what it showed before", "此前的读数")),
        "speed" => (Say("the way it moved", "设备的移动"), Say("how fast it can move", "可能的速度")),
        "place" => (Say("its position", "设备位置"), Say("its area", "规定区域")),
        "energy" => (Say("the time it ran", "运行时间"), Say("the energy it used", "所用能量")),
        "stuck" => (Say("a value that stands still", "停滞的数值"), Say("a running machine", "设备的运行状态")),
        "range" => (Say("a value", "某项数值"), Say("what is plausible", "合理范围")),
        "clock" => (Say("the device's clock", "设备时钟"), Say("the time of arrival", "到达时间")),
        "refusals" => (Say("a key that signed in the device's name", "以该设备名义签名的密钥"), Say("the device's key in force", "设备的有效密钥")),
        _ => (Say("the key that signed", "签名密钥"), Say("the device's key in force", "设备的有效密钥")),
    };
}
