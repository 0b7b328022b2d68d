// Step 7: certificates, recalls and device entries are what the log holds and are signed by their keys.

import { concat } from "./verify-json.js";
import { hashLeaf, same } from "./verify-tree.js";
import { Outcome, Signature, jws, publicEntry } from "./verify-formats.js";
import { admittedAt } from "./verify-keys.js";
import { deviceAct, hasProof } from "./verify-devices.js";

const maxBody = 65535 - 2;
export const kinds = Object.freeze({ event: 1, key: 2, certificate: 3, recall: 4, device: 10 });
const types = Object.freeze({ [kinds.certificate]: "certificate+jws", [kinds.recall]: "recall+jws", [kinds.device]: "device+jws" });

/** Whether a leaf hash is that of an entry in the clear; too long a body is in no log. */
export async function publicLeafIs(kind, body, leaf) {
  return body.length <= maxBody && same(await hashLeaf(concat([1, kind], body)), leaf);
}

/** What the device entry with a leaf index admits, in the form of a key entry; null when there is no key. */
export function admittedDevice(devices, index) {
  const key = devices.get(index)?.act?.key ?? null;
  return key && { kid: key.kid, custody: "self", key };
}

/**
 * The answers for all status entries, in the order of the bundle. Puts the device entries into devices, by leaf index: { act, kid, keyEntry, sound }, where act is
 * null for one of no known act. It goes in the order of the log, because a device entry may rest on an earlier one.
 */
export async function statusAnswers({ log, statements, status: entries }, keys, devices) {
  const answers = [];
  // Of several entries with one index the last counts: the sort is stable.
  for (const [i, status] of [...entries.entries()].sort(([, a], [, b]) => (a.index < b.index ? -1 : a.index > b.index ? 1 : 0))) {
    const entry = status.kind in types ? publicEntry(status.body.json) : null;
    const act = status.kind === kinds.device && entry !== null ? await deviceAct(status.body.json.get("payload")) : null;
    const compact = status.statement === null ? null : statements[status.statement];
    const [outcome, code, values] = await answerTo(status, entry, act, compact, log.origin, keys, devices);
    answers[i] = { name: "status", subject: `status[${i}]`, outcome, code, values };
    if (status.kind === kinds.device) {
      devices.set(status.index, { act, kid: entry?.kid, keyEntry: entry?.keyEntry, sound: outcome === Outcome.passed });
    }
  }
  return answers;
}

async function answerTo(status, entry, act, compact, origin, keys, devices) {
  const failed = (code) => [Outcome.failed, code, {}];
  const unable = (code, values = {}) => [Outcome.couldNotCheck, code, values];
  if (!await publicLeafIs(status.kind, status.body.bytes, status.leaf)) {
    return failed("status-altered");
  }
  if (status.kind === kinds.key) {
    return [Outcome.passed, null, { index: status.index }];
  }
  if (!(status.kind in types)) {
    return unable("kind-unknown");
  }
  const signed = entry !== null && compact !== null ? await jws(compact) : null;
  if (signed === null || signed.digest !== entry.statement || !same(signed.payload, entry.payload) || signed.header.get("kid") !== entry.kid) {
    return failed("statement-altered");
  }
  if (status.kind === kinds.device && act === null) {
    return failed("device-malformed");
  }
  const [key, admitted] = act?.act === "rotate"
    ? [devices.get(entry.keyEntry), admittedDevice(devices, entry.keyEntry)]
    : [keys.get(entry.keyEntry), admittedAt(keys, entry.keyEntry)];
  if (admitted?.kid !== entry.kid || admitted.custody !== entry.custody || entry.keyEntry >= status.index) {
    return key?.sound === false ? unable("depends-on-failed-check") : failed("key-missing");
  }
  const fits = signed.header.get("typ") === types[status.kind] && [...signed.header.keys()].every((name) => ["alg", "aud", "kid", "typ"].includes(name))
    && (signed.header.has("aud") ? signed.header.get("aud") === origin : entry.custody !== "self");
  switch (fits ? await signed.verify(admitted.key) : Signature.invalid) {
    case Signature.invalid:
      return key.sound ? failed("status-signature-invalid") : unable("depends-on-failed-check");
    case Signature.couldNotCheck:
      return unable("algorithm-not-available", { algorithm: admitted.key.algorithm });
  }
  switch (act?.key ? await hasProof(act, origin) : Signature.valid) {
    case Signature.invalid:
      return failed("device-proof-invalid");
    case Signature.couldNotCheck:
      return unable("algorithm-not-available", { algorithm: act.key.algorithm });
    default:
      return [Outcome.passed, null, { name: key.sound && admitted.name ? admitted.name : entry.kid, index: status.index }];
  }
}
