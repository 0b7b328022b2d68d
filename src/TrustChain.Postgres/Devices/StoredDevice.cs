using TrustChain.Core.Devices;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Devices;

/// <summary>A device as stored.</summary>
public sealed record StoredDevice
{
    /// <summary>Database id; 0 before it is stored.</summary>
    public int Id { get; init; }

    /// <summary>Canonical URI.</summary>
    public required string Uri { get; init; }

    /// <summary>What the public log calls it, and its id in addresses.</summary>
    public required Hash32 Pseudonym { get; init; }

    /// <summary>The 32 bytes between URI and pseudonym.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>The owner.</summary>
    public required int OrganisationId { get; init; }

    /// <summary>Name of its template.</summary>
    public required string Template { get; init; }

    public required string Name { get; init; }

    public string? Maker { get; init; }

    public string? Model { get; init; }

    public string? Serial { get; init; }

    /// <summary>JSON: the maker's word as sent, and what came of checking it.</summary>
    public string? Attestation { get; init; }

    public DeviceState State { get; init; }

    /// <summary>The organisation it is offered to.</summary>
    public int? OfferedTo { get; init; }

    /// <summary>Rises by one with each change.</summary>
    public int Version { get; init; } = 1;

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A key of a device.</summary>
/// <param name="Kid">Thumbprint.</param>
/// <param name="DeviceId">Whose it is.</param>
/// <param name="Number">0 for the device's first key, then 1.</param>
/// <param name="Jwk">Public JWK.</param>
/// <param name="EntryIndex">Leaf index of the device entry that admitted it; null until that is in the log, and until then it may not sign.</param>
/// <param name="AdmittedAt">When.</param>
/// <param name="EndedAt">When it was ended.</param>
/// <param name="CompromisedSince">First leaf index that must not be believed.</param>
public sealed record StoredDeviceKey(
    string Kid, int DeviceId, int Number, string Jwk, long? EntryIndex, DateTimeOffset AdmittedAt, DateTimeOffset? EndedAt, long? CompromisedSince);

/// <summary>What came of storing an act.</summary>
public enum DeviceActOutcome
{
    /// <summary>It is stored and queued for the log.</summary>
    Added,

    /// <summary>Another change of the device came first, or waits for its leaf index.</summary>
    Moved,

    /// <summary>The key is some device's already.</summary>
    KeyInUse,
}

/// <summary>The change of a device's row that an act brings.</summary>
/// <param name="State">Its state afterwards.</param>
/// <param name="OrganisationId">The owner afterwards.</param>
/// <param name="OfferedTo">Whom it is offered to afterwards.</param>
/// <param name="Key">The key that is admitted: kid and public JWK.</param>
/// <param name="EndsKey">Whether the key in force ends.</param>
/// <param name="CompromisedSince">From which leaf index on no key of the device so far must be believed.</param>
public sealed record DeviceChange(DeviceState State, int OrganisationId, int? OfferedTo, (string Kid, string Jwk)? Key, bool EndsKey, long? CompromisedSince);
