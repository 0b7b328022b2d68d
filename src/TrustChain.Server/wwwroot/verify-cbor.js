// Statements in CBOR (docs/evidence-format.md, section 4.1): a strict reader of CBOR, and one of COSE_Sign1 messages.

import { concat, fromUtf8, toBase64Url, utf8 } from "./verify-json.js";

const maxBytes = 786432;
const maxHeaderBytes = 4096;
const maxDepth = 64;
const telemetryType = "application/vnd.trustchain.telemetry+cose";
const labels = new Map([[1n, "alg"], [4n, "kid"], [16n, "typ"]]);
const algorithms = new Map([[-7n, "ES256"], [-8n, "EdDSA"], [-47n, "ES256K"]]);
const least = [24n, 256n, 65536n, 4294967296n]; // of an argument in 1, 2, 4 and 8 bytes
const simple = new Map([[20, false], [21, true], [22, null]]);

/** Reads one item: maps become Maps with texts and BigInts as keys, integers BigInts, byte strings Uint8Arrays. Throws SyntaxError on anything that is not strict. */
export function parseCbor(bytes, depth) {
  let at = 0;

  function need(condition) {
    if (!condition) {
      throw new SyntaxError(`Not strict CBOR before byte ${at}.`);
    }
  }

  function take(count) {
    need(count <= bytes.length - at);
    at += Number(count);
    return bytes.slice(at - Number(count), at);
  }

  function text(data) {
    try {
      return fromUtf8(data);
    } catch {
      throw new SyntaxError(`A text that is not UTF-8 before byte ${at}.`);
    }
  }

  function list(count, read) {
    const items = [];
    for (; count > 0n; count--) {
      items.push(read());
    }
    return items;
  }

  function map(count, levels) {
    const pairs = new Map();
    for (; count > 0n; count--) {
      const key = item(0);
      need((typeof key === "string" || typeof key === "bigint") && !pairs.has(key));
      pairs.set(key, item(levels));
    }
    return pairs;
  }

  function item(levels) {
    const [first] = take(1);
    const [major, low] = [first >> 5, first & 31];
    need(low < 28);
    const more = take(low < 24 ? 0 : 1 << (low - 24));
    if (major === 7) {
      need(low > 24 || simple.has(low));
      return low > 24 ? float(more) : simple.get(low);
    }
    const argument = low < 24 ? BigInt(low) : more.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
    need(low < 24 || argument >= least[low - 24]);
    if (major < 2) {
      return major === 0 ? argument : -1n - argument;
    }
    if (major < 4) {
      const data = take(argument);
      return major === 2 ? data : text(data);
    }
    need(major < 6 && levels > 0);
    return major === 4 ? list(argument, () => item(levels - 1)) : map(argument, levels - 1);
  }

  function float(data) {
    const view = new DataView(data.buffer);
    const value = data.length === 8 ? view.getFloat64(0) : data.length === 4 ? view.getFloat32(0) : half(view.getUint16(0));
    need(Number.isFinite(value));
    return value;
  }

  const result = item(depth);
  need(at === bytes.length);
  return result;
}

/** A number of 16 bits (IEEE 754); what is not finite becomes NaN. */
function half(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 31 ? NaN : exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 32768 ? -size : size;
}

function isJson(value) {
  return value instanceof Map ? [...value].every(([key, one]) => typeof key === "string" && isJson(one))
    : Array.isArray(value) ? value.every(isJson) : !(value instanceof Uint8Array);
}

function byteString(data) {
  const { length } = data;
  return concat(length < 24 ? [64 + length] : length < 256 ? [88, length] : length < 65536 ? [89, length >> 8, length & 255]
    : [90, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255], data);
}

/** A member of the header as it stands in a JWS; undefined where it is none. */
function member(label, value) {
  const name = typeof label === "bigint" ? labels.get(label) : [...labels.values()].includes(label) ? undefined : label;
  if (name === "alg" || name === "boot" || name === "seq") {
    const number = typeof value === "bigint" ? String(value) : undefined;
    return [name, name === "alg" && number !== undefined ? algorithms.get(value) ?? number : number];
  }
  return name === "kid" || name === "prev" ? [name, value instanceof Uint8Array ? toBase64Url(value) : undefined] : [name, typeof value === "string" ? value : undefined];
}

/** A COSE_Sign1 of a device: { header, event, signature, signed }, the header as that of a JWS and the event as a JSON value; null where it is none. */
export function coseSign1(bytes) {
  try {
    const parts = bytes.length <= maxBytes && bytes[0] === 0xd2 ? parseCbor(bytes.subarray(1), 2) : [];
    const [head, unprotected, payload, signature] = Array.isArray(parts) ? parts : [];
    if (parts?.length !== 4 || ![head, payload, signature].every((part) => part instanceof Uint8Array) || head.length > maxHeaderBytes || !(unprotected instanceof Map) || unprotected.size > 0) {
      return null;
    }
    const [members, event] = [parseCbor(head, 1), parseCbor(payload, maxDepth)];
    const header = members instanceof Map ? new Map([...members].map(([label, value]) => member(label, value))) : new Map();
    if (header.get("typ") !== telemetryType || !header.has("alg") || [...header].flat().includes(undefined) || !isJson(event)) {
      return null;
    }
    header.set("typ", "telemetry+jws"); // One form, however it is written.
    return { header, event, signature, signed: concat([0x84, 0x6a], utf8("Signature1"), byteString(head), [0x40], byteString(payload)) };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}
