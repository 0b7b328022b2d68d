using TrustChain.Core.Devices.Grants;
using TrustChain.Postgres.Devices;

namespace TrustChain.Server.Pages.Devices;

/// <summary>A request or a grant as the owner sees it.</summary>
/// <param name="Stored">The grant.</param>
/// <param name="Name">Name of who asks or reads.</param>
/// <param name="State">Where it stands.</param>
public sealed record GrantingRow(StoredGrant Stored, string Name, GrantState State);
