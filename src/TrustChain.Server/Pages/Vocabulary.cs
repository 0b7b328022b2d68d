using System.Collections.Frozen;

namespace TrustChain.Server.Pages;

/// <summary>Names of vocabulary terms in both languages. A term that is not listed is shown as its own last word.</summary>
public static class Vocabulary
{
    private static readonly FrozenDictionary<string, (string English, string Chinese)> BizSteps = new Dictionary<string, (string, string)>
    {
        // CBV 2.0 section 7.1, all of it.
        ["accepting"] = ("Accepted", "验收"),
        ["arriving"] = ("Arrived", "到达"),
        ["assembling"] = ("Assembled", "组装"),
        ["collecting"] = ("Collected", "收集"),
        ["commissioning"] = ("Registered and labelled", "赋码登记"),
        ["consigning"] = ("Handed to the carrier", "交付承运"),
        ["creating_class_instance"] = ("Batch produced", "批次生产"),
        ["cycle_counting"] = ("Counted in stock", "循环盘点"),
        ["decommissioning"] = ("Label retired", "注销赋码"),
        ["departing"] = ("Departed", "发车离场"),
        ["destroying"] = ("Destroyed", "销毁"),
        ["disassembling"] = ("Taken apart", "拆解"),
        ["dispensing"] = ("Dispensed", "分发"),
        ["encoding"] = ("Code written to the label", "写码"),
        ["entering_exiting"] = ("Entered or left the place", "进出场"),
        ["holding"] = ("Held back", "暂扣待查"),
        ["inspecting"] = ("Inspected", "检验"),
        ["installing"] = ("Installed", "安装"),
        ["killing"] = ("Slaughtered, or tag disabled", "宰杀或标签灭活"),
        ["loading"] = ("Loaded", "装货"),
        ["other"] = ("Other step", "其他环节"),
        ["packing"] = ("Packed", "包装"),
        ["picking"] = ("Picked for an order", "拣货"),
        ["receiving"] = ("Received", "收货"),
        ["removing"] = ("Removed", "拆除"),
        ["repackaging"] = ("Repacked", "重新包装"),
        ["repairing"] = ("Repaired", "维修"),
        ["replacing"] = ("Replaced", "更换"),
        ["reserving"] = ("Reserved", "预留"),
        ["retail_selling"] = ("Sold to a consumer", "零售"),
        ["sampling"] = ("Sample taken", "取样"),
        ["sensor_reporting"] = ("Measured by sensors", "传感器上报"),
        ["shipping"] = ("Shipped", "发货"),
        ["staging_outbound"] = ("Made ready for loading", "备货待装"),
        ["stock_taking"] = ("Stock taken", "盘点"),
        ["stocking"] = ("Put on the shelf", "上架"),
        ["storing"] = ("Stored", "入库储存"),
        ["transporting"] = ("In transport", "运输"),
        ["unloading"] = ("Unloaded", "卸货"),
        ["unpacking"] = ("Unpacked", "拆包"),
        ["void_shipping"] = ("Shipment cancelled", "取消发货"),

        // Work on machines (docs/devices.md).
        ["calibrating"] = ("Calibrated", "校准"),
        ["maintaining"] = ("Maintained", "保养"),

        // Steps on the farm and in processing, for which CBV has no word: templates name them by URIs that end in these words.
        ["planting"] = ("Planted", "种植"),
        ["growing"] = ("Grown", "田间管理"),
        ["fertilising"] = ("Fertilised", "施肥"),
        ["irrigating"] = ("Irrigated", "灌溉"),
        ["harvesting"] = ("Harvested", "采收"),
        ["plucking"] = ("Leaves plucked", "采摘"),
        ["processing"] = ("Processed", "加工"),
        ["withering"] = ("Withered", "萎凋"),
        ["fixing"] = ("Heated to stop oxidation", "杀青"),
        ["rolling"] = ("Rolled", "揉捻"),
        ["fermenting"] = ("Oxidised", "发酵"),
        ["drying"] = ("Dried", "干燥"),
        ["roasting"] = ("Roasted", "烘焙"),
        ["sorting"] = ("Sorted", "精选分级"),
        ["blending"] = ("Blended", "拼配"),
        ["transforming"] = ("Processed", "加工"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, (string English, string Chinese)> EventTypes = new Dictionary<string, (string, string)>
    {
        ["ObjectEvent"] = ("Observed", "登记"),
        ["AggregationEvent"] = ("Packed together", "组合包装"),
        ["AssociationEvent"] = ("Attached", "关联安装"),
        ["TransactionEvent"] = ("Linked to a transaction", "关联交易"),
        ["TransformationEvent"] = ("Processed", "加工转化"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, (string English, string Chinese)> Measurements = new Dictionary<string, (string, string)>
    {
        ["AbsoluteHumidity"] = ("Absolute humidity", "绝对湿度"),
        ["Acceleration"] = ("Acceleration", "加速度"),
        ["Altitude"] = ("Altitude", "海拔"),
        ["Angle"] = ("Angle", "角度"),
        ["Area"] = ("Area", "面积"),
        ["BatteryCharge"] = ("Battery charge", "电量"),
        ["Conductivity"] = ("Conductivity", "电导率"),
        ["Count"] = ("Count", "数量"),
        ["Density"] = ("Density", "密度"),
        ["Depth"] = ("Depth", "深度"),
        ["ElectricCurrent"] = ("Electric current", "电流"),
        ["Energy"] = ("Energy", "能量"),
        ["Height"] = ("Height", "高度"),
        ["Humidity"] = ("Humidity", "湿度"),
        ["Illuminance"] = ("Illuminance", "照度"),
        ["Irradiance"] = ("Irradiance", "辐照度"),
        ["Latitude"] = ("Latitude", "纬度"),
        ["Length"] = ("Length", "长度"),
        ["Longitude"] = ("Longitude", "经度"),
        ["Mass"] = ("Mass", "质量"),
        ["MassConcentration"] = ("Concentration", "质量浓度"),
        ["Moisture"] = ("Moisture", "含水率"),
        ["Molar_concentration"] = ("Molar concentration", "摩尔浓度"),
        ["pH"] = ("pH", "酸碱度 pH"),
        ["Power"] = ("Power", "功率"),
        ["Pressure"] = ("Pressure", "压力"),
        ["Rainfall"] = ("Rainfall", "降水量"),
        ["RelativeHumidity"] = ("Relative humidity", "相对湿度"),
        ["SoilMoisture"] = ("Soil moisture", "土壤水分"),
        ["Speed"] = ("Speed", "速度"),
        ["Temperature"] = ("Temperature", "温度"),
        ["Time"] = ("Duration", "时长"),
        ["Voltage"] = ("Voltage", "电压"),
        ["Volume"] = ("Volume", "体积"),
        ["Width"] = ("Width", "宽度"),
        ["WindSpeed"] = ("Wind speed", "风速"),
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, (string English, string Chinese)> Units = new Dictionary<string, (string, string)>
    {
        // UN/ECE Recommendation 20 codes.
        ["A93"] = ("grams per cubic metre", "克/立方米"),
        ["AMP"] = ("amperes", "安培"),
        ["BAR"] = ("bar", "巴"),
        ["C62"] = ("pieces", "件"),
        ["CEL"] = ("degrees Celsius", "摄氏度"),
        ["CMT"] = ("centimetres", "厘米"),
        ["D55"] = ("watts per square metre kelvin", "瓦/(平方米·开尔文)"),
        ["DAY"] = ("days", "天"),
        ["DD"] = ("degrees", "度"),
        ["EA"] = ("pieces", "件"),
        ["FAH"] = ("degrees Fahrenheit", "华氏度"),
        ["GL"] = ("grams per litre", "克/升"),
        ["GRM"] = ("grams", "克"),
        ["H87"] = ("pieces", "件"),
        ["HAR"] = ("hectares", "公顷"),
        ["HUR"] = ("hours", "小时"),
        ["KEL"] = ("kelvin", "开尔文"),
        ["KGM"] = ("kilograms", "千克"),
        ["KMH"] = ("kilometres per hour", "千米/小时"),
        ["KMT"] = ("kilometres", "千米"),
        ["KPA"] = ("kilopascals", "千帕"),
        ["KWH"] = ("kilowatt hours", "千瓦时"),
        ["KWT"] = ("kilowatts", "千瓦"),
        ["LTR"] = ("litres", "升"),
        ["LUX"] = ("lux", "勒克斯"),
        ["MGM"] = ("milligrams", "毫克"),
        ["MIN"] = ("minutes", "分钟"),
        ["MLT"] = ("millilitres", "毫升"),
        ["MMT"] = ("millimetres", "毫米"),
        ["MTK"] = ("square metres", "平方米"),
        ["MTR"] = ("metres", "米"),
        ["MTQ"] = ("cubic metres", "立方米"),
        ["MTS"] = ("metres per second", "米/秒"),
        ["NA"] = ("milligrams per kilogram", "毫克/千克"),
        ["P1"] = ("per cent", "%"),
        ["P71"] = ("megabecquerels per kilogram", "兆贝可/千克"),
        ["PAL"] = ("pascals", "帕"),
        ["Q30"] = ("pH", "pH"),
        ["SEC"] = ("seconds", "秒"),
        ["TNE"] = ("tonnes", "吨"),
        ["VLT"] = ("volts", "伏"),
        ["WTT"] = ("watts", "瓦"),
        ["D54"] = ("watts per square metre", "瓦/平方米"),
        ["WHR"] = ("watt hours", "瓦时"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, (string English, string Chinese)> Labels = new Dictionary<string, (string, string)>
    {
        ["00"] = ("Logistic unit (SSCC)", "物流单元代码 (SSCC)"),
        ["01"] = ("Product code (GTIN)", "商品代码 (GTIN)"),
        ["10"] = ("Batch or lot", "批号"),
        ["21"] = ("Serial number", "序列号"),
        ["22"] = ("Product variant", "商品变体"),
        ["235"] = ("Third-party serial number", "第三方序列号"),
        ["253"] = ("Document (GDTI)", "单证代码 (GDTI)"),
        ["254"] = ("Part of the place", "位置扩展代码"),
        ["255"] = ("Coupon (GCN)", "优惠券代码 (GCN)"),
        ["401"] = ("Consignment (GINC)", "托运代码 (GINC)"),
        ["402"] = ("Shipment (GSIN)", "装运代码 (GSIN)"),
        ["414"] = ("Place (GLN)", "位置代码 (GLN)"),
        ["417"] = ("Party (GLN)", "参与方代码 (GLN)"),
        ["8003"] = ("Returnable asset (GRAI)", "可回收资产代码 (GRAI)"),
        ["8004"] = ("Asset (GIAI)", "单个资产代码 (GIAI)"),
        ["8006"] = ("Part of a product (ITIP)", "商品组件代码 (ITIP)"),
        ["8010"] = ("Component (CPID)", "部件代码 (CPID)"),
        ["8011"] = ("Component serial number", "部件序列号"),
        ["8013"] = ("Model (GMN)", "型号代码 (GMN)"),
        ["8017"] = ("Service provider (GSRN)", "服务提供方代码 (GSRN)"),
        ["8018"] = ("Service recipient (GSRN)", "服务接受方代码 (GSRN)"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Name of a business step, given as a bare word, <c>urn:epcglobal:cbv:bizstep:…</c>, <c>https://ref.gs1.org/cbv/BizStep-…</c>, or any URI that ends in the word.</summary>
    public static Phrase BizStep(string term, PageLanguage language) => Find(BizSteps, term, language);

    /// <summary>Name of an event type.</summary>
    public static Phrase EventType(string type, PageLanguage language) => Find(EventTypes, type, language);

    /// <summary>Name of a measurement type, given as <c>gs1:MeasurementType-…</c>, <c>gs1:MT-…</c>, the bare word or a URI.</summary>
    public static Phrase Measurement(string type, PageLanguage language) => Find(Measurements, type, language);

    /// <summary>A unit of UN/ECE Recommendation 20 spelled out; a code not listed here stays a code.</summary>
    public static Phrase Unit(string code, PageLanguage language) => Find(Units, code, language);

    /// <summary>Name of a GS1 application identifier; unknown ones in brackets.</summary>
    public static Phrase Label(string ai, PageLanguage language) => Labels.ContainsKey(ai) ? Find(Labels, ai, language) : new Phrase($"({ai})");

    private static Phrase Find(FrozenDictionary<string, (string English, string Chinese)> terms, string term, PageLanguage language)
    {
        var word = LastWord(term);
        return terms.TryGetValue(word, out var names)
            ? new Phrase(language == PageLanguage.Chinese ? names.Chinese : names.English, language.Tag())
            : new Phrase(word.Replace('_', ' '));
    }

    private static string LastWord(string term)
    {
        var end = term.TrimEnd('/');
        var word = end[(end.LastIndexOfAny([':', '/', '#']) + 1)..];
        foreach (var prefix in (ReadOnlySpan<string>)["BizStep-", "MeasurementType-", "MT-"])
        {
            if (word.StartsWith(prefix, StringComparison.Ordinal))
            {
                return word[prefix.Length..];
            }
        }
        return word;
    }
}
