using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using TrustChain.Evm.Wire;

namespace TrustChain.UnitTests.Evm;

public sealed class RlpTests
{
    public static IEnumerable<TheoryDataRow<string>> ValidNames() => Vectors.Rows(() => NamesOf("ethereum/rlptest.json"));

    public static IEnumerable<TheoryDataRow<string>> InvalidNames() => Vectors.Rows(() => NamesOf("ethereum/invalidRLPTest.json"));

    [Theory]
    [MemberData(nameof(ValidNames))]
    public void Encode_PublishedVector_GivesItsBytesAndDecodesBack(string name)
    {
        using var document = Vectors.Read("ethereum/rlptest.json");
        var vector = document.RootElement.GetProperty(name);
        var expected = Bytes(vector.GetProperty("out"));

        Assert.Equal(expected, Rlp.Encode(ToItem(vector.GetProperty("in"))));
        Assert.True(Rlp.TryDecode(expected, out var item));
        Assert.Equal(expected, Rlp.Encode(item));
    }

    [Theory]
    [MemberData(nameof(InvalidNames))]
    public void TryDecode_PublishedInvalidVector_Refuses(string name)
    {
        using var document = Vectors.Read("ethereum/invalidRLPTest.json");

        Assert.False(Rlp.TryDecode(Bytes(document.RootElement.GetProperty(name).GetProperty("out")), out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000")]
    [InlineData("8101")]
    [InlineData("b801ff")]
    [InlineData("b90038")]
    [InlineData("c180ff")]
    [InlineData("bbffffffff")]
    public void TryDecode_LeftoverMissingOrLongerForm_Refuses(string hex) => Assert.False(Rlp.TryDecode(Convert.FromHexString(hex), out _));

    [Theory]
    [InlineData(Rlp.MaxDepth, true)]
    [InlineData(Rlp.MaxDepth + 1, false)]
    public void TryDecode_NestedLists_AcceptsUpToTheBound(int depth, bool accepted)
    {
        var item = RlpItem.List();
        for (var i = 0; i < depth; i++)
        {
            item = RlpItem.List(item);
        }

        Assert.Equal(accepted, Rlp.TryDecode(Rlp.Encode(item), out _));
    }

    [Fact]
    public void TryDecode_InputLongerThanTheBound_Refuses()
    {
        Assert.True(Rlp.TryDecode(Rlp.Encode(RlpItem.String(new byte[Rlp.MaxInputBytes - 4])), out _));
        Assert.False(Rlp.TryDecode(Rlp.Encode(RlpItem.String(new byte[Rlp.MaxInputBytes - 3])), out _));
    }

    [Theory]
    [InlineData("00", false)]
    [InlineData("820001", false)]
    [InlineData("c0", false)]
    [InlineData("80", true)]
    [InlineData("820100", true)]
    [InlineData("83010000", false)]
    public void TryReadInteger_EncodedForm_IsStrict(string hex, bool accepted)
    {
        Assert.True(Rlp.TryDecode(Convert.FromHexString(hex), out var item));
        Assert.Equal(accepted, item.TryReadInteger(2, out _));
    }

    internal static byte[] Bytes(JsonElement text)
    {
        var digits = text.GetString()!;
        return Convert.FromHexString(digits.StartsWith("0x", StringComparison.Ordinal) ? digits[2..] : digits);
    }

    private static List<string> NamesOf(string file)
    {
        using var document = Vectors.Read(file);
        return [.. document.RootElement.EnumerateObject().Select(member => member.Name)];
    }

    private static RlpItem ToItem(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => RlpItem.Integer(value.GetInt64()),
        JsonValueKind.Array => RlpItem.List([.. value.EnumerateArray().Select(ToItem)]),
        _ when value.GetString() is ['#', .. var digits] => RlpItem.Integer(BigInteger.Parse(digits, CultureInfo.InvariantCulture)),
        _ => RlpItem.String(Encoding.UTF8.GetBytes(value.GetString()!)),
    };
}
