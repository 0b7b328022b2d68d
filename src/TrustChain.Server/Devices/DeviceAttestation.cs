using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;
using PublicKey = TrustChain.Core.Signing.PublicKey;

namespace TrustChain.Server.Devices;

/// <summary>
/// The maker's word that a key is that of a device it made: a chain of X.509 certificates (<c>{"x5c":[…]}</c>, base64 of DER, the device's first) or a statement that an organisation of this
/// deployment signed with a key of its own (<c>{"jws":"…"}</c>). It is checked once, kept as it was sent, and shown with what came of the check.
/// </summary>
internal sealed class DeviceAttestation(KeyDirectory keys, IOptions<DeviceOptions> options, TimeProvider time)
{
    /// <summary><c>typ</c> of a maker's statement; its payload is the canonical JSON <c>{"device":…,"kid":…,"maker":…,"model":…,"serial":…}</c>.</summary>
    public const string Type = "device-attestation+jws";

    private const int MaxCertificates = 5;

    private readonly Lazy<X509Certificate2Collection> _roots = new(() =>
    {
        var roots = new X509Certificate2Collection();
        if (options.Value.MakerRootsFile.Length > 0)
        {
            roots.ImportFromPemFile(options.Value.MakerRootsFile);
        }
        return roots;
    });

    /// <summary>SHA-256 of the canonical JSON of an attestation as sent: what the device's entry commits to.</summary>
    /// <param name="stored">What <see cref="CheckAsync"/> gave.</param>
    public static Hash32 DigestOf(string stored)
    {
        using var document = JsonDocument.Parse(stored);
        return Hash32.Compute(Jcs.Canonicalize(document.RootElement.GetProperty("given")));
    }

    /// <summary>Checks an attestation; the answer is what is stored (JSON with <c>given</c> and <c>result</c>), or why it is refused: it is about another key, or is no attestation.</summary>
    public async Task<(string? Stored, string? Fault)> CheckAsync(JsonElement given, string device, PublicKey key, CancellationToken cancellationToken)
    {
        object? result;
        string? fault;
        if (given.ValueKind != JsonValueKind.Object || given.EnumerateObject().Count() != 1)
        {
            return (null, "must be {\"x5c\":[…]} or {\"jws\":\"…\"}.");
        }
        if (given.TryGetProperty("x5c", out var chain) && chain.ValueKind == JsonValueKind.Array)
        {
            (result, fault) = CheckChain(chain, key);
        }
        else if (given.TryGetProperty("jws", out var jws) && jws.ValueKind == JsonValueKind.String)
        {
            (result, fault) = await CheckStatementAsync(jws.GetString()!, device, key, cancellationToken); // A string.
        }
        else
        {
            return (null, "must be {\"x5c\":[…]} or {\"jws\":\"…\"}.");
        }
        return fault is null ? (JsonSerializer.Serialize(new { given, result }), null) : (null, fault);
    }

    private (object? Result, string? Fault) CheckChain(JsonElement chain, PublicKey key)
    {
        if (chain.GetArrayLength() is 0 or > MaxCertificates)
        {
            return (null, $"must have 1 to {MaxCertificates} certificates.");
        }
        var certificates = new List<X509Certificate2>();
        try
        {
            foreach (var item in chain.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.String || item.GetString() is not { Length: <= 16_384 } text)
                {
                    return (null, "must hold certificates as DER in base64.");
                }
                certificates.Add(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text)));
            }
            if (certificates[0].GetECDsaPublicKey() is not { } publicKey || !IsSame(publicKey, key))
            {
                return (null, "is for another key: the first certificate must hold the device's own.");
            }
            using var builder = new X509Chain();
            builder.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            builder.ChainPolicy.CustomTrustStore.AddRange(_roots.Value);
            certificates.Skip(1).ToList().ForEach(c => builder.ChainPolicy.ExtraStore.Add(c));
            builder.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            builder.ChainPolicy.DisableCertificateDownloads = true; // nothing is fetched because of what a stranger sent
            builder.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
            var trusted = builder.Build(certificates[0]);
            return (new
            {
                kind = "x509",
                verdict = trusted ? "passed" : "could-not-check",
                why = trusted ? null : string.Join(' ', builder.ChainStatus.Select(static s => s.Status.ToString()).Distinct()),
                subject = certificates[0].Subject,
                issuer = certificates[0].Issuer,
                root = trusted ? builder.ChainElements[^1].Certificate.Subject : null,
                validUntil = certificates[0].NotAfter.ToUniversalTime(),
                checkedAt = time.GetUtcNow(),
            }, null);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return (null, "must hold certificates as DER in base64.");
        }
        finally
        {
            certificates.ForEach(static c => c.Dispose());
        }
    }

    private static bool IsSame(ECDsa certified, PublicKey key)
    {
        var point = certified.ExportParameters(false).Q;
        return key.Algorithm == SignatureAlgorithms.ES256 && point.X is { Length: 32 } && point.Y is { Length: 32 }
            && key.Jwk == $$"""{"crv":"P-256","kty":"EC","x":"{{Base64UrlText.Encode(point.X)}}","y":"{{Base64UrlText.Encode(point.Y)}}"}""";
    }

    private async Task<(object? Result, string? Fault)> CheckStatementAsync(string compact, string device, PublicKey key, CancellationToken cancellationToken)
    {
        if (compact.Length > 8192 || !Jws.TryParse(compact, out var jws, out _) || jws.Type != Type || jws.Kid is null)
        {
            return (null, $"must be a compact JWS with typ \"{Type}\".");
        }
        if (await keys.FindAsync(jws.Kid, cancellationToken) is not { Stored: { Custody: Custody.Self, EntryIndex: not null, RevokedAt: null } } maker)
        {
            return (null, "is not signed by a key in force of an organisation here.");
        }
        if (jws.Verify(maker.PublicKey) != SignatureCheck.Valid)
        {
            return (null, "has a signature that is not that of the registered key.");
        }
        try
        {
            using var document = JsonDocument.Parse(jws.Payload, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            var fields = new JsonFields(document.RootElement);
            var (uri, kid) = (fields.Text("device", max: 2048), fields.Text("kid", max: 43));
            var (name, model, serial) = (fields.Text("maker", max: 200), fields.Text("model", required: false, max: 200), fields.Text("serial", required: false, max: 200));
            return uri != device || kid != key.Kid || name is null
                ? (null, "is about another device or key.")
                : (new { kind = "jws", verdict = "passed", organisation = maker.Organisation.Code, name = maker.Organisation.Name, maker = name, model, serial, checkedAt = time.GetUtcNow() }, null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return (null, "has a payload that is no JSON object.");
        }
    }
}
