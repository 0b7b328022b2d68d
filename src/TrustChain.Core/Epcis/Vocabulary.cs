using System.Text;

namespace TrustChain.Core.Epcis;

/// <summary>One standard vocabulary of CBV 2.0 or the GS1 Web Vocabulary: its bare words and what they stand for.</summary>
internal sealed class Vocabulary
{
    private const string Cbv = "https://ref.gs1.org/cbv/";
    private const string Gs1 = "https://gs1.org/voc/";

    private readonly NameTable _words;
    private readonly string[] _uris;
    private readonly byte[][] _utf8;

    private Vocabulary(string what, string uriStart, bool isGs1, params ReadOnlySpan<string> words)
    {
        What = what;
        IsGs1 = isGs1;
        _words = new NameTable(words);
        _uris = new string[words.Length];
        _utf8 = new byte[words.Length][];
        for (var i = 0; i < words.Length; i++)
        {
            _uris[i] = uriStart + words[i];
            _utf8[i] = Encoding.UTF8.GetBytes(_uris[i]);
        }
    }

    /// <summary>What a word of it is, with its article, for messages.</summary>
    public string What { get; }

    /// <summary>Whether its words stand for the GS1 Web Vocabulary rather than the CBV.</summary>
    public bool IsGs1 { get; }

    /// <summary>The words of <c>bizStep</c>.</summary>
    public static readonly Vocabulary BizStep = new("a business step", Cbv + "BizStep-", false,
        "accepting", "arriving", "assembling", "collecting", "commissioning", "consigning", "creating_class_instance", "cycle_counting",
        "decommissioning", "departing", "destroying", "disassembling", "dispensing", "encoding", "entering_exiting", "holding", "inspecting",
        "installing", "killing", "loading", "other", "packing", "picking", "receiving", "removing", "repackaging", "repairing", "replacing",
        "reserving", "retail_selling", "shipping", "staging_outbound", "stock_taking", "stocking", "storing", "transporting", "unloading",
        "unpacking", "void_shipping", "sensor_reporting", "sampling");

    /// <summary>The words of <c>disposition</c> and <c>persistentDisposition</c>.</summary>
    public static readonly Vocabulary Disposition = new("a disposition", Cbv + "Disp-", false,
        "active", "container_closed", "damaged", "destroyed", "dispensed", "disposed", "encoded", "expired", "in_progress", "in_transit", "inactive",
        "no_pedigree_match", "non_sellable_other", "partially_dispensed", "recalled", "reserved", "retail_sold", "returned", "sellable_accessible",
        "sellable_not_accessible", "stolen", "unknown", "available", "completeness_verified", "completeness_inferred", "conformant",
        "container_open", "mismatch_instance", "mismatch_class", "mismatch_quantity", "needs_replacement", "non_conformant", "unavailable");

    /// <summary>The words of a business transaction's <c>type</c>.</summary>
    public static readonly Vocabulary BizTransactionType = new("a business transaction type", Cbv + "BTT-", false,
        "bol", "cert", "desadv", "inv", "pedigree", "po", "poc", "prodorder", "recadv", "rma", "testprd", "testres", "upevt");

    /// <summary>The words of a source's or destination's <c>type</c>.</summary>
    public static readonly Vocabulary SourceDestinationType = new("a source or destination type", Cbv + "SDT-", false,
        "owning_party", "possessing_party", "location");

    /// <summary>The words of a sensor report's <c>component</c>.</summary>
    public static readonly Vocabulary Component = new("a sensor component", Cbv + "Comp-", false,
        "x", "y", "z", "axial_distance", "azimuth", "height", "spherical_radius", "polar_angle", "elevation_angle", "easting", "northing", "latitude",
        "longitude", "altitude");

    /// <summary>The words of an error declaration's <c>reason</c>.</summary>
    public static readonly Vocabulary ErrorReason = new("an error reason", Cbv + "ER-", false, "did_not_occur", "incorrect_data");

    /// <summary>The words of a sensor report's <c>exception</c>.</summary>
    public static readonly Vocabulary SensorAlert = new("a sensor alert type", Gs1, true, "ALARM_CONDITION", "ERROR_CONDITION");

    /// <summary>The words of a sensor report's <c>type</c>.</summary>
    public static readonly Vocabulary Measurement = new("a measurement type", Gs1, true,
        "AbsoluteHumidity", "AbsorbedDose", "AbsorbedDoseRate", "Acceleration", "Radioactivity", "Altitude", "AmountOfSubstance",
        "AmountOfSubstancePerUnitVolume", "Angle", "AngularAcceleration", "AngularMomentum", "AngularVelocity", "Area", "Capacitance", "Conductance",
        "Conductivity", "Count", "Density", "Dimensionless", "DoseEquivalent", "DoseEquivalentRate", "DynamicViscosity", "ElectricCharge",
        "ElectricCurrent", "ElectricCurrentDensity", "ElectricFieldStrength", "Energy", "Exposure", "Force", "Frequency", "Illuminance",
        "Inductance", "Irradiance", "KinematicViscosity", "Length", "LinearMomentum", "Luminance", "LuminousFlux", "LuminousIntensity",
        "MagneticFlux", "MagneticFluxDensity", "MagneticVectorPotential", "Mass", "MassConcentration", "MassFlowRate", "MassPerAreaTime",
        "MemoryCapacity", "MolalityOfSolute", "MolarEnergy", "MolarMass", "MolarVolume", "Power", "Pressure", "RadiantFlux", "RadiantIntensity",
        "RelativeHumidity", "Resistance", "Resistivity", "SolidAngle", "SpecificVolume", "Speed", "SurfaceDensity", "SurfaceTension", "Temperature",
        "Time", "Torque", "Voltage", "Volume", "VolumeFlowRate", "VolumeFraction", "VolumetricFlux", "Wavenumber");

    /// <summary>Its bare words.</summary>
    public IEnumerable<string> Words => Enumerable.Range(0, _words.Count).Select(id => Encoding.UTF8.GetString(_words[id]));

    /// <summary>The URI of a bare word; null when it is none of this vocabulary.</summary>
    public string? FindUri(ReadOnlySpan<byte> word) => _words.Find(word) is >= 0 and var id ? _uris[id] : null;

    /// <summary>The same as UTF-8; empty when the word is none of this vocabulary.</summary>
    public ReadOnlySpan<byte> FindUtf8(ReadOnlySpan<byte> word) => _words.Find(word) is >= 0 and var id ? _utf8[id] : default;

    /// <summary>
    /// Whether a URI is another spelling of standard vocabulary, which the JSON schema keeps out of fields that have bare words for it
    /// (definitions vocab-other-uri and vocab-nonGS1WebVoc-uri).
    /// </summary>
    public bool IsLongSpelling(ReadOnlySpan<byte> uri) => IsGs1
        ? uri.StartsWith("https://gs1.org/voc/"u8) || uri.StartsWith("http://gs1.org/voc/"u8)
            || uri.StartsWith("https://www.gs1.org/voc/"u8) || uri.StartsWith("http://www.gs1.org/voc/"u8)
        : uri.StartsWith("urn:epcglobal:cbv"u8) || uri.StartsWith("https://ns.gs1.org/cbv/"u8) || uri.StartsWith("http://ns.gs1.org/cbv/"u8);

    /// <summary>The web vocabulary start that replaces the start of an old CBV URN; false when the value is no such URN.</summary>
    public static bool TryReplaceUrn(ReadOnlySpan<byte> value, out ReadOnlySpan<byte> uriStart, out ReadOnlySpan<byte> word)
    {
        uriStart = default;
        word = default;
        var start = "urn:epcglobal:cbv:"u8;
        if (!value.StartsWith(start))
        {
            return false;
        }
        value = value[start.Length..];
        if (value.StartsWith("bizstep:"u8))
        {
            uriStart = "https://ref.gs1.org/cbv/BizStep-"u8;
            word = value["bizstep:"u8.Length..];
        }
        else if (value.StartsWith("disp:"u8))
        {
            uriStart = "https://ref.gs1.org/cbv/Disp-"u8;
            word = value["disp:"u8.Length..];
        }
        else if (value.StartsWith("btt:"u8))
        {
            uriStart = "https://ref.gs1.org/cbv/BTT-"u8;
            word = value["btt:"u8.Length..];
        }
        else if (value.StartsWith("sdt:"u8))
        {
            uriStart = "https://ref.gs1.org/cbv/SDT-"u8;
            word = value["sdt:"u8.Length..];
        }
        return !uriStart.IsEmpty;
    }
}
