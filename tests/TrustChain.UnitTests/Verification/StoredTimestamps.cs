using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.UnitTests.Log;

namespace TrustChain.UnitTests.Verification;

/// <summary>
/// Timestamp tokens over roots of the test log. Their signatures are random, so they are made once and stored in <c>tests/vectors/evidence/timestamps.json</c>; with
/// TRUSTCHAIN_WRITE_VECTORS=1 they are made anew where the log's roots changed.
/// </summary>
internal static class StoredTimestamps
{
    private const string File = "evidence/timestamps.json";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly Lock Gate = new();
    private static Stored? _stored;

    /// <summary>Certificate of the authority's root.</summary>
    public static X509Certificate2 Authority(LittleLog log) => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(Read(log).Authority));

    /// <summary>Certificate of an authority that stamped nothing here.</summary>
    public static X509Certificate2 OtherAuthority(LittleLog log) => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(Read(log).OtherAuthority));

    /// <summary>The token over the log's root of a size.</summary>
    public static byte[] Token(LittleLog log, long size) => Base64Url.DecodeFromChars(Read(log).Tokens[size.ToString(System.Globalization.CultureInfo.InvariantCulture)]);

    private static Stored Read(LittleLog log)
    {
        lock (Gate)
        {
            return _stored ??= VectorFiles.IsWriting && !IsCurrent(log) ? Make(log) : JsonSerializer.Deserialize<Stored>(VectorFiles.Read(File))!;
        }
    }

    private static bool IsCurrent(LittleLog log)
    {
        if (!System.IO.File.Exists(VectorFiles.PathOf(File)))
        {
            return false;
        }
        var stored = JsonSerializer.Deserialize<Stored>(VectorFiles.Read(File))!;
        var authority = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(stored.Authority));
        return stored.Tokens.All(t => TimestampToken.Verify(Base64Url.DecodeFromChars(t.Value), Text(log, long.Parse(t.Key, System.Globalization.CultureInfo.InvariantCulture)), authority).Signature == SignatureCheck.Valid);
    }

    private static Stored Make(LittleLog log)
    {
        using var authority = new TestTimestampAuthority("Example");
        using var other = new TestTimestampAuthority("Other");
        var tokens = EvidenceWorld.AnchoredSizes.ToDictionary(
            static size => size.ToString(System.Globalization.CultureInfo.InvariantCulture),
            size => Base64Url.EncodeToString(authority.Stamp(SHA256.HashData(Encoding.UTF8.GetBytes(Text(log, size))), new DateTimeOffset(2026, 4, 20, 3, 0, 0, TimeSpan.Zero))));
        var made = new Stored(Convert.ToBase64String(authority.Root.RawDataMemory.Span), Convert.ToBase64String(other.Root.RawDataMemory.Span), tokens);
        VectorFiles.Check(File, [.. JsonSerializer.SerializeToUtf8Bytes(made, Indented), (byte)'\n']);
        return made;
    }

    private static string Text(LittleLog log, long size) => new Checkpoint(log.Origin, size, log.Root(size)).ToText();

    private sealed record Stored(string Authority, string OtherAuthority, Dictionary<string, string> Tokens);
}
