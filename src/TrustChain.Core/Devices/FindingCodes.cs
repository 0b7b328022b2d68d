namespace TrustChain.Core.Devices;

/// <summary>The codes of <see cref="Finding.Code"/>.</summary>
public static class FindingCodes
{
    /// <summary>Readings that were expected are missing for longer than three intervals.</summary>
    public const string Gap = "gap";

    /// <summary>Numbers of statements are missing.</summary>
    public const string SequenceGap = "sequence-gap";

    /// <summary>Two statements have one number.</summary>
    public const string SequenceFork = "sequence-fork";

    /// <summary>A statement does not name the one before it.</summary>
    public const string ChainBroken = "chain-broken";

    /// <summary>A counter fell.</summary>
    public const string MeterRollback = "meter-rollback";

    /// <summary>A counter rose faster than it can.</summary>
    public const string RateImpossible = "rate-impossible";

    /// <summary>Two positions are farther apart than the device can move in the time between them.</summary>
    public const string SpeedImpossible = "speed-impossible";

    /// <summary>A position is outside the geofence.</summary>
    public const string OutsideGeofence = "outside-geofence";

    /// <summary>Operating hours and energy do not go together.</summary>
    public const string EnergyImplausible = "energy-implausible";

    /// <summary>A gauge did not change for longer than is plausible while the machine ran.</summary>
    public const string StuckValue = "stuck-value";

    /// <summary>A value is outside the plausible range.</summary>
    public const string OutOfRange = "out-of-range";

    /// <summary>The clock is wrong against the time of arrival or against the readings.</summary>
    public const string ClockDrift = "clock-drift";

    /// <summary>The clock ran back against the statement before.</summary>
    public const string ClockBack = "clock-back";

    /// <summary>The count of starts ran back.</summary>
    public const string BootBack = "boot-back";

    /// <summary>The device started anew.</summary>
    public const string Reboot = "reboot";

    /// <summary>Another key, admitted by an entry, took over.</summary>
    public const string ModuleSwap = "module-swap";

    /// <summary>A key went on after a newer one had begun.</summary>
    public const string KeySwapped = "key-swapped";

    /// <summary>Nothing was heard for longer than the template allows.</summary>
    public const string Silence = "silence";

    /// <summary>Statements came from elsewhere, not from the device as it spoke.</summary>
    public const string Imported = "imported";

    /// <summary>The codes of the checks that look at places.</summary>
    public static IReadOnlyList<string> OfPlaces { get; } = [SpeedImpossible, OutsideGeofence];
}

/// <summary>Titles of findings for people.</summary>
public static class FindingTexts
{
    /// <summary>Title of every code of <see cref="FindingCodes"/>.</summary>
    public static IReadOnlyDictionary<string, DeviceText> Titles { get; } = new Dictionary<string, DeviceText>(StringComparer.Ordinal)
    {
        [FindingCodes.Gap] = Text("Readings are missing", "缺少读数"),
        [FindingCodes.SequenceGap] = Text("Statements are missing", "缺少声明"),
        [FindingCodes.SequenceFork] = Text("Two statements with one number", "同一序号有两份声明"),
        [FindingCodes.ChainBroken] = Text("The chain of statements is broken", "声明链断裂"),
        [FindingCodes.MeterRollback] = Text("A meter ran back", "计数器倒退"),
        [FindingCodes.RateImpossible] = Text("A meter rose too fast", "计数器增长过快"),
        [FindingCodes.SpeedImpossible] = Text("Moved faster than possible", "移动速度不可能"),
        [FindingCodes.OutsideGeofence] = Text("Outside its area", "超出围栏区域"),
        [FindingCodes.EnergyImplausible] = Text("Hours and energy do not match", "工时与能耗不符"),
        [FindingCodes.StuckValue] = Text("A value does not change", "数值长时间不变"),
        [FindingCodes.OutOfRange] = Text("A value out of range", "数值超出范围"),
        [FindingCodes.ClockDrift] = Text("The clock is wrong", "设备时钟不准"),
        [FindingCodes.ClockBack] = Text("The clock ran back", "设备时钟倒退"),
        [FindingCodes.BootBack] = Text("The count of starts ran back", "启动次数倒退"),
        [FindingCodes.Reboot] = Text("Started anew", "设备重新启动"),
        [FindingCodes.ModuleSwap] = Text("A new key took over", "启用新密钥"),
        [FindingCodes.KeySwapped] = Text("An old key went on", "旧密钥仍在使用"),
        [FindingCodes.Silence] = Text("Silent", "设备失联"),
        [FindingCodes.Imported] = Text("Imported", "导入的数据"),
    };

    /// <summary>Title of a code in a language (<c>en</c> or <c>zh</c>); the code itself for one that is not known.</summary>
    public static string Title(string code, string language) => Titles.TryGetValue(code, out var text) ? text.In(language) : code;

    private static DeviceText Text(string en, string zh) => new() { En = en, Zh = zh };
}
