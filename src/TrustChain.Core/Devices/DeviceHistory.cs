using TrustChain.Core.Signing;

namespace TrustChain.Core.Devices;

/// <summary>How a key of a device stands after the entries read so far.</summary>
/// <param name="Key">The key.</param>
/// <param name="Entry">Leaf index of the device entry that admitted it.</param>
/// <param name="EndedBy">Leaf index of the entry that ended it; null while none has.</param>
/// <param name="CompromisedSince">First leaf index that must not be believed; null when there is none.</param>
public sealed record DeviceKeyStanding(PublicKey Key, long Entry, long? EndedBy = null, long? CompromisedSince = null);

/// <summary>Where a device stands.</summary>
public enum DeviceState
{
    /// <summary>Nobody has enrolled it.</summary>
    None,

    /// <summary>It has a key in force.</summary>
    Active,

    /// <summary>Its key was ended and none has taken its place.</summary>
    WithoutKey,

    /// <summary>It says nothing any more.</summary>
    Retired,
}

/// <summary>Who signed a device entry.</summary>
public abstract record DeviceSigner
{
    private DeviceSigner()
    {
    }

    /// <summary>A key of an organisation.</summary>
    public sealed record ByOrganisation(string Code) : DeviceSigner;

    /// <summary>A key of the device itself.</summary>
    /// <param name="Kid">Its thumbprint.</param>
    /// <param name="Entry">Leaf index of the device entry that admitted it.</param>
    public sealed record ByDevice(string Kid, long Entry) : DeviceSigner;
}

/// <summary>
/// The rules for the entries of one device, in the order of the log (<c>docs/devices.md</c> section 3): a pure state machine. The server asks before it logs
/// an entry, and verifiers about those they read. Signatures are the caller's business. Not safe for concurrent use.
/// </summary>
public sealed class DeviceHistory
{
    private readonly List<DeviceKeyStanding> _keys = [];

    /// <summary>Where the device stands.</summary>
    public DeviceState State { get; private set; }

    /// <summary>Code of the organisation that owns it; null before the first entry.</summary>
    public string? Owner { get; private set; }

    /// <summary>Code of the organisation it is offered to.</summary>
    public string? OfferedTo { get; private set; }

    /// <summary>Leaf index of the newest entry: what the next one must name as <c>previous</c>.</summary>
    public long? Last { get; private set; }

    /// <summary>How many entries were applied.</summary>
    public int Count { get; private set; }

    /// <summary>Every key that was admitted, in the order of admission.</summary>
    public IReadOnlyList<DeviceKeyStanding> Keys => _keys;

    /// <summary>The key in force; null when there is none.</summary>
    public DeviceKeyStanding? Current => _keys is [.., { EndedBy: null } last] ? last : null;

    /// <summary>Why an act may not come next, in one sentence without full stop; null when it may.</summary>
    /// <param name="index">Leaf index of its entry; while that is not known, the least that it can be.</param>
    /// <param name="act">The act.</param>
    /// <param name="signer">Who signed it.</param>
    public string? FindFault(long index, DeviceAct act, DeviceSigner signer)
    {
        if (act.Previous != Last)
        {
            return $"it names {Show(act.Previous)} as the device's entry before it, which is {Show(Last)}";
        }
        if (State == DeviceState.Retired)
        {
            return "the device is retired";
        }
        if (act.Key is { } key && _keys.Exists(k => k.Key.Kid == key.Kid))
        {
            return $"the key {key.Kid} was admitted before";
        }
        if (act.CompromisedSince > index)
        {
            return $"it says that the device's keys were in wrong hands from entry {Show(act.CompromisedSince)} on, which is not in the log yet";
        }
        if (act.Act == DeviceActKind.Rotate)
        {
            return Current is not { } current ? "the device has no key in force"
                : signer is not DeviceSigner.ByDevice by || by.Kid != current.Key.Kid || by.Entry != current.Entry ? "it is not signed by the device's key in force"
                : act.Organisation != Owner ? $"it names {act.Organisation} as the owner, which is {Owner}"
                : null;
        }
        var entitled = act.Act switch
        {
            DeviceActKind.Enrol => act.Organisation,
            DeviceActKind.Accept => OfferedTo,
            _ => Owner,
        };
        if (entitled is null)
        {
            return "the device is not offered to anybody";
        }
        if (act.Organisation != entitled || signer is not DeviceSigner.ByOrganisation organisation || organisation.Code != entitled)
        {
            return $"it is not signed by {entitled}";
        }
        return act.Act switch
        {
            DeviceActKind.Revoke when Current is null => "the device has no key in force",
            DeviceActKind.Transfer when act.To == Owner => "it is the owner's already",
            _ => null,
        };
    }

    /// <summary>Takes an act that <see cref="FindFault"/> has nothing against.</summary>
    /// <param name="index">Leaf index of its entry.</param>
    /// <param name="act">The act.</param>
    public void Apply(long index, DeviceAct act)
    {
        switch (act.Act)
        {
            case DeviceActKind.Enrol:
                Owner = act.Organisation;
                break;
            case DeviceActKind.Replace or DeviceActKind.Rotate or DeviceActKind.Revoke or DeviceActKind.Retire:
                End(index, act.CompromisedSince);
                State = act.Act == DeviceActKind.Retire ? DeviceState.Retired : DeviceState.WithoutKey;
                break;
            case DeviceActKind.Transfer:
                OfferedTo = act.To;
                break;
            default:
                (Owner, OfferedTo) = (OfferedTo, null);
                break;
        }
        if (act.Key is { } key)
        {
            _keys.Add(new DeviceKeyStanding(key, index));
            State = DeviceState.Active;
        }
        Last = index;
        Count++;
    }

    private void End(long index, long? compromisedSince)
    {
        // It ends the newest key. That keys were in wrong hands may be found out later, so that reaches those that had ended before too.
        for (var i = 0; i < _keys.Count; i++)
        {
            var key = _keys[i];
            _keys[i] = key with
            {
                EndedBy = i == _keys.Count - 1 ? key.EndedBy ?? index : key.EndedBy,
                CompromisedSince = compromisedSince < (key.CompromisedSince ?? long.MaxValue) ? compromisedSince : key.CompromisedSince,
            };
        }
    }

    private static string Show(long? index) => index?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "nothing";
}
