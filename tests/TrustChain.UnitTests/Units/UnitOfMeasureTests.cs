using System.Text;
using TrustChain.Core.Epcis;
using TrustChain.Core.Units;

namespace TrustChain.UnitTests.Units;

public sealed class UnitOfMeasureTests
{
    // From handbooks (NIST SP 811, ISO 80000, the Recommendation's own column) or worked out by hand, to the digits shown.
    [Theory]
    [InlineData(1, "A95", 100, "C80")]
    [InlineData(60, "P54", 3.6, "P57")]
    [InlineData(1, "K40", 32.1740485564304, "A73")]
    [InlineData(980.665, "A76", 1, "K40")]
    [InlineData(1, "B45", 2.20462262184878, "P44")]
    [InlineData(5, "M33", 0.005, "C38")]
    [InlineData(180, "DD", 3.14159265358979, "C81")]
    [InlineData(1, "DD", 3600, "D62")]
    [InlineData(90, "DD", 100, "A91")]
    [InlineData(360, "M45", 6.28318530717959, "2B")]
    [InlineData(3, "B33", 3, "C53")]
    [InlineData(60, "M46", 6.28318530717959, "2A")]
    [InlineData(1, "HAR", 10000, "MTK")]
    [InlineData(1, "MIK", 2.589988110336, "KMK")]
    [InlineData(640, "ACR", 1, "M48")]
    [InlineData(1, "ACR", 4046.87260987425, "MTK")]
    [InlineData(1, "4O", 1000000, "4T")]
    [InlineData(2, "SIE", 2000, "C27")]
    [InlineData(1, "H61", 0.1, "D10")]
    [InlineData(1, "87", 16.0184633739601, "KMQ")]
    [InlineData(1, "GE", 119.826427316897, "KMQ")]
    [InlineData(1, "23", 1000, "GL")]
    [InlineData(42, "P1", 0.42, "C62")]
    [InlineData(1, "59", 1000, "61")]
    [InlineData(3, "DZN", 36, "EA")]
    [InlineData(1, "D13", 100, "D91")]
    [InlineData(3.6, "P71", 1, "P67")]
    [InlineData(1, "C7", 1, "C24")]
    [InlineData(1, "J32", 1e-7, "C65")]
    [InlineData(1, "AMH", 3600, "COU")]
    [InlineData(20, "4K", 0.02, "AMP")]
    [InlineData(1, "A7", 1000000, "A41")]
    [InlineData(1, "D51", 1000, "D50")]
    [InlineData(1, "KWH", 3.6, "3B")]
    [InlineData(1, "BTU", 1055.05585262, "JOU")]
    [InlineData(1, "E14", 4186.8, "JOU")]
    [InlineData(1, "K53", 4184, "JOU")]
    [InlineData(1, "85", 1.3558179483314, "JOU")]
    [InlineData(1, "A53", 1.602176634e-19, "JOU")]
    [InlineData(1, "2C", 0.000258, "CKG")]
    [InlineData(1, "C78", 4.4482216152605, "NEW")]
    [InlineData(1, "B37", 9.80665, "NEW")]
    [InlineData(1, "M76", 0.138254954376, "NEW")]
    [InlineData(3000, "RPM", 50, "HTZ")]
    [InlineData(2.4, "A86", 2400, "MHZ")]
    [InlineData(1, "P27", 10.7639104167097, "LUX")]
    [InlineData(1, "81", 1000, "C14")]
    [InlineData(1, "N48", 10000, "D54")]
    [InlineData(1, "N50", 3.15459074506305, "D54")]
    [InlineData(1, "91", 100, "4C")]
    [InlineData(1, "S3", 0.09290304, "S4")]
    [InlineData(1, "INH", 2.54, "CMT")]
    [InlineData(1, "NMI", 1.852, "KMT")]
    [InlineData(1, "SMI", 1609.344, "MTR")]
    [InlineData(1, "M51", 0.304800609601219, "MTR")]
    [InlineData(1, "C63", 3.08567758149137e16, "MTR")]
    [InlineData(1, "B57", 9460730472580800, "MTR")]
    [InlineData(1, "N10", 0.138254954376, "B31")]
    [InlineData(1, "P29", 3.42625909963539, "A24")]
    [InlineData(7, "LUM", 7, "LUM")]
    [InlineData(1, "P33", 1000, "CDL")]
    [InlineData(1, "WEB", 100000000, "B65")]
    [InlineData(1, "D33", 10000, "76")]
    [InlineData(1, "D60", 1000, "D59")]
    [InlineData(1, "LBR", 0.45359237, "KGM")]
    [InlineData(1, "ONZ", 28.349523125, "GRM")]
    [InlineData(1, "APZ", 31.1034768, "GRM")]
    [InlineData(1, "LTN", 1016.0469088, "KGM")]
    [InlineData(1, "STN", 907.18474, "KGM")]
    [InlineData(1, "F13", 14.5939029372064, "KGM")]
    [InlineData(1, "GRN", 64.79891, "MGM")]
    [InlineData(1, "4U", 0.000125997880555556, "KGS")]
    [InlineData(2, "H56", 2, "H56")]
    [InlineData(1, "E62", 8589934592, "A99")]
    [InlineData(1, "H68", 1, "C19")]
    [InlineData(1, "B44", 1000, "B15")]
    [InlineData(18, "A94", 0.018, "D74")]
    [InlineData(22.4, "B58", 0.0224, "A40")]
    [InlineData(1, "HJ", 735.49875, "WTT")]
    [InlineData(1, "BHP", 745.69987158227, "WTT")]
    [InlineData(1, "2I", 0.293071070172222, "WTT")]
    [InlineData(1, "PS", 6894.75729316836, "PAL")]
    [InlineData(1, "ATM", 760, "UA")]
    [InlineData(1, "ATM", 14.6959487755134, "PS")]
    [InlineData(1, "HN", 133.322387415, "PAL")]
    [InlineData(1, "F79", 3386.388640341, "PAL")]
    [InlineData(1, "F78", 249.08891, "PAL")]
    [InlineData(1013.25, "MBR", 1, "ATM")]
    [InlineData(1, "BAR", 100, "KPA")]
    [InlineData(1, "CUR", 37, "GBQ")]
    [InlineData(1, "B75", 1000, "B49")]
    [InlineData(1, "M24", 1000, "C61")]
    [InlineData(4, "D57", 4, "D57")]
    [InlineData(4, "D27", 4, "D27")]
    [InlineData(1, "N29", 0.0624279605761446, "A39")]
    [InlineData(36, "KMH", 10, "MTS")]
    [InlineData(1, "KNT", 0.514444444444444, "MTS")]
    [InlineData(60, "HM", 88, "FS")]
    [InlineData(1, "FP", 4.88242763638305, "28")]
    [InlineData(1, "F48", 175.126835246476, "4P")]
    [InlineData(25, "CEL", 77, "FAH")]
    [InlineData(-40, "CEL", -40, "FAH")]
    [InlineData(0, "KEL", -459.67, "FAH")]
    [InlineData(-273.15, "CEL", 0, "KEL")]
    [InlineData(0, "CEL", 491.67, "A48")]
    [InlineData(2, "CEL", 275.15, "KEL")]
    [InlineData(1, "WEE", 168, "HUR")]
    [InlineData(1, "ANN", 31557600, "SEC")]
    [InlineData(1, "M92", 1.3558179483314, "NU")]
    [InlineData(1, "B78", 1000, "KVT")]
    [InlineData(1, "GLL", 3.785411784, "LTR")]
    [InlineData(1, "GLI", 4.54609, "LTR")]
    [InlineData(1, "BLL", 158.987294928, "LTR")]
    [InlineData(1, "BUA", 35.23907016688, "LTR")]
    [InlineData(1, "OZA", 29.5735295625, "MLT")]
    [InlineData(1, "OZI", 28.4130625, "MLT")]
    [InlineData(1, "FTQ", 28.316846592, "LTR")]
    [InlineData(1, "G2", 6.30901964e-5, "MQS")]
    [InlineData(60, "2L", 3600, "2K")]
    [InlineData(1, "35", 0.01, "P87")]
    [InlineData(1, "E90", 100, "C92")]
    public void Amounts_in_two_units_of_one_quantity_are_one_amount_in_its_base_unit(double value, string from, double expected, string to)
    {
        Assert.True(UnitOfMeasure.TryFind(from, out var source));
        Assert.True(UnitOfMeasure.TryFind(to, out var target));

        Assert.Equal(source.Quantity, target.Quantity);
        var amount = source.ToBase(value);
        Assert.Equal(amount, target.ToBase(expected), Math.Abs(amount) * 1e-11);
    }

    [Fact]
    public void Every_quantity_has_a_base_unit_and_its_conversion_is_tested()
    {
        var method = typeof(UnitOfMeasureTests).GetMethod(nameof(Amounts_in_two_units_of_one_quantity_are_one_amount_in_its_base_unit))!; // named above
        var tested = method.GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>().Select(row => row.Data[1] as string).ToHashSet();

        foreach (var quantity in Enum.GetValues<Quantity>())
        {
            var units = UnitOfMeasure.All.Where(unit => unit.Quantity == quantity).ToList();
            Assert.Contains(units, unit => unit is { Factor: 1, Offset: 0 });
            Assert.Contains(units, unit => tested.Contains(unit.Code));
        }
    }

    // A code listed twice would not get into the table: its start-up would throw.
    [Fact]
    public void Every_unit_is_found_by_its_code_and_returns_what_it_converts()
    {
        Assert.True(UnitOfMeasure.All.Count > 800);
        Assert.Equal(UnitOfMeasure.All.Count, UnitOfMeasure.All.Select(unit => unit.Code).Distinct().Count());
        foreach (var unit in UnitOfMeasure.All)
        {
            Assert.True(UnitOfMeasure.TryFind(unit.Code, out var byText));
            Assert.True(UnitOfMeasure.TryFind(Encoding.ASCII.GetBytes(unit.Code), out var byBytes));
            Assert.Same(unit, byText);
            Assert.Same(unit, byBytes);
            Assert.True(unit.Factor > 0 && double.IsFinite(unit.Factor), unit.Code);
            Assert.Equal(12.5, (unit.ToBase(12.5) - unit.Offset) / unit.Factor, 1e-8);
        }
    }

    [Fact]
    public void One_amount_is_one_number_in_whatever_unit()
    {
        Assert.Equal(Base("CEL", 25), Base("FAH", 77));
        Assert.Equal(Base("KEL", 298.15), Base("FAH", 77));
        Assert.Equal(0, Base("FAH", -459.67));
        Assert.Equal(Base("KMH", 0.3), Base("2X", 5));
        Assert.Equal(Base("GRM", 100), Base("KGM", 0.1));
        Assert.Equal(0.0254, Base("INH", 1));
        Assert.Equal(Base("MMT", 2.54), Base("INH", 0.1));
        Assert.NotEqual(Base("CEL", 25), Base("CEL", 25.000001));
        Assert.Equal(double.PositiveInfinity, Base("KMT", double.PositiveInfinity));
    }

    [Theory]
    [InlineData("KGM", "MTR")]
    [InlineData("NU", "JOU")]
    [InlineData("HTZ", "BQL")]
    [InlineData("KGM", "XYZ")]
    [InlineData("kgm", "GRM")]
    [InlineData("", "GRM")]
    [InlineData("ZZ", "ZZ")]
    [InlineData("NM3", "MTQ")]
    [InlineData("K\u0147M", "GRM")]
    public void Codes_of_two_quantities_or_of_no_unit_are_not_compared(string one, string other) =>
        Assert.False(UnitOfMeasure.TryFind(one, out var unit) && UnitOfMeasure.TryFind(other, out var another) && unit.Quantity == another.Quantity);

    // Quantities that several measurement types share.
    [Theory]
    [InlineData("CEL", Quantity.Temperature)]
    [InlineData("A93", Quantity.Density)]
    [InlineData("P1", Quantity.Dimensionless)]
    [InlineData("EA", Quantity.Dimensionless)]
    [InlineData("FOT", Quantity.Length)]
    [InlineData("WTT", Quantity.Power)]
    public void Knows_what_it_measures(string code, Quantity quantity)
    {
        Assert.True(UnitOfMeasure.TryFind(code, out var unit));
        Assert.Equal(quantity, unit.Quantity);
    }

    [Fact]
    public void Every_measurement_type_of_the_schema_is_known_to_the_reader()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        using var schema = Vectors.Read("epcis-schema/EPCIS-JSON-Schema.json");
        var words = schema.RootElement.GetProperty("definitions").GetProperty("measurementType").GetProperty("anyOf").EnumerateArray()
            .Where(alternative => alternative.TryGetProperty("enum", out _))
            .SelectMany(alternative => alternative.GetProperty("enum").EnumerateArray().Select(word => word.GetString()!))
            .ToList();

        Assert.True(words.Count > 60);
        Assert.All(words, word => Assert.NotNull(Vocabulary.Measurement.FindUri(Encoding.UTF8.GetBytes(word))));
    }

    private static double Base(string code, double value)
    {
        Assert.True(UnitOfMeasure.TryFind(code, out var unit));
        return unit.ToBase(value);
    }
}
