using System.Globalization;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>What a node would answer, in the form of the file <c>chain.json</c>: by registry and size, and by transaction.</summary>
internal sealed class RecordedChain
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly JsonElement _json;

    private RecordedChain(JsonElement json) => _json = json;

    public static RecordedChain Read(byte[] utf8)
    {
        using var document = JsonDocument.Parse(utf8);
        return new RecordedChain(document.RootElement.Clone());
    }

    /// <summary>The file for the given logs, all on one chain. An address that is not in it has no code.</summary>
    public static byte[] Record(params IReadOnlyList<EvidenceWorld> worlds) => Record(EvidenceWorld.AnchoredSizes, [.. worlds.Select(static w => w.Log)]);

    /// <summary>As the other, for logs that are anchored at other sizes.</summary>
    public static byte[] Record(IReadOnlyList<long> sizes, params IReadOnlyList<LittleLog> logs)
    {
        var anchors = logs.SelectMany(log => sizes.Select(size => log.Anchor(size, size))).ToList();
        return JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                chainId = LittleLog.ChainId,
                genesis = LittleLog.Genesis,
                registries = logs.ToDictionary(static log => log.Registry, log => new
                {
                    originHash = "0x" + Hash32.Compute(System.Text.Encoding.UTF8.GetBytes(log.Origin)).ToHex(),
                    rootAt = sizes.ToDictionary(static s => s.ToString(CultureInfo.InvariantCulture), s => "0x" + log.Root(s).ToHex()),
                }),
                transactions = anchors.ToDictionary(static a => a.Transaction, static a => new
                {
                    succeeded = true,
                    to = a.Registry,
                    block = a.Block,
                    blockHash = a.BlockHash,
                    blockTime = Core.Log.Record.FormatTime(a.Time),
                }),
            },
            Indented);
    }

    public ChainObservation Observe(EvidenceBundle bundle) => new()
    {
        ChainId = _json.GetProperty("chainId").GetInt64(),
        Genesis = _json.GetProperty("genesis").GetString()!,
        Anchors = [.. bundle.Anchors.Select(Observe)],
    };

    private AnchorObservation Observe(BundleAnchor anchor)
    {
        if (!_json.GetProperty("registries").TryGetProperty(anchor.Registry.ToLowerInvariant(), out var registry))
        {
            return new AnchorObservation();
        }
        return new AnchorObservation
        {
            HasCode = true,
            OriginHash = Hash(registry.GetProperty("originHash")),
            RootAt = registry.GetProperty("rootAt").TryGetProperty(anchor.Size.ToString(CultureInfo.InvariantCulture), out var root) ? Hash(root) : default,
            Transaction = _json.GetProperty("transactions").TryGetProperty(anchor.Transaction.ToLowerInvariant(), out var t)
                ? new TransactionObservation(
                    t.GetProperty("succeeded").GetBoolean(),
                    t.GetProperty("to").GetString()!,
                    t.GetProperty("block").GetInt64(),
                    t.GetProperty("blockHash").GetString()!,
                    t.GetProperty("blockTime").GetDateTimeOffset())
                : null,
        };
    }

    private static Hash32 Hash(JsonElement hex) => Hash32.TryParseHex(hex.GetString().AsSpan(2), out var hash) ? hash : throw new FormatException(hex.GetString());
}
