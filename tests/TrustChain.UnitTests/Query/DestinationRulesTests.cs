using System.Net;
using TrustChain.Core.Query;

namespace TrustChain.UnitTests.Query;

public sealed class DestinationRulesTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("100.100.100.200")] // metadata of a cloud
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("168.63.129.16")]
    [InlineData("169.254.169.254")] // metadata of most clouds
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.192")]
    [InlineData("192.0.2.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.51.100.7")]
    [InlineData("203.0.113.9")]
    [InlineData("224.0.0.1")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::7f00:1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("100::1")]
    [InlineData("2001::1")] // Teredo
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::")] // 6to4 of 127.0.0.1
    [InlineData("3fff::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%2")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void IsPublic_AddressOfSpecialPurpose_IsFalse(string address) => Assert.False(DestinationRules.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.1")]
    [InlineData("172.15.0.1")]
    [InlineData("172.32.0.1")]
    [InlineData("192.167.255.255")]
    [InlineData("223.255.255.254")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001:81b::200e")]
    public void IsPublic_AddressOfTheInternet_IsTrue(string address) => Assert.True(DestinationRules.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://erp.example.org/epcis-events")]
    [InlineData("http://client.example.com:8080/a?b=c")]
    [InlineData("https://8.8.8.8/")]
    [InlineData("https://[2606:4700:4700::1111]:8443/")]
    public void TryParse_PublicDestination_IsTaken(string text) => Assert.True(DestinationRules.TryParse(text, allowsPrivate: false, out _, out _));

    [Theory]
    [InlineData("")]
    [InlineData("client.example.com")]
    [InlineData("/queryCallback")]
    [InlineData("ftp://client.example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("mailto:a@example.com")]
    [InlineData("https://user:word@client.example.com/")]
    [InlineData("https://client.example.com/#part")]
    public void TryParse_Fails_WhateverTheOption(string text)
    {
        Assert.False(DestinationRules.TryParse(text, allowsPrivate: false, out _, out _));
        Assert.False(DestinationRules.TryParse(text, allowsPrivate: true, out _, out _));
    }

    [Theory]
    [InlineData("http://localhost/")]
    [InlineData("http://a.localhost./")]
    [InlineData("http://127.0.0.1:5000/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://0177.0.0.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://client.example.com:25/")]
    [InlineData("http://client.example.com:0/")]
    public void TryParse_PrivateDestination_IsTakenOnlyWithTheOption(string text)
    {
        Assert.False(DestinationRules.TryParse(text, allowsPrivate: false, out _, out _));
        Assert.True(DestinationRules.TryParse(text, allowsPrivate: true, out _, out _));
    }

    [Fact]
    public void TryParse_Fails_WhenTooLong() =>
        Assert.False(DestinationRules.TryParse("https://client.example.com/" + new string('a', DestinationRules.MaxLength), allowsPrivate: true, out _, out _));
}
