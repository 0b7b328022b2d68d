using System.Text;
using TrustChain.Core.Canonical;

namespace TrustChain.UnitTests.Canonical;

/// <summary>The examples of RFC 8949 appendix A, and what is no CBOR here.</summary>
public sealed class CborJsonTests
{
    [Theory]
    [InlineData("00", "0")]
    [InlineData("17", "23")]
    [InlineData("1818", "24")]
    [InlineData("1864", "100")]
    [InlineData("1903e8", "1000")]
    [InlineData("1a000f4240", "1000000")]
    [InlineData("1b000000e8d4a51000", "1000000000000")]
    [InlineData("1bffffffffffffffff", "18446744073709551615")]
    [InlineData("3bffffffffffffffff", "-18446744073709551616")]
    [InlineData("20", "-1")]
    [InlineData("3863", "-100")]
    [InlineData("3903e7", "-1000")]
    [InlineData("f90000", "0")]
    [InlineData("f98000", "0")]
    [InlineData("f93c00", "1")]
    [InlineData("fb3ff199999999999a", "1.1")]
    [InlineData("f93e00", "1.5")]
    [InlineData("f97bff", "65504")]
    [InlineData("fa47c35000", "100000")]
    [InlineData("fa7f7fffff", "3.4028234663852886e+38")]
    [InlineData("fb7e37e43c8800759c", "1e+300")]
    [InlineData("f90001", "5.960464477539063e-8")]
    [InlineData("f90400", "0.00006103515625")]
    [InlineData("f9c400", "-4")]
    [InlineData("fbc010666666666666", "-4.1")]
    [InlineData("f4", "false")]
    [InlineData("f5", "true")]
    [InlineData("f6", "null")]
    [InlineData("60", "\"\"")]
    [InlineData("6161", "\"a\"")]
    [InlineData("6449455446", "\"IETF\"")]
    [InlineData("62225c", "\"\\\"\\\\\"")]
    [InlineData("62c3bc", "\"ü\"")]
    [InlineData("63e6b0b4", "\"水\"")]
    [InlineData("64f0908591", "\"\\uD800\\uDD51\"")]
    [InlineData("80", "[]")]
    [InlineData("83010203", "[1,2,3]")]
    [InlineData("8301820203820405", "[1,[2,3],[4,5]]")]
    [InlineData("98190102030405060708090a0b0c0d0e0f101112131415161718181819", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]")]
    [InlineData("a0", "{}")]
    [InlineData("a26161016162820203", "{\"a\":1,\"b\":[2,3]}")]
    [InlineData("826161a161626163", "[\"a\",{\"b\":\"c\"}]")]
    [InlineData("a56161614161626142616361436164614461656145", "{\"a\":\"A\",\"b\":\"B\",\"c\":\"C\",\"d\":\"D\",\"e\":\"E\"}")]
    public void Example_OfTheRfc_IsTheJson(string hex, string json)
    {
        Assert.True(CborJson.TryConvert(Convert.FromHexString(hex), 4, out var converted, out var fault), fault);
        Assert.Equal(json, Encoding.UTF8.GetString(converted));
    }

    [Theory]
    [InlineData("f97c00", 3, "finite")] // infinity, in three widths
    [InlineData("fa7f800000", 5, "finite")]
    [InlineData("fbfff0000000000000", 9, "finite")]
    [InlineData("f97e00", 3, "finite")]
    [InlineData("f7", 0, "simple value")] // undefined
    [InlineData("f0", 0, "simple value")]
    [InlineData("f8ff", 0, "simple value")]
    [InlineData("f814", 0, "")] // false in two bytes
    [InlineData("c249010000000000000000", 0, "tags")] // a bignum
    [InlineData("c074323031332d30332d32315432303a30343a30305a", 0, "tags")]
    [InlineData("40", 0, "byte strings")]
    [InlineData("5f42010243030405ff", 0, "definite")]
    [InlineData("7f657374726561646d696e67ff", 0, "definite")]
    [InlineData("9f0102ff", 1, "definite")]
    [InlineData("bf6161f5ff", 1, "definite")]
    [InlineData("a201020304", 1, "text")] // keys that are no texts
    [InlineData("a2616101616102", 0, "")] // a key twice
    [InlineData("1817", 2, "shortest")]
    [InlineData("190018", 3, "shortest")]
    [InlineData("3a00000001", 5, "shortest")]
    [InlineData("780161", 3, "shortest")]
    [InlineData("980100", 2, "shortest")]
    [InlineData("b800", 2, "shortest")]
    [InlineData("62c328", 0, "")] // no UTF-8
    [InlineData("63eda080", 0, "")] // half a character
    [InlineData("8181818180", 5, "deep")]
    [InlineData("0000", 1, "nothing may follow")] // something after it
    [InlineData("", 0, "")]
    [InlineData("18", 0, "")]
    [InlineData("1c", 0, "")]
    [InlineData("ff", 0, "")]
    [InlineData("8201", 2, "")]
    [InlineData("a16161", 3, "")]
    [InlineData("9bffffffffffffffff", 0, "")]
    [InlineData("bb7fffffffffffffff", 0, "")]
    [InlineData("7b7fffffffffffffff", 0, "")]
    public void Cbor_ThatIsNoJsonOrNotStrict_IsRefusedWithPlaceAndRule(string hex, int place, string rule)
    {
        Assert.False(CborJson.TryConvert(Convert.FromHexString(hex), 4, out var json, out var fault));
        Assert.Null(json);
        Assert.Contains(rule, fault, StringComparison.Ordinal);
        Assert.Matches($"^At byte {(rule.Length == 0 ? "[0-9]+" : place.ToString(System.Globalization.CultureInfo.InvariantCulture))} of the payload: .+\\.$", fault);
    }
}
