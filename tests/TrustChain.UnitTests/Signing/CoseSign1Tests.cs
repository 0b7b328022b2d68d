using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.UnitTests.Verification;

namespace TrustChain.UnitTests.Signing;

/// <summary>Statements in CBOR; what is wrong with one is in <see cref="CoseFaults"/>.</summary>
public sealed class CoseSign1Tests
{
    private static readonly LoggedRecord Good = EvidenceVectors.Machines.MeterSaid[1];

    [Fact]
    public void Example_OfTheRfc_VerifiesOverItsSigStructure()
    {
        // RFC 9052 appendix C.2.1, with key "11" of appendix C.7.1.
        const string Jwk = """{"kty":"EC","crv":"P-256","x":"usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8","y":"IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4"}""";
        var signature = Convert.FromHexString("8EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36");
        Assert.True(PublicKey.TryParse(Jwk, out var key, out var error), error);
        var signed = CoseSign1.SigStructure(Convert.FromHexString("A10126"), "This is the content."u8);
        Assert.Equal("846A5369676E61747572653143A101264054546869732069732074686520636F6E74656E742E", Convert.ToHexString(signed));
        Assert.Equal(SignatureCheck.Valid, key.Verify(signed, signature));
    }

    [Fact]
    public void Statement_InCbor_SaysWhatAJwsDoes()
    {
        Assert.True(Statement.TryParse(Good.Statement, out var statement, out var error), error);
        var header = statement.Telemetry!; // It is telemetry.
        Assert.Equal((StatementForm.Telemetry, 1, EvidenceVectors.Machines.Meter.Uri, 2L, 1L), (statement.Form, statement.Count, header.Device, header.Sequence, header.Boot));
        Assert.True(Statement.TryParse(EvidenceVectors.Machines.MeterSaid[0].Statement, out var first, out _) && Statement.TryParse(EvidenceVectors.Machines.MeterSaid[2].Statement, out var third, out _) && third.Telemetry!.Previous == statement.Digest);
        Statement.TryParse(EvidenceVectors.Machines.MeterSaid[0].Statement, out first, out _);
        Assert.Equal(first!.Digest, header.Previous); // Read just now.
        Assert.Equal(SignatureCheck.Valid, statement.Message.Verify(EvidenceVectors.Machines.MeterKey.Key.PublicKey));
        Assert.Equal(SignatureCheck.Invalid, statement.Message.Verify(EvidenceVectors.Machines.PressFirst.Key.PublicKey));
        Assert.Equal(SignatureCheck.Invalid, statement.Message.Verify(EvidenceVectors.Machines.CraneKey.Key.PublicKey)); // of another algorithm
        Assert.Null(statement.Message.PayloadFault);
        Assert.Contains("\"value\":61.5,\"uom\":\"CEL\"", Encoding.UTF8.GetString(statement.Message.Payload.Span), StringComparison.Ordinal);
        var bytes = statement.Message.ToBytes();
        Assert.Equal((Hash32.Compute(bytes), Good.Statement), (statement.Digest, SignedMessage.ToText(bytes)));
        Assert.Equal(first.Message.ToBytes(), Encoding.ASCII.GetBytes(EvidenceVectors.Machines.MeterSaid[0].Statement));
        Assert.Equal(EvidenceVectors.Machines.MeterSaid[0].Statement, SignedMessage.ToText(first.Message.ToBytes()));
    }

    [Fact]
    public void Message_TooLong_IsRefused()
    {
        var payload = new byte[CoseSign1.MaxBytes];
        Assert.False(Statement.TryParse(CoseText.Message([0xA0], payload, new byte[64]), out _, out var error));
        Assert.Contains("786432", error, StringComparison.Ordinal);
        Assert.False(Statement.TryParse(Base64UrlText.Encode(CoseText.Message([0xA0], payload, new byte[64])), out _, out _));
        Assert.False(Statement.TryParse(CoseText.Message(new byte[CoseSign1.MaxHeaderBytes + 1], [0xA0], new byte[64]), out _, out error));
        Assert.Contains("4096", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "At byte 0 of the COSE_Sign1: ")]
    [InlineData("D1", "At byte 1 of the COSE_Sign1: tag 18 is needed here.")]
    [InlineData("D283", "At byte 1 of the COSE_Sign1: ")]
    [InlineData("D28341A0A04100", "At byte 2 of the COSE_Sign1: a COSE_Sign1 is an array of four.")]
    [InlineData("D28441A0A10100", "At byte 5 of the COSE_Sign1: the unprotected header must be empty.")]
    [InlineData("D28441A0A05F41004100FF40", "At byte 5 of the COSE_Sign1: lengths must be definite.")]
    [InlineData("D28441A0A0404000", "At byte 7 of the COSE_Sign1: nothing may follow.")]
    [InlineData("D28440A04040", "At byte 0 of the protected header: ")]
    [InlineData("D28441A0A04040", "The header parameter 16 (typ) must be")]
    [InlineData("D28443A10220A04040", "At byte 2 of the protected header: the header parameter \"2\" is not allowed.")]
    [InlineData("D28445A163696174A04040", "At byte 5 of the protected header: the header parameter \"iat\" is not allowed.")]
    [InlineData("D28444A1044100A04040", "At byte 4 of the protected header: 32 bytes are needed here.")]
    [InlineData("D28447A163736571 3800A04040", "At byte 5 of the protected header: an integer that is not negative is needed here.")]
    public void Fault_IsNamedWithPlaceAndRule(string hex, string sentence)
    {
        Assert.False(Statement.TryParse(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), out _, out var error));
        Assert.StartsWith(sentence, error, StringComparison.Ordinal);
    }
}
