using System.Globalization;
using TrustChain.Core.Devices.Encryption;

namespace TrustChain.Server.Pages;

/// <summary>Words about where a device was and what was done to it.</summary>
public sealed partial class Texts
{
    internal string Whereabouts => Say("Where it was", "所到位置");

    internal string HowExactly => Say("How exactly", "精度");

    internal string PlacesCoarse => Say("Coarse", "粗略");

    internal string PlacesFine => Say("Finer", "较精确");

    internal string PlacesCoarseMeaning => Say("Places are rounded to a tenth of a degree, about 11 km.", "位置取整至 0.1 度，约 11 千米。");

    internal string PlacesFineMeaning => Say("Places are cells of a hundredth of a degree, about 1 km.", "位置以 0.01 度为一格，约 1 千米。");

    internal string PlacesOfDay => Say("Places", "位置");

    internal string NoPlaces => Say("No place is known in this period.", "本时段没有已知位置。");

    internal string PlacesSealed => Say("The positions are encrypted, and this service cannot read them. Whoever has the keys can.", "位置数据已加密，本平台无法读取；持有密钥者可读。");

    internal string PlacesByTheService => Say(
        "The positions are encrypted. This service has the keys, and tells them rounded on its own word: the evidence file has ciphertexts alone.",
        "位置数据已加密。本平台持有密钥，所示位置为平台解密后取整，以平台的说法为准；证据文件中仅有密文。");

    internal string PlacesUnread(int days) => Say(
        $"Of {Count(days)} {(days == 1 ? "day" : "days")} this service tells no position: it has no key of that day, or the day did not begin under the present owner.", $"有 {Count(days)} 天的位置本平台不予显示：没有当日密钥，或该日并非始于现所有者名下。");

    internal string AndMoreDays(int days) => Say($"and {Count(days)} earlier {(days == 1 ? "day" : "days")}; choose a shorter period to see them.", $"另有更早的 {Count(days)} 天，请缩短时段查看。");

    internal string LastPlaceOn(DateOnly day) => Say($"last place, on {DayText(day)}", $"最后位置，{DayText(day)}");

    internal string Maintenance => Say("Maintenance", "维护记录");

    internal string NoMaintenance => Say("Nothing is recorded for this period.", "本时段没有维护记录。");

    internal string MaintenanceHow => Say(
        "Inspections, repairs, replacements and the like are recorded as EPCIS events about this device, by its owner or by whoever has a grant for maintenance.",
        "检验、维修、更换等由所有者或获得维护授权的机构以 EPCIS 事件记录。");

    internal string MaintenanceMeaning => Say(
        "Stated by people, not measured by the device: proven is who said so and since when it is in the log, not that the work was done well.",
        "由人员陈述，并非设备测量：可以证明由谁陈述、何时写入日志，不能证明维护质量。");

    internal string MaintenanceTime => Say("When", "时间");

    internal string MaintenanceWork => Say("Work", "事项");

    internal string MaintenanceBy => Say("Stated by", "陈述方");

    internal string MaintenanceByOwner => Say("(owner)", "（所有者）");

    internal string MaintenanceByOther => Say("(not the owner)", "（非所有者）");

    internal string MoreMaintenance => Say("There is more; choose a shorter period to see it.", "另有更多记录，请缩短时段查看。");

    /// <summary>A place in degrees with its hemispheres.</summary>
    internal string Coordinates(Place place, bool isFine)
    {
        var (latitude, longitude) = (Degrees(place.Latitude), Degrees(place.Longitude));
        return _zh
            ? $"{(place.Latitude < 0 ? "南纬" : "北纬")} {latitude}，{(place.Longitude < 0 ? "西经" : "东经")} {longitude}"
            : $"{latitude} {(place.Latitude < 0 ? "S" : "N")}, {longitude} {(place.Longitude < 0 ? "W" : "E")}";

        string Degrees(double value) => Math.Abs(value).ToString(isFine ? "0.000" : "0.0", CultureInfo.InvariantCulture) + "°";
    }
}
