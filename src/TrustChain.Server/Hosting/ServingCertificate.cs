using System.Security.Cryptography.X509Certificates;

namespace TrustChain.Server.Hosting;

/// <summary>A certificate that the web server is told to use, as section <c>Kestrel</c> names it: the default one, one of an endpoint, or one of a name that an endpoint serves.</summary>
/// <param name="Place">The setting.</param>
/// <param name="File">PEM, or PKCS #12 where no file of a key is named.</param>
/// <param name="KeyFile">PEM with the private key; null when the certificate's file has it.</param>
/// <param name="Password">Of the PKCS #12 file or the key.</param>
internal sealed record ServingCertificate(string Place, string File, string? KeyFile, string? Password)
{
    /// <summary>The file with the private key.</summary>
    public string PrivateFile => KeyFile ?? File;

    /// <summary>Every certificate that is a file. Those in a store of the system are not among them.</summary>
    public static IReadOnlyList<ServingCertificate> Find(IConfiguration configuration)
    {
        var kestrel = configuration.GetSection("Kestrel");
        var sections = kestrel.GetSection("Certificates").GetChildren().Concat(kestrel.GetSection("Endpoints").GetChildren()
            .SelectMany(static e => e.GetSection("Sni").GetChildren().Prepend(e)).Select(static e => e.GetSection("Certificate")));
        return [.. sections.Where(static s => s["Path"] is { Length: > 0 }).Select(static s => new ServingCertificate(s.Path, s["Path"]!, s["KeyPath"], s["Password"]))]; // Those with a path.
    }

    /// <summary>When it ends.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It holds no certificate, or the password is wrong.</exception>
    public DateTimeOffset ReadEnd()
    {
        var isPkcs12 = X509Certificate2.GetCertContentType(File) == X509ContentType.Pkcs12;
        using var certificate = isPkcs12 ? X509CertificateLoader.LoadPkcs12FromFile(File, Password) : X509CertificateLoader.LoadCertificateFromFile(File);
        return certificate.NotAfter.ToUniversalTime();
    }
}
