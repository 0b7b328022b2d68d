using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Log;

/// <summary>A valid token, then one thing wrong at a time.</summary>
public sealed class TimestampTokenTests : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 11, 25, 12, 30, 0, TimeSpan.Zero);
    private static readonly string Text = new Checkpoint("log.example.org", 42, MerkleTree.HashLeaf([1])).ToText();

    private readonly TestTimestampAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Token_IsValid_UnderTheSigner_TheAuthorityAboveIt_AndTheRoot()
    {
        foreach (var trusted in new[] { _authority.Signer, _authority.Intermediate, _authority.Root })
        {
            var check = TimestampToken.Verify(Stamp(), Text, trusted);
            Assert.Equal(SignatureCheck.Valid, check.Signature);
            Assert.Equal(Time, check.Time);
            Assert.Null(check.Detail);
        }
    }

    [Fact]
    public void TokenWithoutCertificates_IsValid_UnderTheSignerAlone()
    {
        var token = _authority.Stamp(SHA256.HashData(Encoding.UTF8.GetBytes(Text)), Time, withCertificates: false);
        Assert.Equal(SignatureCheck.Valid, TimestampToken.Verify(token, Text, _authority.Signer).Signature);
        AssertInvalid(TimestampToken.Verify(token, Text, _authority.Root), "signature");
    }

    [Fact]
    public void Fails_WhenTheTextIsAnother() => AssertInvalid(TimestampToken.Verify(Stamp(), Text + "\n", _authority.Root), "something else");

    [Fact]
    public void Fails_WhenTheTrustedCertificateIsOfAnotherAuthority_EvenOfTheSameName()
    {
        using var other = new TestTimestampAuthority("Other");
        using var namesake = new TestTimestampAuthority();
        foreach (var trusted in new[] { other.Root, other.Intermediate, other.Signer, namesake.Root, namesake.Intermediate, namesake.Signer })
        {
            AssertInvalid(TimestampToken.Verify(Stamp(), Text, trusted), "");
        }
    }

    [Fact]
    public void Fails_WhenTheSignersCertificateIsForAnotherPurpose()
    {
        using var web = new TestTimestampAuthority("Web", keyUsage: "1.3.6.1.5.5.7.3.1");
        AssertInvalid(TimestampToken.Verify(web.Stamp(SHA256.HashData(Encoding.UTF8.GetBytes(Text)), Time), Text, web.Root), "");
    }

    [Fact]
    public void Fails_WhenTheTimeIsOutsideTheCertificatesValidity()
    {
        var token = _authority.Stamp(SHA256.HashData(Encoding.UTF8.GetBytes(Text)), new DateTimeOffset(2061, 1, 1, 0, 0, 0, TimeSpan.Zero));
        AssertInvalid(TimestampToken.Verify(token, Text, _authority.Signer), "");
    }

    [Fact]
    public void Fails_WhenItIsCutOrFollowedByMore()
    {
        var token = Stamp();
        AssertInvalid(TimestampToken.Verify(token.AsMemory(0, token.Length - 1), Text, _authority.Root), "encoding");
        AssertInvalid(TimestampToken.Verify((byte[])[.. token, 0], Text, _authority.Root), "encoding");
        AssertInvalid(TimestampToken.Verify(Array.Empty<byte>(), Text, _authority.Root), "encoding");
        AssertInvalid(TimestampToken.Verify(new byte[TimestampToken.MaxSize + 1], Text, _authority.Root), "encoding");
    }

    [Fact]
    public void NoAlteredByte_MovesTheTime()
    {
        var token = Stamp();
        for (var i = 0; i < token.Length; i++)
        {
            token[i] ^= 1;
            var check = TimestampToken.Verify(token, Text, _authority.Root);
            // Some bytes are not under the signature (certificates that are not needed, unused fields); none of them may change what is proven.
            Assert.True(check.Signature != SignatureCheck.Valid || check.Time == Time, $"byte {i}");
            token[i] ^= 1;
        }
    }

    private byte[] Stamp() => _authority.Stamp(SHA256.HashData(Encoding.UTF8.GetBytes(Text)), Time);

    private static void AssertInvalid(TimestampCheck check, string detail)
    {
        Assert.Equal(SignatureCheck.Invalid, check.Signature);
        Assert.Null(check.Time);
        Assert.Contains(detail, check.Detail, StringComparison.Ordinal);
    }
}
