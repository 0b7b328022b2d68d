using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Globalization;
using TrustChain.Core.Canonical;
using TrustChain.Core.Devices;

namespace TrustChain.Core.Signing;

/// <summary>
/// A telemetry statement in CBOR: a tagged COSE_Sign1 (RFC 9052 section 4.2), read strictly (<c>docs/evidence-format.md</c> section 4.1). Its header says what that of a JWS says, under
/// the same names; integers and byte strings there are the decimal numbers and the base64url of the JWS.
/// </summary>
public sealed class CoseSign1 : SignedMessage
{
    /// <summary>Longest message, in bytes: in base64url it is as long as the longest JWS.</summary>
    public const int MaxBytes = Statement.MaxBytes / 4 * 3;

    /// <summary>Longest protected header, in bytes.</summary>
    public const int MaxHeaderBytes = 4096;

    /// <summary>Most levels of maps and arrays in the payload.</summary>
    public const int MaxDepth = 64;

    /// <summary>The <c>typ</c> (RFC 9596) of a telemetry statement.</summary>
    public const string TelemetryType = "application/vnd.trustchain.telemetry+cose";

    private const CborTag Tag = (CborTag)18;
    private const byte FirstByte = 0xD2;

    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ReadOnlyMemory<byte> _header;
    private readonly ReadOnlyMemory<byte> _cbor;
    private readonly Lazy<(byte[]? Json, string? Fault)> _payload;

    private CoseSign1(ReadOnlyMemory<byte> bytes, Dictionary<string, string> members, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> cbor, ReadOnlyMemory<byte> signature)
        : base(members)
    {
        (_bytes, _header, _cbor, Signature) = (bytes, header, cbor, signature);
        _payload = new(() => CborJson.TryConvert(cbor, MaxDepth, out var json, out var fault) ? (json, null) : (null, fault), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>The payload, which is CBOR, as JSON. Converted when it is first asked for, so that a signature can be verified before.</summary>
    public override ReadOnlyMemory<byte> Payload => _payload.Value.Json;

    /// <inheritdoc/>
    public override string? PayloadFault => _payload.Value.Fault;

    private protected override ReadOnlyMemory<byte> Signature { get; }

    /// <inheritdoc/>
    public override byte[] ToBytes() => _bytes.ToArray();

    /// <summary>Whether stored bytes are a COSE_Sign1 and no JWS, which is ASCII.</summary>
    public static bool IsStartOf(ReadOnlySpan<byte> bytes) => bytes is [FirstByte, ..];

    /// <summary>Reads a message; the signature is not verified, and the payload not looked at. No input makes it throw.</summary>
    /// <param name="bytes">The message, which must not change afterwards.</param>
    /// <param name="message">The parts, when the answer is true.</param>
    /// <param name="error">One sentence with place and rule, when the answer is false.</param>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out CoseSign1? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        if (bytes.Length > MaxBytes)
        {
            error = $"A statement in CBOR has at most {MaxBytes} bytes.";
            return false;
        }
        ReadOnlyMemory<byte> header = default, payload = default, signature = default;
        if (!CborItems.Try(
            items =>
            {
                items.ReadTag(Tag);
                Count(items.StartArray(), 4, "a COSE_Sign1 is an array of four");
                header = items.ReadBytes();
                Count(items.StartMap(), 0, "the unprotected header must be empty");
                items.EndMap();
                payload = items.ReadBytes();
                signature = items.ReadBytes();
                items.EndArray();
                items.End();
            },
            new CborItems(bytes),
            "the COSE_Sign1",
            out error))
        {
            return false;
        }
        if (header.Length > MaxHeaderBytes)
        {
            error = $"The protected header has at most {MaxHeaderBytes} bytes.";
            return false;
        }
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!CborItems.Try(items => ReadHeader(items, members), new CborItems(header), "the protected header", out error))
        {
            return false;
        }
        if (members.GetValueOrDefault("typ") != TelemetryType)
        {
            error = $"The header parameter 16 (typ) must be \"{TelemetryType}\".";
            return false;
        }
        if (!members.ContainsKey("alg"))
        {
            error = "The header parameter 1 (alg) is missing.";
            return false;
        }
        message = new CoseSign1(bytes, members, header, payload, signature);
        return true;

        static void Count(int count, int wanted, string rule)
        {
            if (count != wanted)
            {
                throw CborItems.Wrong(rule);
            }
        }
    }

    private protected override byte[] WithSignature(ReadOnlySpan<byte> signature)
    {
        var bytes = ToBytes();
        signature.CopyTo(bytes.AsSpan(bytes.Length - Signature.Length)); // The last item, and of the same length.
        return bytes;
    }

    private protected override byte[] Signed() => SigStructure(_header.Span, _cbor.Span);

    /// <summary>The Sig_structure of RFC 9052 section 4.4, without external data.</summary>
    internal static byte[] SigStructure(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        var writer = new CborWriter(initialCapacity: header.Length + payload.Length + 32);
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(header);
        writer.WriteByteString([]);
        writer.WriteByteString(payload);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static void ReadHeader(CborItems items, Dictionary<string, string> members)
    {
        for (var pairs = items.StartMap(); pairs > 0; pairs--)
        {
            if (items.Next != CborReaderState.TextString)
            {
                var label = items.ReadInteger();
                var (name, value) = label == 1 ? ("alg", AlgorithmOf(items.ReadInteger()))
                    : label == 4 ? ("kid", ReadDigest(items))
                    : label == 16 ? ("typ", items.ReadString())
                    : throw NotAllowed(label.ToString(CultureInfo.InvariantCulture));
                members.Add(name, value);
                continue;
            }
            var text = items.ReadString();
            members.Add(text, text switch
            {
                "aud" or "clock" or "device" => items.ReadString(),
                "boot" or "seq" => items.ReadUnsigned().ToString(CultureInfo.InvariantCulture),
                "prev" => ReadDigest(items),
                _ => throw NotAllowed(text),
            });
        }
        items.EndMap();
        items.End();

        static CborContentException NotAllowed(string label) => CborItems.Wrong($"the header parameter \"{(label.Length > 100 ? label[..100] : label)}\" is not allowed");
    }

    private static string ReadDigest(CborItems items) =>
        items.ReadBytes() is { Length: 32 } digest ? Base64UrlText.Encode(digest.Span) : throw CborItems.Wrong("32 bytes are needed here");

    /// <summary>The JOSE name of an algorithm (RFC 9053 section 2, RFC 8812 section 3.2); of any other its number, which is no key's algorithm.</summary>
    private static string AlgorithmOf(Int128 number) =>
        number == -7 ? SignatureAlgorithms.ES256
        : number == -8 ? SignatureAlgorithms.EdDsa
        : number == -47 ? SignatureAlgorithms.ES256K
        : number.ToString(CultureInfo.InvariantCulture);
}
