using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Devices;

/// <summary>A grant as stored.</summary>
/// <param name="Id">16 random bytes in base64url.</param>
/// <param name="Uri">The device that was asked for, whether or not there is one.</param>
/// <param name="DeviceId">The device; null where there was none when it was asked for.</param>
/// <param name="OwnerId">Who gave it; null before.</param>
/// <param name="Grantee">Code of the organisation that reads.</param>
/// <param name="GranteeId">The same, its id.</param>
/// <param name="Request">The statement that asked; null where it was given unasked.</param>
/// <param name="Grant">Where it stands.</param>
public sealed record StoredGrant(string Id, string Uri, int? DeviceId, int? OwnerId, string Grantee, int GranteeId, string? Request, Grant Grant);

/// <summary>An entry of the log that hides its content, with what opens it.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="LeafIndex">Its leaf index; null while it waits.</param>
/// <param name="Salt">32 bytes.</param>
/// <param name="Content">Canonical JSON.</param>
/// <param name="Jws">The statement that the content is about, where there is one.</param>
/// <param name="At">When it was stored.</param>
public sealed record HiddenEntry(EntryKind Kind, long? LeafIndex, byte[] Salt, byte[] Content, string? Jws, DateTimeOffset At);

/// <summary>A read by somebody who is not the owner, with its entry.</summary>
public sealed record StoredAccess(long Id, AccessEntry Access, HiddenEntry Entry);

/// <summary>A day key wrapped to a recipient.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Day">Its day.</param>
/// <param name="Recipient">Thumbprint of the recipient's key.</param>
/// <param name="Jwe">The wrapped key.</param>
public sealed record StoredDayKey(string Name, DateOnly Day, string Recipient, string Jwe);
