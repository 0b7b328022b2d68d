// Follows a log as the verifier of Sigstore does: checkpoint signature, then the inclusion of every entry by RFC 6962. Usage: node sigstore-client.mjs URL VKEY STATE.
// STATE is a file that keeps size and leaf hashes: in the next run every leaf of then must be included in the checkpoint of now, at its place. So the log only grew.
// The two functions are not exported by the package's entry point, so they are taken from the files that hold them.
import { createHash, createPublicKey } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { verifyCheckpoint } = require("@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js");

const [url, vkey, state] = process.argv.slice(2);
const get = async path => {
    const answer = await fetch(`${url}/log/${path}`);
    if (!answer.ok) {
        throw new Error(`${path}: ${answer.status}`);
    }
    return Buffer.from(await answer.arrayBuffer());
};

// A verifier key is name+key ID+base64(0x01 || key), and base64 may hold a plus too.
const [, origin, keyId, encoded] = /^([^+]+)\+([^+]+)\+(.+)$/.exec(vkey);
const raw = Buffer.from(encoded, "base64").subarray(1);
const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
const logs = [{ logID: Buffer.from(keyId, "hex"), baseURL: `https://${origin}`, publicKey: createPublicKey({ key: spki, format: "der", type: "spki" }) }];

const envelope = (await get("checkpoint")).toString("utf8");
const checkpoint = verifyCheckpoint({ inclusionProof: { checkpoint: { envelope } } }, logs);
const size = Number(checkpoint.logSize);

const expectRefusal = (what, action) => {
    try {
        action();
    } catch (error) {
        if (error.name === "VerificationError") {
            return;
        }
        throw error;
    }
    throw new Error(`${what} was accepted`);
};
expectRefusal("another size", () => verifyCheckpoint({ inclusionProof: { checkpoint: { envelope: envelope.replace(`\n${size}\n`, `\n${size + 1}\n`) } } }, logs));

const before = existsSync(state) ? JSON.parse(readFileSync(state, "utf8")) : { size: 0, leaves: [] };
if (before.size > size) {
    throw new Error(`the log shrank from ${before.size} to ${size} entries`);
}
const leaves = [];
let verified = 0;
for (let bundle = 0; bundle * 256 < size; bundle++) {
    const width = Math.min(256, size - bundle * 256);
    const bytes = await get(`tile/entries/${String(bundle).padStart(3, "0")}${width < 256 ? `.p/${width}` : ""}`);
    const hashes = await get(`tile/0/${String(bundle).padStart(3, "0")}${width < 256 ? `.p/${width}` : ""}`);
    for (let i = 0, at = 0; i < width; i++) {
        const length = bytes.readUInt16BE(at);
        const canonicalizedBody = bytes.subarray(at + 2, at + 2 + length);
        at += 2 + length;
        const logIndex = bundle * 256 + i;
        const leaf = createHash("sha256").update(Buffer.from([0])).update(canonicalizedBody).digest();
        if (!leaf.equals(hashes.subarray(i * 32, i * 32 + 32))) {
            throw new Error(`entry ${logIndex} is not that of its tile`);
        }
        if (logIndex < before.size && leaf.toString("base64") !== before.leaves[logIndex]) {
            throw new Error(`entry ${logIndex} is another than before`);
        }
        leaves.push(leaf.toString("base64"));
        const answer = JSON.parse(await get(`inclusion?index=${logIndex}&size=${size}`));
        const entry = { canonicalizedBody, inclusionProof: { logIndex: String(logIndex), hashes: answer.proof.map(hash => Buffer.from(hash, "base64")) } };
        verifyMerkleInclusion(entry, checkpoint);
        expectRefusal("an altered entry", () => verifyMerkleInclusion({ ...entry, canonicalizedBody: Buffer.concat([canonicalizedBody, Buffer.from([0])]) }, checkpoint));
        verified++;
    }
}
writeFileSync(state, JSON.stringify({ size, leaves }));
console.log(JSON.stringify({ origin: checkpoint.origin, from: before.size, size, verified }));
