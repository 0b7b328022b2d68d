using TrustChain.Core.Devices;

namespace TrustChain.Server.Devices;

/// <summary>Codes of findings about statements that were refused though a key of the device signed them. No log holds them, so only this service can tell.</summary>
internal static class RefusalCodes
{
    /// <summary>It broke a rule of form.</summary>
    public const string Refused = "refused-statement";

    /// <summary>It came with a key that had been ended.</summary>
    public const string EndedKey = "ended-key";

    /// <summary>It named another device.</summary>
    public const string ForeignDevice = "foreign-device";

    /// <summary>
    /// A key of somebody else's signed a statement in the device's name. None of the refusals that a reader is told of: it says nothing against the device, and a stranger could bring it about.
    /// </summary>
    public const string Impersonated = "impersonated-device";

    /// <summary>Whether a code is a refusal: something that a key of the device signed.</summary>
    public static bool IsRefusal(string code) => All.Contains(code);

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> All { get; } = [Refused, EndedKey, ForeignDevice];

    /// <summary>Title of any finding's code in a language (<c>en</c> or <c>zh</c>).</summary>
    public static string Title(string code, string language) => (code, language) switch
    {
        (Refused, "zh") => "收到不合规的数据,未予登记",
        (Refused, _) => "Malformed data came and were not recorded",
        (EndedKey, "zh") => "有人使用已停用的密钥签名",
        (EndedKey, _) => "Somebody signed with a key that had been ended",
        (ForeignDevice, "zh") => "该设备的密钥被用于冒充其他设备",
        (ForeignDevice, _) => "The device's key was used in the name of another device",
        (Impersonated, "zh") => "有人使用其他密钥冒充该设备",
        (Impersonated, _) => "Somebody else's key signed in the device's name",
        _ => FindingTexts.Title(code, language),
    };
}
