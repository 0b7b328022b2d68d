using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Verification;

/// <summary>A witness of the test logs. Everything follows from its name.</summary>
internal sealed class Witness(string name)
{
    private readonly SigningKey _key = SigningKey.FromSecret(SignatureAlgorithms.EdDsa, Fixed.Bytes($"witness key of {name}"));

    public static Witness East { get; } = new("witness.example/east");

    public static Witness West { get; } = new("witness.example/west");

    public static Witness North { get; } = new("witness.example/north");

    public WitnessVerifier Verifier => WitnessVerifier.Create(name, _key.PublicKey);

    /// <summary>Its line for the text of a checkpoint.</summary>
    public string Cosign(string text) => Cosignature.Sign(text, name, _key, new DateTimeOffset(2026, 4, 20, 2, 0, 0, TimeSpan.Zero));
}
