using System.Globalization;

namespace TrustChain.Server.Pages;

public sealed partial class Texts
{
    // Frame of every page.
    public string SkipToContent => Say("Skip to content", "跳到正文");
    public string LanguageSwitch => Say("Language", "语言");
    public string Footer => Say("Run by", "运营方");
    public string Home => Say("Home", "首页");

    // The item.
    public string ItemWithoutName => Say("Item without a name", "未命名商品");
    public string Picture => Say("Picture from the producer", "企业提供的图片");
    public string Producer => Say("Registered by", "登记企业");
    public string Origin => Say("Origin", "产地");
    public string Variety => Say("Variety or model", "品种或型号");
    public string Quantity => Say("Amount", "数量");
    public string Identifier => Say("Identifier", "标识");
    public string SaidByProducer => Say("as stated by the producer", "以上由企业申报");
    public string AnswerHeading => Say("What the checks say", "核验结论");
    public string WhatToDo => Say("What to do", "怎么办");
    public string AlsoTrue => Say("Worth knowing as well", "另请知悉");
    public string Recalls => Say("Recall notices", "召回公告");
    public string RecallInForce => Say("In force", "生效中");
    public string RecallNotice => Say("Read the notice", "查看公告");

    // The journey.
    public string Journey => Say("Journey", "流转过程");
    public string OldestFirst => Say("Oldest first", "从早到晚");
    public string NewestFirst => Say("Newest first", "从晚到早");
    public string Order => Say("Order of the steps", "排列顺序");
    public string NoSteps => Say("No steps are public yet. The item is registered; its producer has not recorded what happened to it, or keeps it private.", "暂无公开的流转环节。该商品已登记，企业尚未登记流转过程，或未将其公开。");
    public string MoreSteps => Say("Show further steps", "查看更多环节");
    public string ThirdParty => Say("Third party", "第三方");
    public string ThirdPartyMeaning => Say("said by an organisation that did not register this item", "由非登记企业的机构陈述");
    public string When => Say("When", "时间");
    public string Where => Say("Where", "地点");
    public string Who => Say("Who says so", "陈述方");
    public string How => Say("How signed", "签名方式");
    public string WhereUnknown => Say("not stated", "未说明");
    public string Checks => Say("Checks", "核验");
    public string Readings => Say("Readings", "测量值");
    public string ReadingType => Say("What", "项目");
    public string ReadingValue => Say("Value", "数值");
    public string ReadingTime => Say("When", "时间");
    public string Unusual => Say("Unusual", "异常");
    public string Documents => Say("Documents", "文件");
    public string Proof => Say("Proof of this step", "此环节的证明");
    public string KeyId => Say("Key", "密钥");
    public string EventHash => Say("Event hash", "事件哈希");
    public string EventId => Say("Event identifier", "事件标识");
    public string InLog => Say("In the log", "公开日志");
    public string NotInLog => Say("being entered in the log", "正在写入日志");
    public string AnchorPending => Say("the public anchor follows within minutes", "公链存证将在几分钟内完成");
    public string Anchored => Say("Anchored", "公链存证");
    public string StepEvidence => Say("Evidence of this step (JSON)", "此环节的证据文件 (JSON)");
    public string OtherSite => Say("other site", "外部网站");
    public string DocumentSigned => Say("its digest is part of the signed statement", "其摘要包含在已签名的陈述中");
    public string DocumentNotSigned => Say("linked only; its content is not signed", "仅为链接，内容未签名");
    public string ShowFull => Say("Show in full", "显示全文");
    public string Copy => Say("Copy", "复制");
    public string Copied => Say("Copied", "已复制");

    // Certificates and reports.
    public string Certificates => Say("Certificates and reports", "证书与报告");
    public string NoCertificates => Say("None were registered for this item.", "此商品未登记证书或报告。");
    public string Issuer => Say("Issued by", "发证机构");
    public string StatedBy => Say("Registered here by", "登记方");
    public string NotConfirmed => Say("the issuer has not signed it here", "发证机构未在此签名");
    public string Number => Say("Number", "编号");
    public string Validity => Say("Valid", "有效期");
    public string State => Say("State", "状态");
    public string StateValid => Say("Valid today", "当前有效");
    public string Reason => Say("Reason", "原因");
    public string OpenDocument => Say("Open the document", "查看文件");

    // Check it yourself.
    public string CheckYourself => Say("Check it yourself", "自行核验");
    public string CheckIntro => Say(
        "You need not believe this page. The evidence file holds the records, signatures and proofs; anyone can check it against the public chain.",
        "您不必相信本页。证据文件包含记录、签名与证明，任何人都可以对照公链核验。");
    public string VerifyButton => Say("Verify in this browser", "在此浏览器中核验");
    public string VerifyNote => Say(
        "This page, its script and the chain address it asks come from the operator. Only a verifier you obtained elsewhere is independent. Pressing the button asks the chain node:",
        "本页、核验脚本及其访问的公链节点地址均由运营方提供。只有从别处取得的核验工具才是独立的。按下按钮后将访问公链节点：");
    public string NoRpc => Say("no chain node is configured, so anchors cannot be checked here", "未配置公链节点，此处无法核验公链存证");
    public string NoScript => Say(
        "This button needs JavaScript, which is off. Everything else on this page works without it. To check without JavaScript, use the command below.",
        "此按钮需要 JavaScript，而它已被关闭。本页其他内容不受影响。如需核验，请使用下面的命令。");
    public string WithCommand => Say("With the command-line verifier", "使用命令行工具");
    public string CommandNote => Say("It also recomputes the event hashes, which the browser does not. Take the trust file from a source you trust, not only from here.", "它还会重新计算事件哈希，浏览器不做这一步。请从您信任的渠道取得信任文件，而不仅仅从本站下载。");
    public string Download => Say("To download", "下载");
    public string EvidenceFile => Say("Evidence file (JSON)", "证据文件 (JSON)");
    public string TrustFile => Say("Trust file (JSON)", "信任文件 (JSON)");
    public string QrCode => Say("QR code of this item", "此商品的二维码");
    public string Anchors => Say("Anchors on the public chain", "公链存证");
    public string NoAnchors => Say("None yet: the public anchor follows within minutes.", "暂无：公链存证将在几分钟内完成。");
    public string Chain => Say("Chain", "链");
    public string Contract => Say("Contract", "合约");
    public string Transaction => Say("Transaction", "交易");
    public string Block => Say("Block", "区块");
    public string Covers => Say("Covers", "覆盖");

    // About the service.
    public string About => Say("Who runs this service, and what it cannot know", "谁在运营本服务，它无法知道什么");
    public string AboutRun => Say("This service is run by {0}. It records what organisations state, and proves that the statements were not changed afterwards.", "本服务由{0}运营。它登记各机构的陈述，并证明这些陈述此后未被改动。");
    public IReadOnlyList<string> AboutLimits =>
    [
        Say("It cannot know whether what an organisation states is true. A signature shows who said it, not that it is so.", "它无法知道机构的陈述是否属实。签名只说明是谁说的，不说明所说为真。"),
        Say("It cannot know whether this label is on the thing it was printed for. A label can be copied.", "它无法知道标签是否贴在原本的商品上。标签可能被复制。"),
        Say("It cannot know what nobody recorded. Missing steps are not shown.", "它无法知道没有登记的事。未登记的环节不会显示。"),
        Say("It cannot change an anchored record without being seen, but it could refuse to record; receipts show that.", "它无法在不被发现的情况下改动已存证的记录；它可以拒绝登记，但回执会让人看到。"),
    ];

    // Home.
    public string HomeTitle => Say("Records that strangers can check", "陌生人也能核验的记录");
    public string HomeWhat => Say(
        "Organisations sign what happens to their goods and machines. The statements go into a public, append-only log, and the log is anchored on a public chain. Whoever scans a code sees who stated what, and can check that nothing was changed afterwards, without trusting this service.",
        "各机构对其商品与设备上发生的事签名。这些陈述写入只增不改的公开日志，日志再存证于公链。扫码者可以看到谁说了什么，并自行核验此后未被改动，无需信任本服务。");
    public string HomeHow => Say("Scan a code, or open one of these items:", "请扫码，或打开以下商品：");
    public string HomeNoItems => Say("No items are listed here. Scan a code on a product to see its page.", "此处未列出商品。请扫描产品上的二维码查看。");
    public string Log => Say("State of the log", "日志状态");
    public string LogOrigin => Say("Name", "名称");
    public string LogSize => Say("Entries", "条目数");
    public string LogEmpty => Say("The log is empty: nothing has been recorded yet.", "日志为空：尚无登记。");
    public string Checkpoint => Say("Last signed", "最近签名");
    public string LastAnchor => Say("Last anchor", "最近存证");
    public string ForDevelopers => Say("For developers and auditors", "开发者与审计者");
    public string OpenApi => Say("API description (OpenAPI)", "接口说明 (OpenAPI)");
    public string CheckpointLink => Say("Signed checkpoint", "已签名的检查点");
    public string AnchorsLink => Say("All anchors", "全部存证");

    // Unknown items and errors.
    public string UnknownCode => Say("The code as we read it", "我们读到的编码");
    public string UnknownFault => Say("What is wrong with the code", "编码的问题");
    public string TraceId => Say("Tell the operator this number", "请将此编号告知运营方");
    public string ProblemCode => Say("Code", "代码");
    public string BackHome => Say("Go to the home page", "返回首页");

    /// <summary>How many more readings the evidence has.</summary>
    public string MoreReadings(int count) => Say($"{Count(count)} further readings are in the evidence file", $"证据文件中还有 {Count(count)} 条测量值");

    /// <summary>How many steps are shown of how many.</summary>
    public string InColdStorage(int steps) => Say(
        $"Content in cold storage, not shown: {Count(steps)} steps. They are in the log as before; the operator can bring the content back.",
        $"{Count(steps)} 个环节的内容已转入离线存储，未显示；其日志记录不变，运营方可恢复内容。");

    public string Shown(int shown, int total) => Say($"{Count(shown)} of {Count(total)} steps are shown", $"共 {Count(total)} 个环节，显示 {Count(shown)} 个");

    /// <summary>Place in the log.</summary>
    public string Entry(long index) => Say($"entry {Count(index)}", $"第 {Count(index)} 条");

    /// <summary>Block of an anchor.</summary>
    public string InBlock(long block) => Say($"block {Count(block)}", $"区块 {Count(block)}");

    /// <summary>Entries under an anchor.</summary>
    public string FirstEntries(long size) => Say($"the first {Count(size)} entries", $"前 {Count(size)} 条");

    /// <summary>When a recall was lifted.</summary>
    public string Lifted(DateTimeOffset on) => Say($"Lifted on {Date(on)}", $"已于{Date(on)}解除");

    /// <summary>Validity of a certificate.</summary>
    public string Valid(DateTimeOffset? from, DateTimeOffset? to) => (from, to) switch
    {
        ({ } f, { } t) => Say($"{Date(f)} to {Date(t)}", $"{Date(f)}至{Date(t)}"),
        ({ } f, null) => Say($"from {Date(f)}, without end", $"{Date(f)}起，长期有效"),
        (null, { } t) => Say($"to {Date(t)}", $"至{Date(t)}"),
        _ => Say("not stated", "未说明"),
    };

    /// <summary>When a certificate begins.</summary>
    public string Begins(DateTimeOffset? on) => on is { } from ? Say($"Not valid before {Date(from)}", $"{Date(from)}起生效") : Say("Not valid yet", "尚未生效");

    /// <summary>Heading, meaning and advice of an error page.</summary>
    public (string Heading, string Meaning, string Advice) Problem(int status) => status switch
    {
        400 or 422 => (
            Say("We could not read this address", "无法识别此地址"),
            Say("The code or address is not well-formed. This says nothing about the product.", "编码或地址格式不正确。这不代表产品有问题。"),
            Say("Compare it with the label, or scan the code again.", "请与标签核对，或重新扫码。")),
        401 or 403 or 404 or 410 => (
            Say("There is nothing to show here", "此处没有可显示的内容"),
            Say("The address is wrong, or what stood here is not public.", "地址有误，或其内容未公开。"),
            Say("Check the address, or start from the home page.", "请检查地址，或从首页开始。")),
        409 or 503 => (
            Say("Not ready just now", "暂时无法提供"),
            Say("The service is busy or is still entering the record. This is not a sign of a problem with the product.", "服务繁忙，或记录仍在写入。这不代表产品有问题。"),
            Say("Try again in a minute.", "请一分钟后再试。")),
        429 => (
            Say("Too many requests", "请求过于频繁"),
            Say("Many requests came from your network in a short time. This is not a sign of a problem with the product.", "短时间内来自您所在网络的请求过多。这不代表产品有问题。"),
            Say("Wait a little, then try again.", "请稍候再试。")),
        _ => (
            Say("Something went wrong on our side", "我们这边出了问题"),
            Say("The service met an error. This is not a sign of a problem with the product, and no record was changed.", "服务遇到错误。这不代表产品有问题，任何记录都没有被改动。"),
            Say("Try again later. If it stays, tell the operator.", "请稍后再试。如仍出现，请告知运营方。")),
    };

    /// <summary>When to try again.</summary>
    public string RetryAfter(TimeSpan after) => after < TimeSpan.FromMinutes(2)
        ? Say($"Try again in {Math.Ceiling(after.TotalSeconds)} seconds.", $"请在 {Math.Ceiling(after.TotalSeconds)} 秒后再试。")
        : Say($"Try again in {Math.Ceiling(after.TotalMinutes)} minutes.", $"请在 {Math.Ceiling(after.TotalMinutes)} 分钟后再试。");

    /// <summary>A whole number with spaces between groups of three digits.</summary>
    public static string Count(long number) => number.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', '\u202f');
}
