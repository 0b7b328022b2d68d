using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.Core.Verification;

/// <summary>
/// What a verifier must know from elsewhere to tell one log from another: a JSON object with <c>origin</c>, <c>logKey</c> (note verifier key),
/// <c>chainId</c>, <c>registry</c> (contract address) and <c>genesis</c> (hash of the chain's block 0); optional are <c>witnesses</c> (witness keys), <c>quorum</c>
/// and <c>timestampAuthorities</c> (DER certificates in base64).
/// </summary>
/// <param name="Origin">Name of the log.</param>
/// <param name="LogKey">Note verifier key, see <see cref="Log.NoteVerifier"/>.</param>
/// <param name="ChainId">EIP-155 chain id.</param>
/// <param name="Registry">Contract address, 0x and 40 hexadecimal digits.</param>
/// <param name="Genesis">Hash of block 0, 0x and 64 hexadecimal digits.</param>
public sealed record TrustFile(string Origin, string LogKey, long ChainId, string Registry, string Genesis)
{
    /// <summary>Most witnesses, and most timestamp authorities.</summary>
    public const int MaxTrusted = 16;

    private const string Malformed = "The trust file must be a JSON object with origin, logKey, chainId, registry and genesis, and perhaps witnesses, quorum and timestampAuthorities.";

    private static readonly string[] Required = ["chainId", "genesis", "logKey", "origin", "registry"];
    private static readonly string[] Optional = ["quorum", "timestampAuthorities", "witnesses"];

    /// <summary>Witnesses whose cosignatures count, by their verifier keys; empty: cosignatures are not looked at.</summary>
    public IReadOnlyList<WitnessVerifier> Witnesses { get; init; } = [];

    /// <summary>How many of <see cref="Witnesses"/> must have cosigned: 1 to their number.</summary>
    public int Quorum { get; init; }

    /// <summary>Certificates of timestamp authorities, or of certification authorities above them.</summary>
    public IReadOnlyList<X509Certificate2> TimestampAuthorities { get; init; } = [];

    /// <summary>Reads a trust file; every required member must be there, and none that is not known.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out TrustFile? trust, [NotNullWhen(false)] out string? error)
    {
        trust = null;
        error = Malformed;
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || json.EnumerateObject().Select(static m => m.Name).Except(Required).Except(Optional).Any()
                || Text(json, "origin") is not { } origin || Text(json, "logKey") is not { } key || Text(json, "registry") is not { } registry
                || Text(json, "genesis") is not { } genesis
                || !json.TryGetProperty("chainId", out var id) || id.ValueKind != JsonValueKind.Number || !id.TryGetInt64(out var chainId))
            {
                return false;
            }
            if (ReadWitnesses(json) is not { } witnesses || ReadQuorum(json, witnesses.Count) is not { } quorum)
            {
                error = $"The trust file's witnesses must be 1 to {MaxTrusted} different witness keys (C2SP tlog-cosignature), and its quorum 1 to their number.";
                return false;
            }
            if (ReadAuthorities(json) is not { } authorities)
            {
                error = $"The trust file's timestampAuthorities must be 1 to {MaxTrusted} DER certificates in base64.";
                return false;
            }
            trust = new TrustFile(origin, key, chainId, registry, genesis) { Witnesses = witnesses, Quorum = quorum, TimestampAuthorities = authorities };
            error = null;
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            error = Malformed;
            return false;
        }
    }

    /// <summary>
    /// Reads what may name several logs: a trust file, or an array of 1 to <see cref="MaxTrusted"/> of them. <see cref="Find"/> says which of them counts.
    /// </summary>
    public static bool TryParseAll(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out IReadOnlyList<TrustFile>? trusted, [NotNullWhen(false)] out string? error)
    {
        trusted = null;
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 5 });
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                return TryParse(utf8, out var one, out error) && (trusted = [one]) is not null;
            }
            if (document.RootElement.GetArrayLength() is < 1 or > MaxTrusted)
            {
                error = $"An array of trust files must have 1 to {MaxTrusted} of them.";
                return false;
            }
            var list = new List<TrustFile>();
            foreach (var item in document.RootElement.EnumerateArray())
            {
                if (!TryParse(System.Text.Encoding.UTF8.GetBytes(item.GetRawText()), out var one, out error))
                {
                    return false;
                }
                list.Add(one);
            }
            trusted = list;
            error = null;
            return true;
        }
        catch (JsonException)
        {
            error = Malformed;
            return false;
        }
    }

    /// <summary>Of several trusted logs the one that counts for a bundle: the first with its origin, key, chain id and registry; where there is none, the first of all.</summary>
    /// <param name="trusted">At least one.</param>
    /// <param name="log">What the bundle says it is of.</param>
    public static TrustFile Find(IReadOnlyList<TrustFile> trusted, LogIdentity log) => trusted.FirstOrDefault(t => t.Names(log)) ?? trusted[0];

    private bool Names(LogIdentity log) => Origin == log.Origin && LogKey == log.Key && ChainId == log.ChainId && string.Equals(Registry, log.Registry, StringComparison.OrdinalIgnoreCase);

    /// <summary>The trust file as indented JSON.</summary>
    public byte[] ToUtf8()
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("origin", Origin);
            writer.WriteString("logKey", LogKey);
            writer.WriteNumber("chainId", ChainId);
            writer.WriteString("registry", Registry);
            writer.WriteString("genesis", Genesis);
            if (Witnesses.Count > 0)
            {
                writer.WriteStartArray("witnesses");
                foreach (var witness in Witnesses)
                {
                    writer.WriteStringValue(witness.Text);
                }
                writer.WriteEndArray();
                writer.WriteNumber("quorum", Quorum);
            }
            if (TimestampAuthorities.Count > 0)
            {
                writer.WriteStartArray("timestampAuthorities");
                foreach (var authority in TimestampAuthorities)
                {
                    writer.WriteBase64StringValue(authority.RawDataMemory.Span);
                }
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    private static List<WitnessVerifier>? ReadWitnesses(JsonElement json)
    {
        var witnesses = new List<WitnessVerifier>();
        foreach (var text in ReadTexts(json, "witnesses") ?? [null])
        {
            if (text is null || !WitnessVerifier.TryParse(text, out var witness) || witnesses.Any(w => w.Text == text))
            {
                return null;
            }
            witnesses.Add(witness);
        }
        return witnesses;
    }

    private static int? ReadQuorum(JsonElement json, int witnesses) =>
        !json.TryGetProperty("quorum", out var member) ? witnesses
        : member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var quorum) && quorum >= 1 && quorum <= witnesses ? quorum
        : null;

    private static List<X509Certificate2>? ReadAuthorities(JsonElement json)
    {
        var authorities = new List<X509Certificate2>();
        foreach (var text in ReadTexts(json, "timestampAuthorities") ?? [null])
        {
            try
            {
                authorities.Add(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text ?? "")));
            }
            catch (Exception exception) when (exception is FormatException or CryptographicException)
            {
                return null;
            }
        }
        return authorities;
    }

    /// <summary>An optional list of strings: empty when absent, null when it is anything else or has none or too many.</summary>
    private static List<string?>? ReadTexts(JsonElement json, string name) =>
        !json.TryGetProperty(name, out var member) ? []
        : member.ValueKind == JsonValueKind.Array && member.GetArrayLength() is >= 1 and <= MaxTrusted
            ? [.. member.EnumerateArray().Select(static m => m.ValueKind == JsonValueKind.String ? m.GetString() : null)]
            : null;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
