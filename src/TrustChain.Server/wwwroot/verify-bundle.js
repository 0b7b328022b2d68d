// Verifies an evidence bundle by the steps of docs/evidence-format.md, section "Verification", as the command-line verifier does, except that
// event hashes are not recomputed. What the chain says comes in as an observation, so this asks nobody.

import { concat, utf8 } from "./verify-json.js";
import { hashLeaf, maxTreeSize, same, sha256, sharedRoot, verifyConsistency, verifyInclusion } from "./verify-tree.js";
import { Outcome, Signature, checkpoint, cosignature, countEvents, digest, noteVerifier, record, signedNote, statement } from "./verify-formats.js";
import { admittedAt, keyChange, lineageOf, replayHistories } from "./verify-keys.js";
import { endsOfDevices, pseudonym, reachesKey, replayDevices } from "./verify-devices.js";
import { admittedDevice, kinds, publicLeafIs, statusAnswers } from "./verify-status.js";
import { MalformedError, readBundle } from "./verify-reading.js";

export { Outcome };

/**
 * Verifies a bundle. Needs WebCrypto (crypto.subtle).
 * @param input the bundle's bytes or text.
 * @param trust { origin, logKey, chainId, registry, genesis, and perhaps witnesses, quorum, timestampAuthorities }, or null, or an array of such objects, of which
 * the first that names the bundle's log counts, else the first of all. One that is malformed throws TypeError.
 * @param chain { unavailable, chainId, genesis, anchors: [{ hasCode, originHash, rootAt, transaction: { succeeded, to, block, blockHash, blockTime } }] },
 * or null when no node was asked. Digests are in base64url or 0x-hexadecimal, blockTime is a UTC time with milliseconds.
 * @returns {Promise<{ outcome: string, checks: { name: string, subject: string, outcome: string, code: ?string, values: object }[] }>}
 */
export async function verifyBundle(input, trust, chain) {
  let bundle;
  try {
    bundle = readBundle(input);
  } catch (error) {
    if (error instanceof MalformedError || error instanceof SyntaxError) {
      return report([{ name: "bundle", subject: "bundle", outcome: Outcome.failed, code: "bundle-malformed", values: { why: error.message } }]);
    }
    throw error;
  }
  const one = Array.isArray(trust) ? trust.find((t) => names(t, bundle.log)) ?? trust[0] : trust;
  const verifier = new Verifier(bundle, one ?? null, chain ?? null);
  await verifier.run();
  return report(verifier.checks);
}

function report(checks) {
  const has = (outcome) => checks.some((c) => c.outcome === outcome);
  return { outcome: has(Outcome.failed) ? Outcome.failed : has(Outcome.couldNotCheck) ? Outcome.couldNotCheck : Outcome.passed, checks };
}

const sameHex = (left, right) => String(left).toLowerCase() === String(right).toLowerCase();

/** Whether a trust file is of the log that a bundle says it is of. */
const names = (trust, log) =>
  log.origin === trust.origin && log.key === trust.logKey && sameHex(log.registry, trust.registry) && log.chainId === BigInt(trust.chainId);

/** Canonical base64url of a digest given in base64url or hexadecimal; null for none or all zero bytes. */
function observed(text) {
  const bytes = /^0x[0-9a-fA-F]{64}$/.test(text ?? "") ? Uint8Array.from(text.slice(2).match(/../g), (pair) => parseInt(pair, 16)) : digest(text);
  return bytes !== null && bytes.some((byte) => byte !== 0) ? bytes : null;
}

class Verifier {
  checks = [];
  #bundle;
  #trust;
  #chain;
  #keys = new Map(); // by leaf index: { change, sound }; of several with one index the last
  #devices = new Map(); // device entries by leaf index: { act, kid, keyEntry, sound }; act is null where it is none of a known act
  #ends = []; // of keys: { kid, keyEntry, organisation, compromisedSince, index, sound }, and device where they reach every key of it
  #note = null;
  #checkpoint = null;
  #checkpointSound = false;
  #anchoredSize = 0n;
  #anchoredRoot = null; // root the chain confirmed for exactly the checkpoint's size

  constructor(bundle, trust, chain) {
    this.#bundle = bundle;
    this.#trust = trust;
    this.#chain = chain;
  }

  async run() {
    const bundle = this.#bundle;
    this.#verifyIdentity(); // step 1
    await this.#verifyCheckpoint(); // step 2
    await this.#verifyWitnesses(); // step 2b
    for (const [i, anchor] of bundle.anchors.entries()) { // step 3
      await this.#verifyAnchor(anchor, i);
    }
    if (bundle.anchors.length === 0) {
      this.#unknown("anchor", "bundle", "anchor-pending");
    }
    for (const i of bundle.timestamps.keys()) { // step 3b: a browser has neither CMS nor X.509
      const code = this.#trust?.timestampAuthorities ? "algorithm-not-available" : "no-timestamp-authority";
      this.#unknown("timestamp", `timestamps[${i}]`, code, { algorithm: "RFC 3161" });
    }
    await this.#verifyInclusion(); // step 4
    for (const [i, key] of bundle.keys.entries()) { // step 5
      await this.#verifyKey(key, `keys[${i}]`);
    }
    await this.#verifyKeyHistories(); // step 5b
    const status = await statusAnswers(bundle, this.#keys, this.#devices); // step 7: step 6 asks which device entries passed, and is listed before it
    await this.#readEnds();
    for (const [i, bundled] of bundle.records.entries()) { // step 6
      await this.#verifyRecord(bundled, `records[${i}]`);
    }
    this.checks.push(...status);
    this.#verifyDeviceHistories(); // step 7b
  }

  #verifyIdentity() {
    const [log, trust, chain] = [this.#bundle.log, this.#trust, this.#chain];
    if (trust === null) {
      return this.#unknown("identity", "bundle", "no-trust-file");
    }
    const same = names(trust, log)
      && (chain === null || chain.unavailable || sameHex(chain.genesis, trust.genesis));
    return same ? this.#pass("identity", "bundle", { origin: log.origin }) : this.#fail("identity", "bundle", "foreign-log");
  }

  async #verifyCheckpoint() {
    const log = this.#bundle.log;
    const note = signedNote(this.#bundle.checkpoint);
    const head = note && checkpoint(note.text);
    if (!head || head.size < 1n || head.size > maxTreeSize) {
      return this.#fail("checkpoint", "bundle", "checkpoint-malformed");
    }
    [this.#note, this.#checkpoint] = [note, head];
    const verifier = await noteVerifier(log.key);
    if (verifier?.name !== log.origin || head.origin !== log.origin) {
      return this.#fail("checkpoint", "bundle", "checkpoint-signature-invalid");
    }
    const line = note.signatures.find((s) => s.name === verifier.name && s.keyId === verifier.keyId);
    switch (line ? await verifier.key.verify(utf8(note.text), line.signature) : Signature.invalid) {
      case Signature.valid:
        this.#checkpointSound = true;
        return this.#pass("checkpoint", "bundle", { size: head.size });
      case Signature.couldNotCheck:
        return this.#unknown("checkpoint", "bundle", "algorithm-not-available", { algorithm: "Ed25519" });
      default:
        return this.#fail("checkpoint", "bundle", "checkpoint-signature-invalid");
    }
  }

  async #verifyWitnesses() {
    const trusted = this.#trust?.witnesses;
    if (!trusted) {
      return;
    }
    const witnesses = await Promise.all(trusted.map((text) => noteVerifier(text, 4)));
    const quorum = this.#trust.quorum ?? witnesses.length;
    if (witnesses.includes(null) || new Set(trusted).size !== trusted.length || trusted.length === 0 || !(quorum >= 1 && quorum <= witnesses.length)) {
      throw new TypeError("The trust file's witnesses or its quorum are malformed.");
    }
    if (this.#checkpoint === null) {
      this.#depends("witness", "bundle");
      return;
    }
    const found = await Promise.all(witnesses.map(async ({ name, keyId, key }) => {
      const line = this.#note.signatures.find((s) => s.name === name && s.keyId === keyId);
      return line ? cosignature(key, this.#note.text, line.signature) : null;
    }));
    const count = found.filter((answer) => answer === Signature.valid).length;
    if (count >= quorum) {
      this.#pass("witness", "bundle", { count });
    } else if (found.includes(Signature.invalid)) {
      if (this.#checkpointSound) {
        this.#fail("witness", "bundle", "witness-signature-invalid");
      } else {
        this.#depends("witness", "bundle");
      }
    } else {
      this.#unknown("witness", "bundle", found.includes(Signature.couldNotCheck) ? "algorithm-not-available" : "witness-missing", { algorithm: "Ed25519", count, quorum });
    }
  }

  async #verifyAnchor(anchor, i) {
    const [subject, log, chain] = [`anchors[${i}]`, this.#bundle.log, this.#chain];
    const seen = chain?.anchors?.[i];
    if (chain === null || chain.unavailable || !seen) {
      return this.#unknown("anchor", subject, "chain-unreachable", { why: chain?.unavailable });
    }
    if (BigInt(chain.chainId) !== anchor.chainId || anchor.chainId !== log.chainId || !sameHex(anchor.registry, log.registry)) {
      return this.#fail("anchor", subject, "chain-mismatch");
    }
    if (!seen.hasCode) {
      return this.#fail("anchor", subject, "registry-missing");
    }
    const [origin, root, mined] = [observed(seen.originHash), observed(seen.rootAt), seen.transaction ?? null];
    if (origin === null || !same(origin, await sha256(utf8(log.origin)))) {
      return this.#fail("anchor", subject, "registry-origin-mismatch");
    }
    if (root === null) {
      return this.#fail("anchor", subject, "anchor-not-found");
    }
    if (!same(root, anchor.root)) {
      return this.#fail("anchor", subject, "anchor-root-mismatch");
    }
    if (mined !== null && (!mined.succeeded || !sameHex(mined.to, anchor.registry) || BigInt(mined.block) !== anchor.block
      || !sameHex(mined.blockHash, anchor.blockHash) || Date.parse(mined.blockTime) !== anchor.time)) {
      return this.#fail("anchor", subject, "anchor-transaction-mismatch");
    }
    const head = this.#checkpoint;
    if (head !== null && !await verifyConsistency(anchor.size, head.size, anchor.root, head.root, anchor.consistency)) {
      if (this.#checkpointSound) {
        return this.#fail("anchor", subject, "anchor-inconsistent");
      }
      if (anchor.size !== head.size) {
        return this.#depends("anchor", subject); // Nothing ties the tree of the proofs to the chain.
      }
    }
    if (anchor.size > this.#anchoredSize) {
      this.#anchoredSize = anchor.size;
    }
    if (anchor.size === head?.size) {
      this.#anchoredRoot = root;
    }
    return mined === null
      ? this.#unknown("anchor", subject, "anchor-transaction-not-found")
      : this.#pass("anchor", subject, { size: anchor.size, block: anchor.block, time: new Date(anchor.time).toISOString() });
  }

  async #verifyInclusion() {
    const head = this.#checkpoint;
    if (head === null) {
      return this.#depends("inclusion", "bundle");
    }
    const leaves = this.#leaves();
    const root = leaves?.length > 0 && leaves.at(-1).index < head.size ? await sharedRoot(leaves, head.size, this.#bundle.proof) : null;
    // A checkpoint that did not pass yields to what the chain holds for its size.
    const expected = this.#checkpointSound || this.#anchoredRoot === null ? head.root : this.#anchoredRoot;
    if (root !== null && same(root, expected)) {
      return this.#pass("inclusion", "bundle", { count: leaves.length });
    }
    // Size and root of a checkpoint that nobody vouches for cannot prove the entries wrong.
    return !this.#checkpointSound && this.#anchoredRoot === null
      ? this.#depends("inclusion", "bundle")
      : this.#fail("inclusion", "bundle", "inclusion-proof-invalid");
  }

  /** All leaves, ascending, each index once; null when one index is claimed with two leaf hashes. */
  #leaves() {
    const leaves = new Map();
    for (const { index, leaf } of [...this.#bundle.records, ...this.#bundle.keys, ...this.#bundle.status]) {
      if (leaves.has(index) && !same(leaves.get(index), leaf)) {
        return null;
      }
      leaves.set(index, leaf);
    }
    return [...leaves].map(([index, leaf]) => ({ index, leaf })).sort((a, b) => (a.index < b.index ? -1 : 1));
  }

  async #verifyKey(bundled, subject) {
    const change = await keyChange(bundled.body.json);
    const intact = await publicLeafIs(kinds.key, bundled.body.bytes, bundled.leaf);
    this.#keys.set(bundled.index, { change, sound: intact && change !== null });
    if (!intact) {
      this.#fail("key", subject, "key-altered");
    } else if (change === null) {
      this.#fail("key", subject, "key-malformed");
    } else {
      this.#pass("key", subject, { name: change.name, organisation: change.organisation, index: bundled.index });
    }
  }

  /** The entry that admits a key at a leaf index, or null. */
  #admitted(index) {
    return admittedAt(this.#keys, index);
  }

  async #verifyKeyHistories() {
    const answers = await replayHistories(this.#keys, this.#bundle.log.origin);
    for (const [i, { index }] of this.#bundle.keys.entries()) {
      if (this.#admitted(index) !== null) {
        const { outcome, code, values } = answers.get(index);
        this.#tell("keyHistory", `keys[${i}]`, outcome, code, values);
      }
    }
  }

  /** The ends of keys, as step 6.6 takes them: revocations among the status entries, those among the key entries, then device entries. */
  async #readEnds() {
    for (const status of this.#bundle.status) {
      const change = status.kind === kinds.key ? await keyChange(status.body.json) : null;
      if (change?.act === "revoke") {
        this.#ends.push({ ...change, index: status.index, sound: await publicLeafIs(status.kind, status.body.bytes, status.leaf) });
      }
    }
    for (const { index } of this.#bundle.keys) {
      const { change, sound } = this.#keys.get(index);
      if (change?.act === "revoke") {
        this.#ends.push({ ...change, index, sound });
      }
    }
    this.#ends.push(...endsOfDevices(this.#devices, this.#deviceEntries().map(({ index }) => index)));
  }

  #deviceEntries() {
    return this.#bundle.status.filter(({ kind }) => kind === kinds.device);
  }

  #verifyDeviceHistories() {
    const answers = replayDevices(this.#devices, (index) => this.#admitted(index)?.organisation, this.#ends);
    for (const [i, { kind, index }] of this.#bundle.status.entries()) {
      if (kind === kinds.device && answers.has(index)) {
        const { outcome, code, values } = answers.get(index);
        this.#tell("deviceHistory", `status[${i}]`, outcome, code, values);
      }
    }
  }

  async #verifyRecord(bundled, subject) {
    const parsed = record(bundled.body.json);
    const entry = concat([1, kinds.event], await sha256(concat(bundled.salt, bundled.body.bytes)));
    const intact = same(await hashLeaf(entry), bundled.leaf);
    if (!intact) {
      this.#fail("record", subject, "record-altered");
    } else if (parsed === null) {
      this.#fail("record", subject, "record-malformed");
    } else {
      this.#pass("record", subject, { index: bundled.index });
    }
    if (parsed === null) {
      this.#depends("signature", subject);
      return;
    }
    const signed = await this.#verifySignature(bundled, parsed, subject, intact);
    const hasEvent = await this.#verifyEvent(bundled, parsed, subject, intact, signed);
    if (signed.statement?.form === "telemetry") {
      await this.#verifyDevice(bundled, parsed, subject, signed, hasEvent, intact && signed.sound);
    }
    this.#verifyKeyStatus(bundled, parsed, subject);
    if (bundled.index < this.#anchoredSize) {
      this.#pass("anchored", subject);
    } else if (this.#bundle.anchors.some((a) => bundled.index < a.size)) {
      this.#depends("anchored", subject);
    } else {
      this.#unknown("anchored", subject, "anchor-pending");
    }
  }

  /** Steps 6.2 and 6.3. Answers { statement, sound }; statement is null when there is none to go on with. */
  async #verifySignature(bundled, parsed, subject, intact) {
    const none = { statement: null, sound: false };
    if (bundled.statement === null) {
      this.#unknown("signature", subject, bundled.erasedAt === null ? "statement-missing" : "erased", { time: bundled.erasedAt });
      return none;
    }
    const ofDevice = !this.#keys.has(parsed.keyEntry);
    const key = ofDevice ? this.#devices.get(parsed.keyEntry) : this.#keys.get(parsed.keyEntry);
    const admitted = ofDevice ? admittedDevice(this.#devices, parsed.keyEntry) : this.#admitted(parsed.keyEntry);
    const blame = (code) => (intact && (key === undefined || key.sound) ? this.#fail("signature", subject, code) : this.#depends("signature", subject));
    if ((ofDevice ? key?.act : key?.change) === null) {
      this.#depends("signature", subject);
      return none;
    }
    if (admitted === null) {
      blame("key-missing");
      return none;
    }
    if (admitted.kid !== parsed.kid || admitted.custody !== parsed.custody || parsed.keyEntry >= bundled.index) {
      blame("key-mismatch");
      return none;
    }
    const found = await statement(this.#bundle.statements[bundled.statement]);
    if (found === null) {
      this.#fail("signature", subject, "statement-malformed");
      return none;
    }
    const unsound = { statement: found, sound: false };
    const header = found.jws.header;
    if (found.jws.digest !== parsed.statement) {
      blame("statement-altered");
      return unsound;
    }
    if (header.get("kid") !== parsed.kid || (found.form !== "document" && found.count !== parsed.count) || (found.form === "telemetry") !== ofDevice) {
      blame("key-mismatch");
      return unsound;
    }
    if (header.has("aud") ? header.get("aud") !== this.#bundle.log.origin : parsed.custody === "self") {
      this.#fail("signature", subject, "audience-mismatch");
      return unsound;
    }
    switch (await found.jws.verify(admitted.key)) {
      case Signature.valid:
        this.#pass("signature", subject, { name: key.sound ? admitted.name ?? found.device : parsed.kid, custody: parsed.custody });
        return { statement: found, sound: true };
      case Signature.couldNotCheck:
        this.#unknown("signature", subject, "algorithm-not-available", { algorithm: admitted.key.algorithm });
        return unsound;
      default:
        if (key.sound) {
          this.#fail("signature", subject, "signature-invalid");
        } else {
          this.#depends("signature", subject);
        }
        return unsound;
    }
  }

  /** Steps 6.4 and 6.5. The event hash itself is only recomputed by the command-line verifier. */
  async #verifyEvent(bundled, parsed, subject, intact, signed) {
    if (signed.statement === null) {
      this.#depends("event", subject);
      this.#depends("eventHash", subject);
      return false;
    }
    const blame = (code) => (signed.sound && intact ? this.#fail("event", subject, code) : this.#depends("event", subject));
    const found = signed.statement;
    let sound = false;
    if (found.form === "root" && (bundled.event === null || bundled.eventSalt === null)) {
      this.#unknown("event", subject, bundled.erasedAt === null ? "event-missing" : "erased", { time: bundled.erasedAt });
    } else {
      sound = found.form !== "root"
        ? (found.form === "telemetry" ? 1n : countEvents(found.jws.payload)) === parsed.count
        : await verifyInclusion(await hashLeaf(concat(bundled.eventSalt, bundled.event)), parsed.position, parsed.count, bundled.eventProof, found.root);
      if (sound) {
        this.#pass("event", subject);
      } else {
        blame(found.form === "root" ? "event-altered" : "event-missing");
      }
    }
    const readable = sound || (found.form === "root" && bundled.event !== null && bundled.eventSalt !== null);
    if (readable) {
      this.#unknown("eventHash", subject, "algorithm-not-available", { algorithm: "CBV" });
    } else {
      this.#depends("eventHash", subject);
    }
    return sound;
  }

  /** Step 6.5b. Texts are compared, since identifiers are not put into canonical form here. */
  async #verifyDevice(bundled, parsed, subject, { statement: { device, epcList } }, hasEvent, signatureSound) {
    const entry = this.#devices.get(parsed.keyEntry);
    const blame = () => (signatureSound && entry.sound ? this.#fail("device", subject, "device-mismatch") : this.#depends("device", subject));
    if (this.#keys.has(parsed.keyEntry) || !entry?.act || !hasEvent) {
      return this.#depends("device", subject);
    }
    if (!Array.isArray(epcList) || epcList.length !== 1 || epcList[0] !== device) {
      return blame();
    }
    if (bundled.deviceSalt === null) {
      return this.#unknown("device", subject, "device-salt-missing");
    }
    return await pseudonym(bundled.deviceSalt, device) === entry.act.device ? this.#pass("device", subject, { device }) : blame();
  }

  /** Step 6.6. A revocation that is not what the log holds is no evidence. */
  #verifyKeyStatus(bundled, parsed, subject) {
    const admitted = this.#admitted(parsed.keyEntry);
    const lineage = lineageOf(this.#keys, this.#devices, parsed, bundled.index);
    for (const end of this.#ends) {
      const { kid, keyEntry, organisation, compromisedSince, index, sound } = end;
      const isOwn = (kid === parsed.kid && keyEntry === parsed.keyEntry) || reachesKey(end, this.#keys, this.#devices, parsed);
      const used = isOwn ? bundled.index : lineage.get(`${kid} ${keyEntry}`);
      if (used === undefined || (admitted !== null && admitted.organisation !== organisation)) {
        continue;
      }
      const compromised = compromisedSince !== null && used >= compromisedSince;
      if (!compromised && !(isOwn && bundled.index > index)) {
        continue;
      }
      return sound ? this.#fail("keyStatus", subject, compromised ? "key-compromised" : "key-revoked") : this.#depends("keyStatus", subject);
    }
    return this.#pass("keyStatus", subject, { size: this.#checkpoint?.size ?? 0n });
  }

  #tell(name, subject, outcome, code, values) {
    this.checks.push({ name, subject, outcome, code, values });
  }

  #pass(name, subject, values = {}) {
    this.#tell(name, subject, Outcome.passed, null, values);
  }

  #fail(name, subject, code, values = {}) {
    this.#tell(name, subject, Outcome.failed, code, values);
  }

  #unknown(name, subject, code, values = {}) {
    this.#tell(name, subject, Outcome.couldNotCheck, code, values);
  }

  #depends(name, subject) {
    this.#unknown(name, subject, "depends-on-failed-check");
  }
}
