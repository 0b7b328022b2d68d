using System.Diagnostics;
using System.Globalization;
using TrustChain.Core.Devices;

namespace TrustChain.Server.Pages;

/// <summary>Words of the pages about devices.</summary>
public sealed partial class Texts
{
    internal string Devices => Say("Devices", "设备");

    internal string AllDevices => Say("All devices", "全部设备");

    internal string Device => Say("Device", "设备");

    internal string DeviceUri => Say("Device URI", "设备 URI");

    internal string DeviceName => Say("Name", "名称");

    internal string DeviceTemplate => Say("Kind of device", "设备类型");

    internal string Maker => Say("Maker", "制造商");

    internal string Model => Say("Model", "型号");

    internal string Serial => Say("Serial number", "序列号");

    internal string Owner => Say("Owner", "所有者");

    internal string Registered => Say("Registered", "登记时间");

    internal string NeverSeen => Say("Not heard of yet", "尚无数据");

    internal string MeasuredBy => Say("Measured by", "测量设备");

    internal string MeasuredForLess(DateOnly from, DateOnly until) => Say(
        $"The event names {DaysBetween(from, until)}. This service knows the device for the days above only.", $"事件所述时段为 {DaysBetween(from, until)}，本服务仅掌握上述日期内的设备数据。");

    internal string MeasuredByService => Say(
        "Its places are encrypted. This service has the keys and checked them itself: of the places the answer is its word.", "其位置数据已加密。本平台持有密钥并自行核验：有关位置的结论以本平台的陈述为准。");

    internal string MoreMeasuredBy(int count) => Say(
        count == 1 ? "The event names one more device. This page does not say what its checks say." : $"The event names {Count(count)} more devices. This page does not say what their checks say.",
        $"事件还列出另外 {Count(count)} 台设备，本页不显示其核验结论。");

    internal string Coverage => Say("Coverage", "数据完整率");

    internal string OperatingHours => Say("Operating hours", "运行小时");

    internal string OpenAlarms => Say("Open alarms", "未消除告警");

    internal string Last30Days => Say("Coverage, hours and alarms are those of the last 30 days (UTC).", "完整率、运行小时与告警均为最近 30 天（UTC）。");

    internal string RegisterDevice => Say("Register a device", "登记设备");

    internal string FleetEmpty => Say("No devices yet", "尚无设备");

    internal string FleetEmptyMeaning => Say(
        "A device signs its own operating data with a key that it makes itself. Register it here: you get a claim code, and the device brings its key with it on first start.",
        "设备使用自行生成的密钥为其运行数据签名。请在此登记设备并取得领用码，设备首次启动时凭码提交密钥。");

    internal string FleetEmptyProgram => Say("Programs register devices with POST /api/devices, up to 500 at once with POST /api/devices/batch; docs/devices.md has the format.", "程序可通过 POST /api/devices 登记设备，或通过 POST /api/devices/batch 一次登记至多 500 台；格式见 docs/devices.md。");

    internal string NoDeviceFits => Say("No device fits this search.", "没有符合条件的设备。");

    internal string ShowAllDevices => Say("Show all devices", "显示全部设备");

    internal string Find => Say("Find devices", "查找设备");

    internal string NameOrUri => Say("Name or URI", "名称或 URI");

    internal string AnyTemplate => Say("All kinds", "全部类型");

    internal string AnyState => Say("All states", "全部状态");

    internal string OrderBy => Say("Order", "排序");

    internal string AlarmsOnly => Say("Only with open alarms", "仅显示有未消除告警的设备");

    internal string ShowThese => Say("Show", "显示");

    internal string Earlier => Say("Previous page", "上一页");

    internal string Further => Say("Next page", "下一页");

    internal string MustBeOperator => Say("Operators and admins of the organisation register devices.", "由本机构的操作员或管理员登记设备。");

    internal string DeviceUriHint => Say("A GS1 identifier such as https://id.gs1.org/8004/9520123M7, or any other absolute URI. It cannot be changed later.", "GS1 标识，如 https://id.gs1.org/8004/9520123M7，或其他绝对 URI。登记后不能更改。");

    internal string DeviceUriWrong => Say("This is no absolute URI, or a GS1 identifier with a wrong check digit.", "不是绝对 URI，或 GS1 标识的校验码不正确。");

    internal string DeviceUriTaken => Say("A device of this URI is registered already.", "该 URI 的设备已登记。");

    internal string DeviceNoClaim => Say("Your organisation has no claim over the key of this URI. An admin registers one first (POST /api/claims).", "本机构对此 URI 的编码没有权属声明。请管理员先登记（POST /api/claims）。");

    internal string TextWrong => Say("At most 200 characters, without control characters.", "至多 200 个字符，不含控制字符。");

    internal string DeviceTemplateHint => Say("It says what the device measures, how often, and what is plausible. It cannot be changed later.", "规定设备测量什么、测量频率与合理范围。登记后不能更改。");

    internal string MakeClaimCode => Say("Register and get a claim code", "登记并获取领用码");

    internal string ClaimCode => Say("Claim code", "领用码");

    internal string ClaimOnce => Say("This code is shown this once. It works once, until", "此领用码仅显示这一次，仅可使用一次，有效期至");

    internal string ClaimSteps => Say("Give it to the device: type it in, or let the device scan the picture, which holds the address where the code is used. The device makes its key and enrols itself; then it appears as active.", "请将领用码输入设备，或让设备扫描图中的地址。设备生成密钥并自行注册，随后显示为“运行中”。");

    internal string ClaimQr => Say("QR code with the address of the claim", "领用地址二维码");

    internal string NewClaimCode => Say("Make a new claim code", "重新生成领用码");

    internal string NewClaimCodeWhat => Say("This device has not brought its key yet. A new code ends the ones before.", "该设备尚未提交密钥。生成新码后，旧码立即失效。");

    internal string ClaimNotWanted => Say("This device has its key already.", "该设备已有密钥。");

    internal string OpenDevice => Say("Open the device's page", "打开设备页面");

    internal string DeviceUnknown => Say("There is no such device here", "没有此设备");

    internal string DeviceUnknownMeaning => Say("The address is wrong, or the device is not yours to see. This page looks the same in both cases.", "地址有误，或您无权查看该设备。两种情况下显示的内容相同。");

    internal string DeviceUnknownAdvice => Say("If you may see it, sign in first. Whoever belongs to several organisations chooses on the account page for which one to act.", "如您有权查看，请先登录。属于多个机构的用户，请在账户页面选择所代表的机构。");

    // The device.
    internal string Period => Say("Period", "时段");

    internal string OtherPeriod => Say("Other period", "其他时段");

    internal string FromDay => Say("From (UTC)", "起始日 (UTC)");

    internal string UntilDay => Say("To (UTC)", "截止日 (UTC)");

    internal string PeriodWrong(int most) => Say($"Days are written such as 2026-04-05, the first is not after the last, and at most {most} days are shown at once. The last 30 days are shown instead.", $"日期格式如 2026-04-05，起始日不得晚于截止日，一次至多显示 {most} 天。现显示最近 30 天。");

    internal string LastDays(int count) => Say($"{count} days", $"{count} 天");

    internal string DaysComputed => Say("Newly arrived data are being computed; reload in a minute to see them here.", "新到数据正在计算，请一分钟后刷新查看。");

    internal string MissingReadings => Say("Gaps", "缺口");

    internal string NoGaps => Say("No gap longer than three intervals.", "没有超过三个采样间隔的缺口。");

    internal string NoneExpected => Say("No reading was expected in this period.", "本时段没有应有的读数。");

    internal string GapFrom => Say("From", "起");

    internal string GapUntil => Say("To", "止");

    internal string GapLength => Say("Length", "时长");

    internal string GapReadings => Say("Readings missing", "缺少读数");

    internal string TenChecks => Say("The ten checks", "十项核验");

    internal string Records => Say("Records", "依据记录");

    internal string Charts => Say("Charts", "图表");

    internal string AsTable => Say("As a table", "以表格显示");

    internal string Day => Say("Day (UTC)", "日期 (UTC)");

    internal string Remark => Say("Remark", "备注");

    internal string Utilisation => Say("Utilisation", "利用率");

    internal string UtilisationByDay => Say("Utilisation by day", "每日利用率");

    internal string CoverageByDay => Say("Coverage by day", "每日数据完整率");

    internal string FirstValue => Say("First value", "首个读数");

    internal string LastValue => Say("Last value", "末个读数");

    internal string GapWord => Say("no data", "无数据");

    internal string NoData => Say("No data", "无数据");

    internal string NothingToDraw => Say("There is nothing to draw: nothing came in this period, or the values are encrypted.", "无可绘制的数据：本时段没有数据，或数据已加密。");

    internal string AlarmOnDay => Say("Alarm on this day", "当日有告警");

    internal string StateOfHealth => Say("State of health", "健康度");

    internal string Findings => Say("Findings", "发现的问题");

    internal string NoFindings => Say("Nothing was found in this period.", "本时段未发现问题。");

    internal string KeysAndOwners => Say("Keys and owners", "密钥与所有者");

    internal string NoKeysYet => Say("The device has no key yet, so it can state nothing. It brings one with its claim code.", "设备尚无密钥，无法签署数据。请凭领用码提交密钥。");

    internal string MakersWord => Say("The maker's word", "制造商证明");

    internal string NoMakersWord => Say("The maker has not attested this device's key. That the key sits in this machine rests on the owner's word.", "制造商未对该设备的密钥作出证明。密钥是否位于该设备，以所有者的说法为准。");

    internal string MakersWordPassed => Say("Checked: the maker attests that it made the device with this key", "已核验：制造商证明该设备持有此密钥");

    internal string MakersWordUnknown => Say("We could not check the maker's word: this service does not know the maker's certificate. This is not a sign of a problem with the device.", "目前无法核验制造商证明：本平台未收录其证书。这不代表设备有问题");

    internal string AttestedBy => Say("Attested by", "证明方");

    internal string Subject => Say("About", "对象");

    internal string ValidUntil => Say("Valid until", "有效期至");

    internal string CheckedAt => Say("Checked", "核验时间");

    internal string NewestValues => Say("Newest values", "最新数值");

    internal string Live => Say("Live: values change as they come", "实时更新中");

    internal string LiveOff => Say("Not live; reload for newer values.", "未实时更新，请刷新页面。");

    internal string Measured => Say("Measured", "测量时间");

    internal string Arrived => Say("Arrived", "到达时间");

    internal string Encrypted => Say("Encrypted: only those with a key can read it", "已加密：仅持有密钥者可读");

    internal string Yes => Say("yes", "是");

    internal string No => Say("no", "否");

    internal string DeviceCheckIntro => Say(
        "You need not believe this page. The evidence file holds the device's statements of this period with signatures and proofs; whoever has it computes the same days, findings and answers again.",
        "您不必相信本页。证据文件包含本时段的设备声明、签名与证明，任何人都可据此重新计算出相同的每日数据、问题与结论。");

    internal string DeviceEvidence => Say("Evidence of this period (lines of JSON)", "本时段的证据文件 (JSON 行)");

    internal string DeviceCommandNote => Say("Download the file first. Take the trust file from a source you trust, not only from here.", "请先下载证据文件。请从您信任的渠道取得信任文件，而不仅仅从本站下载。");

    internal string Statements => Say("Statements", "声明数");

    internal string Distance => Say("Distance", "行驶距离");

    internal string EnergyUsed => Say("Energy", "能耗");

    internal string Cycles => Say("Cycles", "循环次数");

    internal string Downtime => Say("Downtime", "停机时间");

    /// <summary>Word of a device's state.</summary>
    internal string StateWord(DeviceState state) => state switch
    {
        DeviceState.None => Say("Awaits its key", "待领用"),
        DeviceState.Active => Say("Active", "运行中"),
        DeviceState.WithoutKey => Say("Without a key", "密钥已停用"),
        DeviceState.Retired => Say("Retired", "已退役"),
        _ => throw new UnreachableException(),
    };

    /// <summary>Name of an order of the list.</summary>
    internal string OrderName(string order) => order switch
    {
        "seen" => Say("Longest silent first", "失联最久优先"),
        "alarms" => Say("Most alarms first", "告警最多优先"),
        "newest" => Say("Newest first", "最近登记优先"),
        _ => Say("By name", "按名称"),
    };

    /// <summary>Which devices of how many are shown.</summary>
    internal string DevicesShown(int first, int last, int total) => Say($"{Count(first)}–{Count(last)} of {Count(total)}", $"第 {Count(first)}–{Count(last)} 台，共 {Count(total)} 台");

    /// <summary>First and last day of a period.</summary>
    internal string DaysBetween(DateOnly from, DateOnly until) => $"{DayText(from)} – {DayText(until)}";

    /// <summary>A day in words.</summary>
    internal string DayText(DateOnly day) => day.ToString(_zh ? "yyyy'年'M'月'd'日'" : "d MMMM yyyy", CultureInfo.InvariantCulture);

    /// <summary>A day on an axis.</summary>
    internal string ShortDay(DateOnly day) => day.ToString(_zh ? "M'月'd'日'" : "d MMM", CultureInfo.InvariantCulture);

    /// <summary>A month on an axis.</summary>
    internal string ShortMonth(DateOnly day) => day.ToString(_zh ? "M'月'" : "MMM", CultureInfo.InvariantCulture);

    /// <summary>Names of the days of a week, from Monday on.</summary>
    internal IReadOnlyList<string> Weekdays => _zh ? ["一", "二", "三", "四", "五", "六", "日"] : ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

    /// <summary>N of M readings.</summary>
    internal string ReadingsOf(long covered, long expected) => Say($"{Count(covered)} of {Count(expected)} expected readings", $"应有 {Count(expected)} 条读数，实有 {Count(covered)} 条");

    /// <summary>A part in per cent with one decimal, rounded down, so that what is not whole never reads as whole.</summary>
    internal static string Percent(double part) => (Math.Floor((part * 1000) + 1e-9) / 10).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>A number with at most three decimals and spaces between groups of three digits.</summary>
    internal static string Figure(double value) => Math.Abs(value) >= 1e15
        ? value.ToString("0.###e0", CultureInfo.InvariantCulture)
        : value.ToString("#,0.###", CultureInfo.InvariantCulture).Replace(',', '\u202f');

    /// <summary>A length of time in its two greatest units.</summary>
    internal string Length(TimeSpan span)
    {
        if (span < TimeSpan.FromMinutes(1))
        {
            return Part((long)span.TotalSeconds, "second", "秒");
        }
        var (days, hours, minutes) = ((long)span.TotalDays, span.Hours, span.Minutes);
        return days > 0 ? Join(Part(days, "day", "天"), hours, Part(hours, "hour", "小时"))
            : hours > 0 ? Join(Part(hours, "hour", "小时"), minutes, Part(minutes, "minute", "分钟"))
            : Part(minutes, "minute", "分钟");

        string Part(long n, string unit, string zh) => Say($"{Count(n)} {unit}{(n == 1 ? "" : "s")}", $"{Count(n)} {zh}");

        string Join(string first, int n, string second) => n == 0 ? first : $"{first} {second}";
    }

    /// <summary>Hours of a time in seconds.</summary>
    internal string Hours(double seconds) => $"{Figure(Math.Round(seconds / 3600, 1))} {Say("h", "小时")}";

    /// <summary>What stands for a record that is cited.</summary>
    internal string RecordLink(long? leaf) => leaf is { } index ? Entry(index) : Say("record, being entered in the log", "正在写入日志的记录");

    /// <summary>How many there are beyond those shown.</summary>
    internal string AndMore(long count) => Say($"and {Count(count)} more", $"另有 {Count(count)} 条");

    /// <summary>How many gaps there are, as what opens their list.</summary>
    internal string ShowGaps(int count) => Say($"Show all {Count(count)} gaps", $"显示全部 {Count(count)} 处缺口");

    /// <summary>What the calendar shows, in a sentence.</summary>
    internal string CalendarDescription(int known, int days, int odd) => Say(
        $"A square for each day, by weeks; {known} of {days} days have data, {odd} have an alarm. The table below has the same figures.",
        $"按周排列，每日一格；{days} 天中 {known} 天有数据，{odd} 天有告警。下方表格包含相同数据。");

    /// <summary>What the curve of a meter shows, in a sentence.</summary>
    internal string MeterDescription(string first, string last, int gaps, int odd) => Say(
        $"A curve from {first} to {last} with {Count(gaps)} gaps and {Count(odd)} odd places. The table below has the same figures.",
        $"曲线自 {first} 至 {last}，有 {Count(gaps)} 处缺口、{Count(odd)} 处异常。下方表格包含相同数据。");

    /// <summary>What the curve of the state of health shows, in a sentence.</summary>
    internal string HealthDescription(string first, string last) => Say($"A curve from {first} to {last}. The table below has the same figures.", $"曲线自 {first} 至 {last}。下方表格包含相同数据。");
}
