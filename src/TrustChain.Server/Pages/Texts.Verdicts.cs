using System.Diagnostics;
using TrustChain.Core.Verification;

namespace TrustChain.Server.Pages;

public sealed partial class Texts
{
    /// <summary>The one sentence of a verdict.</summary>
    public Sentence Answer(Verdict verdict) => verdict switch
    {
        Verdict.AllPassed => Say("Records checked: nothing has been changed since they were recorded", "记录已核验:自登记以来未被改动"),
        Verdict.AnchorPending => Say("Recorded and signed; the public anchor follows within minutes", "已登记并签名,公链存证将在几分钟内完成"),
        Verdict.Custodial => Say("Signed by this service on the producer's behalf", "由本平台代企业签名"),
        Verdict.SelfDeclared => Say("Stated by the producer, not measured", "企业自行申报,未经设备核实"),
        Verdict.CheckFailed v => Say($"Do not rely on this: {Name(v.What)} does not match {Name(v.Against)}.", $"请勿采信:{Name(v.What)}与{Name(v.Against)}不一致"),
        Verdict.CouldNotCheck v => Say(
            $"We could not check {Name(v.What)} just now: {Name(v.Why)}. This is not a sign of a problem with the product.",
            $"目前无法核验{Name(v.What)}:{Name(v.Why)}。这不代表产品有问题"),
        Verdict.Recalled v => Recalled(v.Recall),
        Verdict.CertificateExpired v => Say($"This certificate ended on {Date(v.On)}", $"该证书已于{Date(v.On)}到期"),
        Verdict.CertificateRevoked v => new Sentence(Say("This certificate was withdrawn by {0}", "该证书已被{0}撤销"), v.Issuer),
        Verdict.Unknown => Say("Nobody has registered this code. It may be a copy or a typing mistake", "此码未登记,可能是仿冒或录入错误"),
        Verdict.ScannedOften v => Say(
            $"This code has been scanned {v.Scans} times in {v.Places} places; a label can be copied",
            $"此码已在{v.Places}地被扫描{v.Scans}次,标签可能被复制"),
        Verdict.Erased v => Erased(v.On, v.AtRequestOf),
        _ => throw new UnreachableException(),
    };

    /// <summary>The one word beside the icon.</summary>
    public string Word(Verdict verdict) => verdict switch
    {
        Verdict.AllPassed => Say("Checked", "已核验"),
        Verdict.AnchorPending => Say("Recorded", "已登记"),
        Verdict.Custodial => Say("Signed for the producer", "代为签名"),
        Verdict.SelfDeclared => Say("Stated only", "自行申报"),
        Verdict.CheckFailed => Say("Check failed", "核验不符"),
        Verdict.CouldNotCheck => Say("Not checked", "无法核验"),
        Verdict.Recalled => Say("Recalled", "已召回"),
        Verdict.CertificateExpired => Say("Ended", "已到期"),
        Verdict.CertificateRevoked => Say("Withdrawn", "已撤销"),
        Verdict.Unknown => Say("Not registered", "未登记"),
        Verdict.ScannedOften => Say("Look closely", "请留意"),
        Verdict.Erased => Say("Erased", "已删除"),
        _ => throw new UnreachableException(),
    };

    /// <summary>What it means, in a sentence or two: who claims, what is proven, since when. Null where the answer says it all.</summary>
    public string? Meaning(Verdict verdict) => verdict switch
    {
        Verdict.AllPassed { Since: { } since } => Say(
            $"What each step says was stated by the organisation named there. Proven: these statements have stood unchanged on a public chain since {Date(since)} at the latest. Not proven: that they are true, or that this label belongs to the thing in your hand.",
            $"每个环节的内容由其所列机构陈述。可以证明：这些陈述最迟自{Date(since)}起已存证于公链，未被改动。不能证明：陈述本身属实，或标签确属您手中的实物。"),
        Verdict.AllPassed => Say(
            "What each step says was stated by the organisation named there. Proven: these statements have not been changed. Not proven: that they are true, or that this label belongs to the thing in your hand.",
            "每个环节的内容由其所列机构陈述。可以证明：这些陈述未被改动。不能证明：陈述本身属实，或标签确属您手中的实物。"),
        Verdict.AnchorPending => Say(
            "Until then it rests on the signature of this service's log alone.",
            "在此之前，仅有本平台日志的签名作为依据。"),
        Verdict.Custodial => Say(
            "The producer does not hold a key of its own for these steps; that they came from the producer rests on the word of this service.",
            "企业在这些环节未使用自持密钥；内容出自该企业，以本平台的说法为准。"),
        Verdict.Unknown => Say(
            "This service knows nothing about this code. That alone does not prove a fake: the producer may use another service.",
            "本平台没有此码的任何信息。仅凭这一点不能认定为假货：企业可能使用其他平台。"),
        Verdict.Erased => Say("Signature, log and anchor can still be checked; the content cannot.", "签名、日志与存证仍可核验，内容已不可核验。"),
        _ => null,
    };

    /// <summary>What the reader should do; null when nothing is needed.</summary>
    public string? Advice(Verdict verdict) => verdict switch
    {
        Verdict.CheckFailed => Say(
            "Do not rely on what is said below. Keep the product and its packaging, do not use it until this is cleared up, and tell the seller or producer the address of this page.",
            "请勿采信以下内容。请保留产品与包装，查清之前不要使用，并将本页地址告知销售者或生产企业。"),
        Verdict.CouldNotCheck => Say(
            "Try again later. You need not wait for us: under \"Check it yourself\" there is a way without this page.",
            "请稍后再试。您也不必等待我们：“自行核验”一节提供不依赖本页的方法。"),
        Verdict.Recalled { Recall.WhatToDo: null } => Say(
            "Do not use it. Ask the seller or the producer what to do with it.",
            "请勿使用，并向销售者或生产企业询问处理方式。"),
        Verdict.Recalled => Say("If anything is unclear, ask the organisation named above.", "如有疑问，请联系上述企业。"),
        Verdict.AnchorPending => Say("Look again in a few minutes if you need the anchor.", "如需公链存证，请几分钟后再查看。"),
        Verdict.Unknown => Say(
            "If you typed the code, compare it with the label. If you scanned it, keep the packaging and ask the seller where it came from.",
            "如为手工输入，请与标签核对。如为扫码，请保留包装并向销售者询问来源。"),
        Verdict.ScannedOften => Say("Compare the packaging, the seal and the seller with what is said below.", "请将包装、封签和销售渠道与以下内容对照。"),
        _ => null,
    };

    /// <summary>Name of a checked thing, to stand within a sentence.</summary>
    public string Name(Checked what) => what switch
    {
        Checked.Record => Say("the record", "登记记录"),
        Checked.Log => Say("the public log", "公开日志"),
        Checked.LogSignature => Say("the log's signature", "日志签名"),
        Checked.Evidence => Say("the evidence file", "证据文件"),
        Checked.Anchor => Say("the public anchor", "公链存证"),
        Checked.Chain => Say("the public chain", "公链内容"),
        Checked.Key => Say("the signing key", "签名密钥"),
        Checked.ValidKey => Say("a key that was valid then", "当时有效的密钥"),
        Checked.Signature => Say("the signature", "签名"),
        Checked.Statement => Say("the signed statement", "已签名的陈述"),
        Checked.Content => Say("the content of a step", "环节内容"),
        Checked.Document => Say("a document", "文件"),
        Checked.Notice => Say("a certificate or recall notice", "证书或召回公告"),
        Checked.Receipt => Say("a receipt", "回执"),
        _ => throw new UnreachableException(),
    };

    /// <summary>Name of an obstacle, to stand after a colon.</summary>
    public string Name(Obstacle why) => why switch
    {
        Obstacle.ChainUnreachable => Say("the public chain did not answer", "公链节点没有应答"),
        Obstacle.NotYetLogged => Say("it is being entered in the log", "正在写入公开日志"),
        Obstacle.AlgorithmNotAvailable => Say("the signature method is not available here", "此处不支持该签名算法"),
        Obstacle.Erased => Say("the content was erased", "内容已删除"),
        Obstacle.ContentMissing => Say("the content is not public", "内容未公开"),
        Obstacle.NothingToCompare => Say("there is nothing trusted to compare with", "缺少可信的比对依据"),
        Obstacle.OtherCheckFailed => Say("another check it rests on did not pass", "其所依据的另一项核验未通过"),
        Obstacle.Busy => Say("the service is busy", "服务繁忙"),
        _ => throw new UnreachableException(),
    };

    /// <summary>The small mark of a step.</summary>
    public string Mark(StepView step) => step.Outcome switch
    {
        Outcome.Failed => Say("Check failed", "核验不符"),
        Outcome.CouldNotCheck => Say("Could not be checked", "无法核验"),
        _ when step.LogIndex is null => Say("Signed; entering the log", "已签名，正在写入日志"),
        _ when step.Anchor is null => Say("Signed and in the log; anchor pending", "已签名入日志，待公链存证"),
        _ => Say("Signed, in the log, anchored", "已签名、入日志、公链存证"),
    };

    private Sentence Recalled(RecallView recall)
    {
        var format = Say($"Recalled on {Date(recall.Since)} by {{0}}: {{1}}.", $"{{0}}已于{Date(recall.Since)}召回:{{1}}。");
        var reason = recall.Reason with { Text = recall.Reason.Text.TrimEnd('.', '。', ' ') };
        return recall.WhatToDo is { } advice
            ? new Sentence($"{format}{Say(" ", "")}{{2}}", recall.By, reason, advice)
            : new Sentence(format, recall.By, reason);
    }

    private Sentence Erased(DateTimeOffset on, Phrase by) => new(
        Say($"The content was erased on {Date(on)} at the request of {{0}}; that it existed is still proven", $"内容已应{{0}}要求于{Date(on)}删除,其存在仍可证明"), by);
}
