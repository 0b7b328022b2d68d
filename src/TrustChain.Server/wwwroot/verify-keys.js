// The key entries of a log: readers of the four acts, and the rules between the entries of one organisation (docs/evidence-format.md, section 6.4).

import { canonical, utf8, wholeNumber } from "./verify-json.js";
import { same } from "./verify-tree.js";
import { Outcome, Signature, custodies, digest, exactly, isText, jws, publicKey, time } from "./verify-formats.js";

const shapes = {
  register: [["act", "custody", "jwk", "kid", "name", "organisation", "purpose", "v", "vouchedBy"], ["authorization", "previous", "recovery"]],
  revoke: [["act", "by", "keyEntry", "kid", "organisation", "v"], ["authorization", "compromisedAt", "compromisedSince", "previous"]],
  recover: [["act", "delay", "jwk", "kid", "organisation", "previous", "reason", "v"], []],
  object: [["act", "authorization", "organisation", "previous", "recovery", "v"], []],
};

const members = {
  act: isText, authorization: isText, name: isText, organisation: isText, reason: isText,
  by: (value) => value === "organisation" || value === "operator",
  compromisedAt: (value) => time(value) !== null,
  compromisedSince: (value) => wholeNumber(value) !== null,
  custody: (value) => custodies.includes(value),
  delay: (value) => wholeNumber(value) !== null,
  jwk: (value) => value instanceof Map,
  keyEntry: (value) => wholeNumber(value) !== null,
  kid: (value) => digest(value) !== null,
  previous: (value) => wholeNumber(value) !== null,
  purpose: (value) => value === "statements",
  recovery: (value) => wholeNumber(value) !== null,
  v: (value) => wholeNumber(value) === 1n,
  vouchedBy: (value) => isText(value) && /^(?:operator|(?:did:web|dns):.+)$/s.test(value),
};

/** A key entry of a known act: { act, json, key, and its members by name }, or null. Integers are BigInts; what is absent is null. */
export async function keyChange(json) {
  const act = json instanceof Map ? json.get("act") : null;
  if (!isText(act) || !Object.hasOwn(shapes, act) || !exactly(json, ...shapes[act]) || ![...json].every(([name, value]) => members[name](value))
    || (json.has("compromisedAt") && !json.has("compromisedSince"))) {
    return null;
  }
  const key = json.has("jwk") ? await publicKey(json.get("jwk")) : null;
  if (json.has("jwk") && key?.kid !== json.get("kid")) {
    return null;
  }
  const change = { act, json, key };
  for (const name of ["authorization", "by", "custody", "kid", "name", "organisation"]) {
    change[name] = json.get(name) ?? null;
  }
  for (const name of ["compromisedSince", "keyEntry", "previous", "recovery"]) {
    change[name] = wholeNumber(json.get(name));
  }
  const signed = change.authorization === null ? null : await jws(change.authorization);
  return { ...change, signed, authorizedBy: signed?.header.get("kid") ?? null };
}

const Follows = Object.freeze({ yes: "yes", no: "no", couldNotCheck: "could-not-check" });

/** The history of one organisation; entries are added in the order of the log. */
class KeyHistory {
  last = null;
  hasRecovered = false;
  #origin;
  #keys = new Map(); // by kid: { entry, key, custody, ended, compromised, byOperator }
  #open = new Map(); // recoveries: kid by leaf index

  constructor(origin) {
    this.#origin = origin;
  }

  /** Adds an entry if it follows the rules; the answer says what came out. */
  async add(index, change) {
    const follows = change.previous === this.last ? await this[`_${change.act}`](index, change) : Follows.no;
    if (follows === Follows.yes) {
      this.last = index;
    }
    return follows;
  }

  algorithmOf(kid) {
    return this.#keys.get(kid)?.key.algorithm;
  }

  get #hasSelfHeld() {
    return [...this.#keys.values()].some((key) => key.custody === "self");
  }

  async _register(index, change) {
    const { kid, custody, recovery, authorization } = change;
    let follows = Follows.yes;
    if (this.#keys.has(kid) || (custody !== "self" && (recovery !== null || authorization !== null))) {
      return Follows.no;
    }
    if (recovery !== null) {
      if (authorization !== null || this.#open.get(recovery) !== kid) {
        return Follows.no;
      }
      this.#open.delete(recovery);
      this.hasRecovered = true;
    } else if (custody === "self" && this.#hasSelfHeld) {
      follows = await this.#agreed(change, ["act", "kid", "organisation", "previous"]);
    } else if (authorization !== null) {
      return Follows.no;
    }
    if (follows === Follows.yes) {
      this.#keys.set(kid, { entry: index, key: change.key, custody, ended: false, compromised: false, byOperator: false });
    }
    return follows;
  }

  async _revoke(index, change) {
    const key = this.#keys.get(change.kid);
    const compromised = change.compromisedSince !== null;
    if (key?.entry !== change.keyEntry || (key.ended && (key.compromised || !compromised)) || (compromised && change.compromisedSince > index)) {
      return Follows.no;
    }
    let follows = Follows.yes;
    if (change.by === "operator") {
      follows = change.authorization === null ? Follows.yes : Follows.no;
    } else if (change.authorization !== null || key.custody === "self") {
      const since = change.json.has("compromisedAt") ? "compromisedAt" : "compromisedSince";
      follows = await this.#agreed(change, ["act", "kid", "organisation", "previous", since]);
    }
    if (follows === Follows.yes) {
      Object.assign(key, { ended: true, compromised, byOperator: change.by === "operator" && (!key.ended || key.byOperator) });
    }
    return follows;
  }

  _recover(index, change) {
    if (!this.#hasSelfHeld || this.#keys.has(change.kid)) {
      return Follows.no;
    }
    this.#open.set(index, change.kid);
    return Follows.yes;
  }

  async _object(index, change) {
    const follows = this.#open.has(change.recovery) ? await this.#agreed(change, ["act", "organisation", "previous", "recovery"]) : Follows.no;
    if (follows === Follows.yes) {
      this.#open.delete(change.recovery);
    }
    return follows;
  }

  /** Whether a self-held key that was admitted and not ended signed the members named, as far as the entry has them. One that the operator alone ended can still object. */
  async #agreed({ act, json, signed, authorizedBy }, names) {
    const key = this.#keys.get(authorizedBy);
    const said = canonical(new Map(names.filter((name) => json.has(name)).map((name) => [name, json.get(name)])));
    if (!key || key.custody !== "self" || (key.ended && !(act === "object" && key.byOperator)) || signed.header.size !== 4 || signed.header.get("typ") !== "key+jws"
      || signed.header.get("aud") !== this.#origin || !same(signed.payload, utf8(said))) {
      return Follows.no;
    }
    return { [Signature.valid]: Follows.yes, [Signature.invalid]: Follows.no, [Signature.couldNotCheck]: Follows.couldNotCheck }[await signed.verify(key.key)];
  }
}

/** The entry that admits a key at a leaf index, or null. Keys are by leaf index: { change, sound }. */
export function admittedAt(keys, index) {
  const change = keys.get(index)?.change ?? null;
  return change?.act === "register" ? change : null;
}

/** Step 5b: { outcome, code, values } by leaf index. The first entry of an organisation that does not come out right decides for all that follow it. */
export async function replayHistories(keys, origin) {
  const organisations = new Map();
  for (const [index, { change }] of [...keys].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (change !== null) {
      organisations.set(change.organisation, [...organisations.get(change.organisation) ?? [], index]);
    }
  }
  const answers = new Map();
  for (const indices of organisations.values()) {
    const history = new KeyHistory(origin);
    let fault = null;
    for (const index of indices) {
      fault ??= await replay(history, index, keys.get(index), indices);
      answers.set(index, fault ?? { outcome: Outcome.passed, code: history.hasRecovered ? "key-recovered" : null, values: {} });
    }
  }
  return answers;
}

/** Adds one entry to a history; what to answer for it and all later ones, or null when it follows the rules. */
async function replay(history, index, { change, sound }, indices) {
  const { previous } = change;
  const unknown = (code, values = {}) => ({ outcome: Outcome.couldNotCheck, code, values });
  if (!sound) {
    return unknown("depends-on-failed-check");
  }
  if (previous !== null && previous < index && previous !== history.last && !indices.includes(previous)) {
    return unknown("key-history-missing", { index: previous });
  }
  switch (await history.add(index, change)) {
    case Follows.yes:
      return null;
    case Follows.couldNotCheck:
      return unknown("algorithm-not-available", { algorithm: history.algorithmOf(change.authorizedBy) });
    default:
      return { outcome: Outcome.failed, code: "key-unauthorised", values: { index } };
  }
}

/**
 * A record's key and those it descends from, as "kid entry", each with the index of the entry for which it was used: of a device's key those that signed the
 * device entries, up to the organisation's, and of an organisation's those that authorized it.
 */
export function lineageOf(keys, devices, { kid, keyEntry }, recordIndex) {
  const lineage = new Map([[`${kid} ${keyEntry}`, recordIndex]]);
  let index = keyEntry;
  while (!keys.has(index) && devices.get(index)?.act?.key && devices.get(index).keyEntry < index) {
    const signer = devices.get(index);
    lineage.set(`${signer.kid} ${signer.keyEntry}`, index);
    index = signer.keyEntry;
  }
  let entry = admittedAt(keys, index);
  while (entry !== null && entry.authorizedBy !== null) {
    const { authorizedBy, organisation } = entry;
    const earlier = [...keys.keys()].filter((i) => admittedAt(keys, i)?.kid === authorizedBy && admittedAt(keys, i).organisation === organisation);
    const first = earlier.reduce((least, i) => (i < least ? i : least), index);
    if (first === index) {
      break;
    }
    lineage.set(`${authorizedBy} ${first}`, index);
    [index, entry] = [first, admittedAt(keys, first)];
  }
  return lineage;
}
