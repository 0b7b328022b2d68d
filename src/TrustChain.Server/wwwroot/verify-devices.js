// The device entries of a log: a reader of their payloads, and the rules between the entries of one device (docs/evidence-format.md, section 6.5).

import { concat, toBase64Url, utf8, wholeNumber } from "./verify-json.js";
import { same, sha256 } from "./verify-tree.js";
import { Outcome, Signature, digest, exactly, isText, jws, publicKey } from "./verify-formats.js";

const key = ["jwk", "kid", "proof"];
const shapes = {
  enrol: [key, ["attestation"]],
  rotate: [["previous", ...key], ["attestation"]],
  replace: [["previous", ...key], ["attestation", "compromisedSince", "reason"]],
  revoke: [["previous"], ["compromisedSince", "reason"]],
  transfer: [["previous", "to"], []],
  accept: [["previous"], []],
  retire: [["previous"], ["reason"]],
};
const ending = ["rotate", "replace", "revoke", "retire"];

const isName = (value) => isText(value) && value !== "";
const isNumber = (value) => wholeNumber(value) !== null;
const isDigest = (value) => digest(value) !== null;
const members = {
  act: isText, attestation: isDigest, compromisedSince: isNumber, device: isDigest, jwk: (value) => value instanceof Map, kid: isDigest, organisation: isName,
  previous: isNumber, proof: isText, reason: (value) => isName(value) && value.length <= 200, to: isName, v: (value) => wholeNumber(value) === 1n,
};

/** The payload of a device entry: its members by name, with key where it admits one, or null. Integers are BigInts; what is absent is null. */
export async function deviceAct(json) {
  const act = json.get("act");
  if (!isText(act) || !Object.hasOwn(shapes, act)) {
    return null;
  }
  const [required, optional] = shapes[act];
  if (!exactly(json, ["act", "device", "organisation", "v", ...required], optional) || ![...json].every(([name, value]) => members[name](value))) {
    return null;
  }
  const admitted = json.has("jwk") ? await publicKey(json.get("jwk")) : null;
  if (json.has("jwk") && admitted?.kid !== json.get("kid")) {
    return null;
  }
  return {
    act, key: admitted, device: json.get("device"), organisation: json.get("organisation"), to: json.get("to") ?? null, proof: json.get("proof") ?? null,
    previous: wholeNumber(json.get("previous")), compromisedSince: wholeNumber(json.get("compromisedSince")),
  };
}

/** Whether the key that an act admits has shown that it is held: an answer of Signature. */
export async function hasProof({ act, device, key: admitted, proof }, origin) {
  const signed = await jws(proof);
  const header = { aud: origin, kid: admitted.kid, typ: "device-key+jws" };
  return signed !== null && signed.header.size === 4 && Object.entries(header).every(([name, value]) => signed.header.get(name) === value)
    && same(signed.payload, utf8(`{"act":"${act}","device":"${device}","kid":"${admitted.kid}"}`))
    ? signed.verify(admitted)
    : Signature.invalid;
}

/** Under which name the log knows a device. */
export const pseudonym = async (salt, uri) => toBase64Url(await sha256(concat(salt, utf8(uri))));

/**
 * What device entries end: the key that the newest entry of the device before them admitted. Those with compromisedSince name the device too, of which they reach every key. Devices are by leaf
 * index; indices say in which order they are looked at.
 */
export function endsOfDevices(devices, indices) {
  return indices.flatMap((index) => {
    const { act, sound } = devices.get(index);
    if (act === null || !ending.includes(act.act)) {
      return [];
    }
    const before = [...devices].filter(([i, other]) => i < index && other.act?.key && other.act.device === act.device);
    if (before.length === 0) {
      return [];
    }
    const [keyEntry, admitting] = before.reduce((newest, one) => (one[0] > newest[0] ? one : newest));
    const device = act.compromisedSince === null ? null : act.device;
    return [{ kid: admitting.act.key.kid, keyEntry, organisation: null, device, compromisedSince: act.compromisedSince, index, sound }];
  });
}

/** Whether an end that names a device reaches a record's own key: one that was admitted for the device before, also if it had been given up by then. */
export function reachesKey({ device, index }, keys, devices, { kid, keyEntry }) {
  const act = keys.has(keyEntry) ? null : devices.get(keyEntry)?.act;
  return act?.key?.kid === kid && act.device === device && keyEntry < index;
}

/** Step 7b: { outcome, code, values } by leaf index. The first entry of a device that does not come out right decides for all that follow it. */
export function replayDevices(devices, organisationOf, ends) {
  const [histories, answers] = [new Map(), new Map()];
  const known = [...devices].filter(([, { act }]) => act !== null).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [index, entry] of known) {
    const { device } = entry.act;
    const history = histories.get(device) ?? { last: null, owner: null, offered: null, current: null, retired: false, kids: new Set(), fault: null };
    histories.set(device, history);
    history.fault ??= replay(history, index, entry, (previous) => known.some(([i, other]) => i === previous && other.act.device === device), organisationOf, ends);
    answers.set(index, history.fault ?? { outcome: Outcome.passed, code: null, values: {} });
  }
  return answers;
}

/** Adds one entry to a history; what to answer for it and all later ones, or null when it follows the rules. */
function replay(history, index, { act, kid, keyEntry, sound }, isThere, organisationOf, ends) {
  const { previous } = act;
  if (!sound) {
    return { outcome: Outcome.couldNotCheck, code: "depends-on-failed-check", values: {} };
  }
  if (previous !== null && previous < index && previous !== history.last && !isThere(previous)) {
    return { outcome: Outcome.couldNotCheck, code: "key-history-missing", values: { index: previous } };
  }
  const isOwners = act.act !== "rotate" && organisationOf(keyEntry) === act.organisation
    && !ends.some((end) => end.sound && end.kid === kid && end.keyEntry === keyEntry && end.index < index);
  const isDevices = act.act === "rotate" && history.current?.kid === kid && history.current.keyEntry === keyEntry;
  if (previous !== history.last || history.retired || !(isOwners || isDevices) || !follows(history, index, act)) {
    return { outcome: Outcome.failed, code: "key-unauthorised", values: { index } };
  }
  apply(history, index, act);
  return null;
}

function follows({ owner, offered, current, kids }, index, { act, organisation, to, key: admitted, compromisedSince }) {
  const entitled = act === "enrol" ? organisation : act === "accept" ? offered : owner;
  return organisation === entitled && (admitted === null || !kids.has(admitted.kid)) && (act !== "revoke" || current !== null) && (act !== "transfer" || to !== owner)
    && (compromisedSince === null || compromisedSince <= index);
}

function apply(history, index, { act, organisation, to, key: admitted }) {
  history.last = index;
  history.retired = act === "retire";
  if (ending.includes(act)) {
    history.current = null;
  }
  if (act === "enrol" || act === "accept") {
    history.owner = organisation;
  }
  if (act === "transfer" || act === "accept") {
    history.offered = to;
  }
  if (admitted !== null) {
    history.current = { kid: admitted.kid, keyEntry: index };
    history.kids.add(admitted.kid);
  }
}
