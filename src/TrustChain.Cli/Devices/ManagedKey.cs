using TrustChain.Core.Signing;
using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices;

/// <summary>A device's key in memory: of a simulated device.</summary>
internal sealed class ManagedKey : IDeviceKey, IDisposable
{
    private readonly SigningKey _key = SigningKey.Generate(SignatureAlgorithms.ES256);

    /// <inheritdoc/>
    public string PublicJwk => _key.PublicKey.Jwk;

    /// <summary>RFC 7638 thumbprint.</summary>
    public string Kid => _key.PublicKey.Kid;

    /// <inheritdoc/>
    public byte[] Sign(byte[] data) => _key.Sign(data);

    /// <summary>The private JWK, for a file.</summary>
    public string ExportPrivateJwk() => _key.ExportPrivateJwk();

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
