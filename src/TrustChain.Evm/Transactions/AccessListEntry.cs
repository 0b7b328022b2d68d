using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Evm.Transactions;

/// <summary>An account and storage slots a transaction says beforehand that it will touch (EIP-2930).</summary>
public sealed record AccessListEntry(Address Address, IReadOnlyList<Hash32> StorageKeys);
