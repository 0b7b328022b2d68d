using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Log;

public sealed class CosignatureTests
{
    private const string Name = "witness.example/w1";
    private const string Text = "log.example/tea\n43\nwF1Sz1KPic5RCK2gssPTbnryJWm41p3tHBstkzpS4PE=\n";

    private static readonly DateTimeOffset Time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A checkpoint of a public log with the line of a public witness, both of which run other software.</summary>
    [Fact]
    public void CosignatureOfAPublicWitness_Verifies()
    {
        const string Note = """
            arche2025h1.staging.ct.transparency.dev
            1432088532
            U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

            — arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
            — remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==

            """;
        Assert.True(WitnessVerifier.TryParse("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", out var witness));
        Assert.Equal((0xda77ade7, "remora.n621.de"), (witness.KeyId, witness.Name));
        Assert.True(SignedNote.TryParse(Note, out var note));
        Assert.Equal(new CosignatureCheck(true, SignatureCheck.Valid, DateTimeOffset.FromUnixTimeSeconds(1779573024)), note.VerifyCosignature(witness));
        Assert.True(SignedNote.TryParse(Note.Replace("1432088532", "1432088533", StringComparison.Ordinal), out var other));
        Assert.Equal(new CosignatureCheck(true, SignatureCheck.Invalid, null), other.VerifyCosignature(witness));
    }

    /// <summary>Key text and line were computed by another implementation of Ed25519 from the seed 00 01 … 1f.</summary>
    [Fact]
    public void Cosignature_IsThatOfAnotherImplementation()
    {
        using var key = Witness();
        Assert.Equal("witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", WitnessVerifier.Create(Name, key.PublicKey).Text);
        Assert.Equal(
            "— witness.example/w1 519lMgAAAABpVbkAMO38bbzHCqhSc4uUFCTOAkB/Ec0izFZ925zCeg19I2lEBRMDbKcSr0QWnLomRQDdp5luEtUKq6Tw1e5qtW91Ag==\n",
            Cosignature.Sign(Text, Name, key, Time));
    }

    [Fact]
    public void CosignedCheckpoint_VerifiesByEachKey_AndAnyAlteredByteOfTheCosignatureFails()
    {
        using var log = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        using var key = Witness();
        var witness = WitnessVerifier.Create(Name, key.PublicKey);
        var signed = SignedNote.Sign(Text, "log.example/tea", log);
        var cosigned = SignedNote.Append(signed, [Cosignature.Sign(Text, Name, key, Time.AddMilliseconds(999))]);
        Assert.True(SignedNote.TryParse(cosigned, out var note));
        Assert.Equal(["log.example/tea", Name], note.Signers);
        Assert.Equal(cosigned, $"{note.Text}\n{string.Concat(note.Signatures.Select(static s => s.ToLine()))}");
        Assert.Equal(SignatureCheck.Valid, note.Verify(NoteVerifier.Create("log.example/tea", log.PublicKey)));
        Assert.Equal(new CosignatureCheck(true, SignatureCheck.Valid, Time), note.VerifyCosignature(witness));
        for (var i = signed.Length; i < cosigned.Length; i++)
        {
            var altered = cosigned[..i] + (cosigned[i] == 'A' ? 'B' : 'A') + cosigned[(i + 1)..];
            Assert.False(SignedNote.TryParse(altered, out var other) && other.VerifyCosignature(witness).Check == SignatureCheck.Valid, $"A change at {i} went unnoticed.");
        }
    }

    [Fact]
    public void Cosignature_IsNotFound_WhenNameOrKeyOrTypeIsAnother()
    {
        using var key = Witness();
        using var another = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var absent = new CosignatureCheck(false, SignatureCheck.Invalid, null);
        Assert.True(SignedNote.TryParse(SignedNote.Append(SignedNote.Sign(Text, Name, key), [Cosignature.Sign(Text, "witness.example/w2", another, Time)]), out var note));
        Assert.Equal(absent, note.VerifyCosignature(WitnessVerifier.Create("witness.example/w2", key.PublicKey)));
        Assert.Equal(absent, note.VerifyCosignature(WitnessVerifier.Create("witness.example/w1", another.PublicKey)));
        // A plain signature by the witness's key under its name is no cosignature: the key ID depends on the type.
        Assert.Equal(absent, note.VerifyCosignature(WitnessVerifier.Create(Name, key.PublicKey)));
    }

    [Fact]
    public void PlainSignatureUnderTheCosignaturesKeyId_IsInvalid()
    {
        using var key = Witness();
        var witness = WitnessVerifier.Create(Name, key.PublicKey);
        var line = new NoteSignature(Name, witness.KeyId, key.Sign(System.Text.Encoding.UTF8.GetBytes(Text))).ToLine();
        Assert.True(SignedNote.TryParse($"{Text}\n{line}", out var note));
        Assert.Equal(new CosignatureCheck(true, SignatureCheck.Invalid, null), note.VerifyCosignature(witness));
    }

    [Theory]
    [InlineData("witness.example/w1+e75f6532+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "key type 0x01")]
    [InlineData("witness.example/w1+e75f6533+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "another key ID")]
    [InlineData("witness.example/w2+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "another name")]
    [InlineData("witness.example/w1+E75F6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "capital digits")]
    [InlineData("witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVQ==", "short key")]
    [InlineData("witness.example/w1+e75f6532", "no key")]
    public void WitnessKey_Malformed_IsRefused(string text, string why)
    {
        Assert.False(WitnessVerifier.TryParse(text, out _), why);
        Assert.True(WitnessVerifier.TryParse("witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", out _));
    }

    [Fact]
    public void Append_RefusesWhatIsNoSignatureLine()
    {
        using var key = Witness();
        var note = SignedNote.Sign(Text, Name, key);
        var line = Cosignature.Sign(Text, Name, key, Time);
        Assert.Throws<ArgumentException>(() => SignedNote.Append(note, ["extension\n"]));
        Assert.Throws<ArgumentException>(() => SignedNote.Append(note, [line.TrimEnd('\n')]));
        Assert.Throws<ArgumentException>(() => SignedNote.Append(note, [$"\n{line}"]));
        Assert.Throws<ArgumentException>(() => SignedNote.Append(Text, [line]));
        Assert.Equal(note, SignedNote.Append(note, []));
    }

    [Fact]
    public void Note_WithSixteenSignaturesOfTheLongestType_IsRead()
    {
        var line = new NoteSignature("witness.example/post-quantum", 1, new byte[8 + 2420]).ToLine();
        Assert.True(SignedNote.TryParse($"{Text}\n{string.Concat(Enumerable.Repeat(line, 16))}", out var note));
        Assert.Equal(16, note.Signatures.Count);
    }

    private static SigningKey Witness() => SigningKey.FromSecret(SignatureAlgorithms.EdDsa, [.. Enumerable.Range(0, 32).Select(static i => (byte)i)]);
}
