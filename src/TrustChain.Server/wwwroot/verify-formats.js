// Readers of the formats in an evidence bundle. Each answers null for anything but the one allowed spelling.

import { JsonNumber, canonical, concat, fromBase64, fromBase64Url, fromUtf8, parseJson, toBase64, toBase64Url, toHex, utf8, wholeNumber } from "./verify-json.js";
import { sha256 } from "./verify-tree.js";
import { coseSign1 } from "./verify-cbor.js";

export const isText = (value) => typeof value === "string";
export const custodies = ["self", "custodial", "imported"];

/** Answers of a check. */
export const Outcome = Object.freeze({ passed: "passed", failed: "failed", couldNotCheck: "could-not-check" });

/** Answers of a signature check. */
export const Signature = Object.freeze({ valid: "valid", invalid: "invalid", couldNotCheck: "could-not-check" });

/** 32 bytes in base64url, or null. */
export function digest(text) {
  const bytes = isText(text) && text.length === 43 ? fromBase64Url(text) : null;
  return bytes?.length === 32 ? bytes : null;
}

/** Milliseconds of a time written as records do, or null. */
export function time(text) {
  const milliseconds = isText(text) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(milliseconds) || text.startsWith("0000") || new Date(milliseconds).toISOString() !== text ? null : milliseconds;
}

export function exactly(json, required, optional = []) {
  return json instanceof Map && required.every((name) => json.has(name))
    && [...json.keys()].every((name) => required.includes(name) || optional.includes(name));
}

// By crv: the algorithm, and p, a and b of y² = x³ + ax + b. WebCrypto has P-256 only; of the others the point is looked at here, and no signature.
const curves = new Map([
  ["P-256", { algorithm: "ES256", p: (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n, a: -3n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn }],
  ["secp256k1", { algorithm: "ES256K", p: (1n << 256n) - (1n << 32n) - 977n, a: 0n, b: 7n }],
  ["SM2", { algorithm: "SM2", p: (1n << 256n) - (1n << 224n) - (1n << 96n) + (1n << 64n) - 1n, a: -3n,
    b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n }],
]);

/** A public key from a JWK: { algorithm, kid, verify(data, signature) }, or null. */
export async function publicKey(jwk) {
  if (!(jwk instanceof Map)) {
    return null;
  }
  const [type, name] = [jwk.get("kty"), jwk.get("crv")];
  const curve = type === "EC" ? curves.get(name) : undefined;
  const algorithm = curve?.algorithm ?? (type === "OKP" && name === "Ed25519" ? "EdDSA" : null);
  const [x, y] = [digest(jwk.get("x")), digest(jwk.get("y"))];
  const operations = jwk.get("key_ops");
  if (algorithm === null || x === null || (curve && (y === null || !isPoint(curve, x, y)))
    || (jwk.has("alg") && jwk.get("alg") !== algorithm) || (jwk.has("use") && jwk.get("use") !== "sig")
    || (jwk.has("key_ops") && !(Array.isArray(operations) && operations.some((o) => o === "verify" || o === "sign")))) {
    return null;
  }
  if (!curve) {
    return ed25519Key(x);
  }
  const text = `{"crv":"${name}","kty":"EC","x":"${toBase64Url(x)}","y":"${toBase64Url(y)}"}`;
  return name === "P-256"
    ? importKey(algorithm, concat([4], x, y), { name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }, text)
    : unavailable(algorithm, await thumbprint(text));
}

function isPoint({ p, a, b }, xBytes, yBytes) {
  const [x, y] = [xBytes, yBytes].map((bytes) => BigInt(`0x${toHex(bytes)}`));
  return x < p && y < p && (y * y - x * x * x - a * x - b) % p === 0n;
}

const ed25519Key = (x) => importKey("EdDSA", x, { name: "Ed25519" }, { name: "Ed25519" }, `{"crv":"Ed25519","kty":"OKP","x":"${toBase64Url(x)}"}`);

const thumbprint = async (jwk) => toBase64Url(await sha256(utf8(jwk)));

/** A sound key whose signatures this browser cannot check. */
const unavailable = (algorithm, kid) =>
  ({ algorithm, kid, verify: async (data, signature) => (signature.length === 64 ? Signature.couldNotCheck : Signature.invalid) });

async function importKey(algorithm, raw, importAs, verifyAs, jwk) {
  const kid = await thumbprint(jwk);
  let key;
  try {
    key = await crypto.subtle.importKey("raw", raw, importAs, false, ["verify"]);
  } catch (error) {
    return error.name === "NotSupportedError" ? unavailable(algorithm, kid) : null; // null: no point of the curve
  }
  return {
    algorithm,
    kid,
    verify: async (data, signature) =>
      signature.length === 64 && await crypto.subtle.verify(verifyAs, key, signature, data) ? Signature.valid : Signature.invalid,
  };
}

/** A compact JWS: { header, payload, digest, verify(key) }, or null. */
export async function jws(compact) {
  const parts = compact.split(".");
  if (parts.length !== 3 || parts.some((part) => part === "") || parts[0].length > 4096) {
    return null;
  }
  const [head, payload, signature] = parts.map(fromBase64Url);
  const header = head && payload && signature && jsonOf(head, 8);
  const refused = ["crit", "b64", "jwk", "jku", "x5u", "x5c"];
  if (!(header instanceof Map) || !header.has("alg") || [...header].some(([name, value]) => refused.includes(name) || !isText(value))) {
    return null;
  }
  return {
    header,
    payload,
    digest: toHex(await sha256(utf8(compact))),
    // The algorithm is the key's own; a header that names another is invalid (RFC 8725 section 3.1).
    verify: async (key) => (header.get("alg") === key.algorithm ? key.verify(utf8(`${parts[0]}.${parts[1]}`), signature) : Signature.invalid),
  };
}

/** A COSE_Sign1 in base64url: as a JWS, with its payload as a JSON value; or null. */
async function cose(text) {
  const bytes = fromBase64Url(text);
  const message = bytes && coseSign1(bytes);
  return message && {
    header: message.header,
    event: message.event,
    digest: toHex(await sha256(bytes)),
    verify: async (key) => (message.header.get("alg") === key.algorithm ? key.verify(message.signed, message.signature) : Signature.invalid),
  };
}

/** A statement: { jws, form, count, root, device }, or null. What has no dots is CBOR. */
export async function statement(text) {
  if (!text.includes(".")) {
    const message = await cose(text);
    return message && telemetry(message, message.event);
  }
  const signed = await jws(text);
  if (signed?.header.get("typ") === "telemetry+jws") {
    return telemetry(signed, jsonOf(signed.payload, 64));
  }
  if (signed === null || [...signed.header.keys()].some((name) => !["alg", "aud", "kid", "typ"].includes(name)) || signed.header.get("kid")?.length !== 43) {
    return null;
  }
  if (signed.header.get("typ") === "epcis+jws") {
    return { jws: signed, form: "document" };
  }
  const body = signed.header.get("typ") === "epcis-root+jws" && signed.payload.length <= 128 ? jsonOf(signed.payload, 64) : null;
  const [count, root] = body instanceof Map ? [wholeNumber(body.get("count")), digest(body.get("root"))] : [null, null];
  return count !== null && root !== null && count >= 1n && count <= 1000n && fromUtf8(signed.payload) === `{"count":${count},"root":"${toBase64Url(root)}"}`
    ? { jws: signed, form: "root", count, root }
    : null;
}

function telemetry(signed, event) {
  const header = signed.header;
  const [device, seq] = [header.get("device"), header.get("seq")];
  const isNumber = (text, least) => /^(?:0|[1-9][0-9]{0,15})$/.test(text) && BigInt(text) >= least && BigInt(text) < 1n << 53n;
  return exactly(header, ["alg", "boot", "clock", "device", "kid", "seq", "typ"], ["aud", "prev"]) && header.get("kid").length === 43
    && device.length > 0 && device.length <= 2048 && isNumber(seq, 1n) && isNumber(header.get("boot"), 0n) && time(header.get("clock")) !== null
    && header.has("prev") === (seq !== "1") && (seq === "1" || digest(header.get("prev")) !== null)
    && event instanceof Map && event.get("type") === "ObjectEvent"
    ? { jws: signed, form: "telemetry", count: 1n, device, epcList: event.get("epcList") }
    : null;
}

/** Number of events in a document, a query document or a bare event; null when it is none of these. Content is not examined further here. */
export function countEvents(payload) {
  const json = jsonOf(payload, 64);
  const member = (value, name) => (value instanceof Map ? value.get(name) : undefined);
  const type = member(json, "type");
  const body = member(json, "epcisBody");
  const list = type === "EPCISDocument" ? member(body, "eventList")
    : type === "EPCISQueryDocument" ? member(member(member(body, "queryResults"), "resultsBody"), "eventList")
      : isText(type) ? [json] : null;
  return Array.isArray(list) ? BigInt(list.length) : null;
}

/** A record, or null. */
export function record(json) {
  const names = ["count", "custody", "eventHash", "keyEntry", "kid", "position", "receivedAt", "statement", "v"];
  if (!exactly(json, names) || wholeNumber(json.get("v")) !== 1n) {
    return null;
  }
  const [count, position, keyEntry] = ["count", "position", "keyEntry"].map((name) => wholeNumber(json.get(name)));
  const [custody, eventHash, kid, hex] = ["custody", "eventHash", "kid", "statement"].map((name) => json.get(name));
  return count !== null && count >= 1n && count < 1n << 31n && position !== null && position < count && keyEntry !== null
    && digest(kid) !== null && isText(eventHash) && /^ni:\/\/\/sha-256;[0-9a-f]{64}\?ver=CBV2\.0$/.test(eventHash)
    && time(json.get("receivedAt")) !== null && isText(hex) && /^[0-9a-f]{64}$/.test(hex) && custodies.includes(custody)
    ? { count, position, keyEntry, custody, eventHash, kid, statement: hex }
    : null;
}

/** A certificate or recall entry: { custody, keyEntry, kid, payload, statement }, or null. */
export function publicEntry(json) {
  if (!exactly(json, ["custody", "keyEntry", "kid", "payload", "receivedAt", "statement", "v"]) || wholeNumber(json.get("v")) !== 1n) {
    return null;
  }
  const [index, kid, hex] = [wholeNumber(json.get("keyEntry")), json.get("kid"), json.get("statement")];
  return index !== null && json.get("payload") instanceof Map && digest(kid) !== null && time(json.get("receivedAt")) !== null
    && isText(hex) && /^[0-9a-f]{64}$/.test(hex) && custodies.includes(json.get("custody"))
    ? { custody: json.get("custody"), keyEntry: index, kid, payload: utf8(canonical(json.get("payload"))), statement: hex }
    : null;
}

/** A note verifier key (C2SP signed-note), or with type 4 that of a witness (C2SP tlog-cosignature): { name, keyId, key }, or null. */
export async function noteVerifier(text, type = 1) {
  const [, name, , encoded] = /^([^+]*)\+([^+]*)\+(.*)$/su.exec(text.length <= 1024 ? text : "") ?? [];
  const bytes = name && name.length <= 256 && !/[\p{White_Space}\p{Cc}]/u.test(name) ? fromBase64(encoded) : null;
  if (bytes?.length !== 33 || bytes[0] !== type) {
    return null;
  }
  const keyId = toHex((await sha256(concat(utf8(`${name}\n`), bytes))).subarray(0, 4));
  const key = text === `${name}+${keyId}+${toBase64(bytes)}` ? await ed25519Key(bytes.subarray(1)) : null;
  return key && { name, keyId, key };
}

/** A signed note: { text, signatures }, or null. */
export function signedNote(note) {
  const split = note.lastIndexOf("\n\n");
  if (note.length > 65536 || /[^\P{Cc}\n]/u.test(note) || split < 0 || !note.endsWith("\n") || split + 2 >= note.length) {
    return null;
  }
  const signatures = [];
  for (const line of note.slice(split + 2, -1).split("\n")) {
    const [dash, name, encoded, ...rest] = line.split(" ");
    const bytes = dash === "\u2014" && name && isText(encoded) && encoded.length <= 8192 && rest.length === 0 ? fromBase64(encoded) : null;
    if (bytes === null || bytes.length < 5 || signatures.length === 100) {
      return null;
    }
    signatures.push({ name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) });
  }
  return { text: note.slice(0, split + 1), signatures };
}

/** Checks a witness's line: 8 bytes of time before the signature. A time past the year 9999 is not valid. */
export async function cosignature(key, text, line) {
  const seconds = line.length === 72 ? new DataView(line.slice(0, 8).buffer).getBigUint64(0) : null;
  return seconds !== null && seconds < 253402300800n
    ? key.verify(utf8(`cosignature/v1\ntime ${seconds}\n${text}`), line.subarray(8))
    : Signature.invalid;
}

/** The text of a checkpoint: { origin, size, root }, or null. */
export function checkpoint(text) {
  const lines = text.split("\n");
  const root = lines.length >= 4 && lines.at(-1) === "" && lines.slice(0, -1).every((line) => line !== "") && lines[2].length === 44 ? fromBase64(lines[2]) : null;
  const size = root?.length === 32 ? wholeNumber(/^(0|[1-9][0-9]*)$/.test(lines[1]) ? new JsonNumber(lines[1]) : null) : null;
  return size === null ? null : { origin: lines[0], size, root };
}

function jsonOf(bytes, depth) {
  try {
    return parseJson(fromUtf8(bytes), depth);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      return null; // not UTF-8, or not JSON
    }
    throw error;
  }
}
