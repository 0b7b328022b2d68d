using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Devices;

/// <summary>
/// The histories of all devices of a log, for whoever reads every public entry (<c>docs/evidence-format.md</c> section 6.5). The signed statements are not public, so a signature is
/// taken on trust; that the key it names may sign, and that an admitted key is held, is not. Not safe for concurrent use.
/// </summary>
/// <param name="origin">The log's origin.</param>
/// <param name="keys">The histories of the organisations' keys, as far as the same entries; the caller keeps them in step.</param>
public sealed class DeviceHistories(string origin, KeyHistories keys)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private readonly Dictionary<Hash32, DeviceHistory> _histories = [];

    /// <summary>Every device's history, by pseudonym.</summary>
    public IReadOnlyDictionary<Hash32, DeviceHistory> ByDevice => _histories;

    /// <summary>Adds the next entry of kind 0x0A. A refused one does not count.</summary>
    /// <param name="index">Its leaf index.</param>
    /// <param name="body">Its body.</param>
    public KeyChangeResult Apply(long index, ReadOnlyMemory<byte> body)
    {
        PublicEntry? entry;
        DeviceAct? act;
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            if (!PublicEntry.TryParse(document.RootElement, out entry) || !DeviceAct.TryParse(document.RootElement.GetProperty("payload"), out act))
            {
                return new KeyChangeResult.Refused("it is no device entry of a known act");
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            return new KeyChangeResult.Refused("it is not well-formed JSON");
        }
        if (act.Act != DeviceActKind.Rotate
            && !(keys.ByOrganisation.GetValueOrDefault(act.Organisation)?.Find(entry.KeyEntry) is { RevokedBy: null } key && key.Key.Kid == entry.Kid && key.Custody == entry.Custody))
        {
            return new KeyChangeResult.Refused($"the key {entry.Kid} of entry {entry.KeyEntry} is none that {act.Organisation} has and that was not ended");
        }
        if (act.Act == DeviceActKind.Rotate && entry.Custody != Custody.Self)
        {
            return new KeyChangeResult.Refused("a device holds its key itself");
        }
        DeviceSigner signer = act.Act == DeviceActKind.Rotate ? new DeviceSigner.ByDevice(entry.Kid, entry.KeyEntry) : new DeviceSigner.ByOrganisation(act.Organisation);
        var history = _histories.GetValueOrDefault(act.Device) ?? new DeviceHistory();
        if (history.FindFault(index, act, signer) is { } fault)
        {
            return new KeyChangeResult.Refused(fault);
        }
        switch (act.VerifyProof(origin))
        {
            case SignatureCheck.Valid:
                break;
            case SignatureCheck.CouldNotCheck:
                return new KeyChangeResult.CouldNotCheck(act.Key!.Algorithm); // Without a key there is nothing to prove.
            default:
                return new KeyChangeResult.Refused("the key that it admits has not shown that it is held");
        }
        history.Apply(index, act);
        _histories[act.Device] = history;
        return new KeyChangeResult.Accepted();
    }
}
