// Asks a node of the chain, by JSON-RPC, what the verification needs to know about a bundle's anchors.

// First four bytes of the Keccak-256 of the signatures originHash() and rootAt(uint64).
const originHash = "0x67a32810";
const rootAt = "0xeaa38b41";

const timeoutMilliseconds = 15000;
const isHash = /^0x[0-9a-fA-F]{64}$/;

/**
 * What the node answers, in the shape that verifyBundle takes. A node that does not answer, or answers out of form, makes an observation that is
 * unavailable: it never counts against a record.
 */
export async function observeChain(rpcUrl, anchors) {
  let id = 0;

  async function call(method, ...params) {
    const response = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params }),
      signal: AbortSignal.timeout(timeoutMilliseconds),
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    const answer = await response.json();
    if (!response.ok || answer.error || answer.result === undefined) {
      throw new Error(`${method}: ${answer.error?.message ?? response.status}`);
    }
    return answer.result;
  }

  async function observeAnchor(anchor) {
    const code = await call("eth_getCode", anchor.registry, "latest");
    if (code === "0x") {
      return { hasCode: false };
    }
    const [origin, root, receipt] = await Promise.all([
      word(anchor.registry, originHash),
      word(anchor.registry, rootAt + anchor.size.toString(16).padStart(64, "0")),
      isHash.test(anchor.transaction) ? call("eth_getTransactionReceipt", anchor.transaction) : null,
    ]);
    return { hasCode: true, originHash: origin, rootAt: root, transaction: receipt && await locate(receipt) };
  }

  /** A contract that has no such function is not the registry: it answers nothing, or reverts. */
  async function word(to, data) {
    const result = await call("eth_call", { to, data }, "latest").catch((error) => {
      if (/revert/i.test(error.message)) {
        return null;
      }
      throw error;
    });
    return isHash.test(result ?? "") ? result : null;
  }

  async function locate(receipt) {
    const block = await call("eth_getBlockByHash", receipt.blockHash, false);
    return block && {
      succeeded: receipt.status === "0x1",
      to: receipt.to,
      block: BigInt(receipt.blockNumber),
      blockHash: receipt.blockHash,
      blockTime: new Date(Number(block.timestamp) * 1000).toISOString(),
    };
  }

  try {
    const [chainId, first] = await Promise.all([call("eth_chainId"), call("eth_getBlockByNumber", "0x0", false)]);
    return { unavailable: null, chainId: BigInt(chainId), genesis: first.hash, anchors: await Promise.all(anchors.map(observeAnchor)) };
  } catch (error) {
    return { unavailable: error.message };
  }
}
