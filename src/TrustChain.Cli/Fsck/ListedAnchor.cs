using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Fsck;

/// <summary>An anchor as the server lists it.</summary>
/// <param name="Size">Leaves under the root.</param>
/// <param name="Root">The root.</param>
/// <param name="State">The server's word for how far it is.</param>
internal sealed record ListedAnchor(long Size, Hash32 Root, string State)
{
    /// <summary>Whether the server says that the contract holds it for good. One that is merely mined may still be reorganised away.</summary>
    public bool IsFinal => State == "final";

    /// <summary>Whether the server says that the contract holds it.</summary>
    public bool IsMined => State is "mined" or "final";

    /// <summary>Reads the server's list for the trusted contract, which may be any of its anchoring targets.</summary>
    /// <exception cref="LogFaultException">No target is the trusted contract, or an anchor is malformed or of another one.</exception>
    /// <exception cref="CliException">The server does not answer.</exception>
    public static async Task<IReadOnlyList<ListedAnchor>> ListAsync(ServerClient client, TrustFile trust, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync("log/anchors", "application/json", cancellationToken);
        if (!answer.IsSuccess)
        {
            throw new CliException($"{answer.Address} answered {(int)answer.Status}; there is no list of anchors to check.");
        }
        using var document = answer.ToJson();
        var target = JsonMembers.Array(document.RootElement, "targets").FirstOrDefault(t => IsIn(t, trust));
        return target.ValueKind == JsonValueKind.Object
            ? [.. JsonMembers.Array(target, "anchors").Select(anchor => Read(anchor, trust))]
            : throw new LogFaultException(
                FaultCodes.AnchorMismatch, "list", $"No anchoring target that the server lists is the trusted contract {trust.Registry} on chain {trust.ChainId}.");
    }

    private static bool IsIn(JsonElement json, TrustFile trust) =>
        JsonMembers.Integer(json, "chainId") == trust.ChainId && string.Equals(JsonMembers.Text(json, "registry"), trust.Registry, StringComparison.OrdinalIgnoreCase);

    private static ListedAnchor Read(JsonElement json, TrustFile trust)
    {
        if (JsonMembers.Integer(json, "size") is not { } size || size < 0 || JsonMembers.Text(json, "state") is not { } state
            || !Hash32.TryParseBase64Url(JsonMembers.Text(json, "root"), out var root))
        {
            throw new LogFaultException(FaultCodes.AnchorMismatch, "list", "The list of anchors has one without size, root or state.");
        }
        if (!IsIn(json, trust))
        {
            throw new LogFaultException(
                FaultCodes.AnchorMismatch,
                AnchorComparison.Subject(size),
                $"The listed anchor of size {size} is not in the trusted contract {trust.Registry} on chain {trust.ChainId}.");
        }
        return new ListedAnchor(size, root, state);
    }
}
