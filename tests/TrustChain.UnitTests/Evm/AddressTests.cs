using System.Text;
using TrustChain.Evm.Keys;

namespace TrustChain.UnitTests.Evm;

public sealed class AddressTests
{
    // The examples of EIP-55.
    [Theory]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")]
    [InlineData("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB")]
    [InlineData("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb")]
    [InlineData("0x52908400098527886E0F7030069857D2E4169EE7")]
    [InlineData("0xde709f2102306220921060314715629080e2fb77")]
    public void ToString_ExampleOfEip55_HasItsChecksum(string text)
    {
        Assert.Equal(text, Address.Parse("0x" + text[2..].ToLowerInvariant()).ToString());
        Assert.Equal(text, Address.Parse("0x" + text[2..].ToUpperInvariant()).ToString());
        Assert.Equal(text, Address.Parse(text).ToString());
    }

    [Theory]
    [InlineData("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg")]
    [InlineData("0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeé")]
    [InlineData("")]
    public void TryParse_WrongChecksumOrForm_Refuses(string text) => Assert.False(Address.TryParse(text, out _));

    [Fact]
    public void ForContract_KnownSenderAndNonces_GivesTheirContracts()
    {
        // The first account of the usual development phrase and the contracts development chains give it.
        var sender = Address.Parse("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

        Assert.Equal("0x5FbDB2315678afecb367f032d93F642f64180aa3", Address.ForContract(sender, 0).ToString());
        Assert.Equal("0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512", Address.ForContract(sender, 1).ToString());
    }

    [Fact]
    public void Equality_SameBytes_IsByValue()
    {
        var bytes = Enumerable.Range(1, 20).Select(i => (byte)i).ToArray();

        Assert.Equal(new Address(bytes), new Address(bytes));
        Assert.Equal(bytes, new Address(bytes).ToArray());
        bytes[19]++;
        Assert.NotEqual(new Address(Enumerable.Range(1, 20).Select(i => (byte)i).ToArray()), new Address(bytes));
        Assert.True(default(Address).IsDefault);
    }

    [Fact]
    public void Keccak256_KnownInputs_GiveKnownDigests()
    {
        Assert.Equal("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", Keccak256.Compute([]).ToHex());
        Assert.Equal("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45", Keccak256.Compute(Encoding.ASCII.GetBytes("abc")).ToHex());
    }
}
