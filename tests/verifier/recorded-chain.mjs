/** What a node with the recorded answers (the form of chain.json) would say about a bundle's anchors; null where none was asked. */
export function observe(recorded, bytes) {
  if (recorded === null) {
    return null;
  }
  let anchors = [];
  try {
    anchors = JSON.parse(new TextDecoder().decode(bytes)).anchors ?? [];
  } catch {
    // A malformed bundle names no anchors.
  }
  return {
    unavailable: null,
    chainId: recorded.chainId,
    genesis: recorded.genesis,
    anchors: (Array.isArray(anchors) ? anchors : []).map((anchor) => {
      const registry = recorded.registries[String(anchor?.registry).toLowerCase()];
      return {
        hasCode: registry !== undefined,
        originHash: registry?.originHash ?? null,
        rootAt: registry?.rootAt[String(anchor?.size)] ?? null,
        transaction: recorded.transactions[String(anchor?.transaction).toLowerCase()] ?? null,
      };
    }),
  };
}
