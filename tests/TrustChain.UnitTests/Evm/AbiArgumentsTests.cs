using System.Numerics;
using TrustChain.Core.Log;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Wire;

namespace TrustChain.UnitTests.Evm;

public sealed class AbiArgumentsTests
{
    private static readonly Hash32 First = new(Enumerable.Repeat((byte)0x11, 32).ToArray());
    private static readonly Hash32 Second = new(Enumerable.Repeat((byte)0x22, 32).ToArray());

    // Selectors of the ERC-20 and ERC-165 standards.
    [Theory]
    [InlineData("transfer(address,uint256)", "a9059cbb")]
    [InlineData("balanceOf(address)", "70a08231")]
    [InlineData("supportsInterface(bytes4)", "01ffc9a7")]
    public void ComputeSelector_WellKnownSignature_GivesItsSelector(string signature, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(AbiArguments.ComputeSelector(signature)));

    [Fact]
    public void EncodeAnchor_SizeAndRoot_IsSelectorAndTwoWords()
    {
        var call = Convert.ToHexStringLower(AnchorRegistry.EncodeAnchor(0x0102030405060708, First));

        Assert.Equal(Convert.ToHexStringLower(AbiArguments.ComputeSelector("anchor(uint64,bytes32)")), call[..8]);
        Assert.Equal(new string('0', 48) + "0102030405060708" + First.ToHex(), call[8..]);
    }

    [Fact]
    public void ToArray_ArrayBesideStaticValues_PutsOffsetInHeadAndElementsInTail()
    {
        var account = Address.Parse("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

        var encoded = new AbiArguments().Add(First).Add([First, Second]).Add(account).Add(true).Add([]).ToArray();

        string[] words =
        [
            First.ToHex(), Word("a0"), Word("f39fd6e51aad88f6f4ce6ab8827279cfffb92266"), Word("1"), Word("100"),
            Word("2"), First.ToHex(), Second.ToHex(),
            Word("0"),
        ];
        Assert.Equal(string.Concat(words), Convert.ToHexStringLower(encoded));
    }

    [Fact]
    public void Add_IntegerOutOfRange_Throws()
    {
        Assert.Equal(new string('f', 64), Convert.ToHexStringLower(new AbiArguments().Add(BigInteger.Pow(2, 256) - 1).ToArray()));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AbiArguments().Add(BigInteger.Pow(2, 256)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AbiArguments().Add(BigInteger.MinusOne));
    }

    [Fact]
    public void AbiWords_ValuesTooLargeForTheirType_AreRefused()
    {
        var words = Convert.FromHexString(Word("1") + Word("2") + Word("10000000000000000") + Word("10000000000000000000000000000000000000000"));

        Assert.True(new AbiWords(words).TryReadBool(0, out var isTrue) && isTrue);
        Assert.False(new AbiWords(words).TryReadBool(1, out _));
        Assert.False(new AbiWords(words).TryReadUInt64(2, out _));
        Assert.False(new AbiWords(words).TryReadAddress(3, out _));
        Assert.False(new AbiWords(words).TryReadHash(4, out _));
        Assert.False(new AbiWords(words.AsSpan(1)).Has(4));
    }

    private static string Word(string digits) => digits.PadLeft(64, '0');
}
