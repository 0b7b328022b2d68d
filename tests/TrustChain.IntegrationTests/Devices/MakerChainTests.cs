using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.Server.Devices;
using PublicKey = TrustChain.Core.Signing.PublicKey;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>A device's key, certified by its maker: passed only where the chain leads to a root that the deployment names.</summary>
public sealed class MakerChainTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _deviceKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root = MakeRoot("CN=Liftworks Root");
    private readonly X509Certificate2 _foreign = MakeRoot("CN=Another Root");

    [Fact]
    public async Task ChainToANamedRoot_Passes_AndNamesIt()
    {
        using var intermediate = Issue(_root, "CN=Liftworks Modules", Now.AddYears(1), isAuthority: true);
        using var leaf = Issue(intermediate, "CN=Module 0007", Now.AddDays(30));

        var result = await CheckAsync(leaf, intermediate);

        Assert.Equal("passed", result.GetProperty("verdict").GetString());
        Assert.Equal(("CN=Module 0007", "CN=Liftworks Modules", "CN=Liftworks Root"),
            (result.GetProperty("subject").GetString(), result.GetProperty("issuer").GetString(), result.GetProperty("root").GetString()));
    }

    [Theory]
    [InlineData("missing intermediate", "PartialChain")]
    [InlineData("expired", "NotTimeValid")]
    [InlineData("foreign root", "UntrustedRoot")]
    [InlineData("intermediate that is no authority", "InvalidBasicConstraints")]
    public async Task ChainThatDoesNotLeadThere_IsNoProof(string what, string why)
    {
        using var intermediate = Issue(what == "foreign root" ? _foreign : _root, "CN=Liftworks Modules", Now.AddYears(1), isAuthority: what != "intermediate that is no authority");
        using var leaf = Issue(intermediate, "CN=Module 0007", what == "expired" ? Now.AddDays(-1) : Now.AddDays(30));

        var result = what switch
        {
            "missing intermediate" => await CheckAsync(leaf),
            "foreign root" => await CheckAsync(leaf, intermediate, _foreign),
            _ => await CheckAsync(leaf, intermediate),
        };

        Assert.Equal("could-not-check", result.GetProperty("verdict").GetString());
        Assert.Contains(why, result.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, result.GetProperty("root").ValueKind);
    }

    public void Dispose()
    {
        _root.Dispose();
        _foreign.Dispose();
        _deviceKey.Dispose();
        _folder.Dispose();
    }

    private async Task<JsonElement> CheckAsync(params X509Certificate2[] chain)
    {
        var roots = _folder.PathOf("roots.pem");
        await File.WriteAllTextAsync(roots, _root.ExportCertificatePem(), TestContext.Current.CancellationToken);
        var attestation = new DeviceAttestation(keys: null!, Options.Create(new DeviceOptions { MakerRootsFile = roots }), TimeProvider.System); // Chains ask for no key.
        var point = _deviceKey.ExportParameters(false).Q;
        Assert.True(PublicKey.TryParse($$"""{"crv":"P-256","kty":"EC","x":"{{Base64UrlText.Encode(point.X)}}","y":"{{Base64UrlText.Encode(point.Y)}}"}""", out var key, out var error), error);
        var given = JsonSerializer.SerializeToElement(new { x5c = chain.Select(static c => Convert.ToBase64String(c.RawData)) });
        var (stored, fault) = await attestation.CheckAsync(given, "urn:test:module", key, TestContext.Current.CancellationToken);
        Assert.Null(fault);
        return JsonDocument.Parse(stored!).RootElement.GetProperty("result"); // Without a fault it is set.
    }

    private static X509Certificate2 MakeRoot(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(5));
    }

    private X509Certificate2 Issue(X509Certificate2 issuer, string name, DateTimeOffset until, bool isAuthority = false)
    {
        var isLeaf = issuer != _root && issuer != _foreign;
        using var own = isLeaf ? null : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, own ?? _deviceKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        using var signer = issuer.GetECDsaPrivateKey()!; // Each issuer here has its key.
        var generator = X509SignatureGenerator.CreateForECDsa(signer);
        using var issued = request.Create(issuer.SubjectName, generator, Now.AddDays(-30), until, RandomNumberGenerator.GetBytes(8));
        return own is null ? X509CertificateLoader.LoadCertificate(issued.RawData) : issued.CopyWithPrivateKey(own);
    }
}
