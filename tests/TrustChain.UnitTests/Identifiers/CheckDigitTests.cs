using TrustChain.Core.Identifiers;

namespace TrustChain.UnitTests.Identifiers;

public sealed class CheckDigitTests
{
    [Theory]
    [InlineData("9638507", '4')]
    [InlineData("61414112345", '2')]
    [InlineData("952012345678", '8')]
    [InlineData("0952012345678", '8')]
    [InlineData("34012345311111111", '5')]
    [InlineData("0", '0')]
    [InlineData("1", '7')]
    public void Compute_KnownKey_GivesPrintedDigit(string digits, char expected)
    {
        Assert.Equal(expected, CheckDigit.Compute(digits));
        Assert.True(CheckDigit.IsValid(digits + expected));
    }

    [Fact]
    public void IsValid_AnySingleDigitChanged_IsFalse()
    {
        const string Key = "09520123456788";
        for (var i = 0; i < Key.Length; i++)
        {
            for (var digit = '0'; digit <= '9'; digit++)
            {
                var changed = Key[..i] + digit + Key[(i + 1)..];
                Assert.Equal(changed == Key, CheckDigit.IsValid(changed));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0952012345678x")]
    [InlineData("x9520123456788")]
    [InlineData("٠٩")]
    public void IsValid_TooShortOrNotDigits_IsFalse(string text) => Assert.False(CheckDigit.IsValid(text));

    [Theory]
    [InlineData("")]
    [InlineData("12a")]
    public void Compute_NotDigits_Throws(string text) => Assert.Throws<ArgumentException>(() => CheckDigit.Compute(text));
}
