// Strict JSON and base64url for verification. JSON.parse will not do: it drops repeated members and rounds large numbers.

/** A number with the digits it was written with. */
export class JsonNumber {
  constructor(raw) {
    this.raw = raw;
  }
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// eslint-disable-next-line no-control-regex -- a JSON string may not hold control characters
const stringPattern = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const spacePattern = /[ \t\n\r]*/y;
const loneSurrogate = /\p{Surrogate}/u;

/** Reads JSON: objects become Maps, numbers JsonNumbers. Throws SyntaxError on anything but one well-formed value without repeated members. */
export function parseJson(text, maxDepth) {
  let at = 0;

  function match(pattern) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) {
      throw new SyntaxError(`Not JSON at character ${at}.`);
    }
    at = pattern.lastIndex;
    return found[0];
  }

  function take(expected) {
    match(spacePattern);
    if (text[at] !== expected) {
      return false;
    }
    at++;
    return true;
  }

  function need(expected) {
    if (!take(expected)) {
      throw new SyntaxError(`"${expected}" is missing at character ${at}.`);
    }
  }

  function string() {
    const value = JSON.parse(match(stringPattern));
    if (loneSurrogate.test(value)) {
      throw new SyntaxError(`A string that is not valid Unicode before character ${at}.`);
    }
    return value;
  }

  function object(depth) {
    const members = new Map();
    if (take("}")) {
      return members;
    }
    do {
      match(spacePattern);
      const name = string();
      if (members.has(name)) {
        throw new SyntaxError(`The member "${name}" stands twice.`);
      }
      need(":");
      members.set(name, value(depth));
    } while (take(","));
    need("}");
    return members;
  }

  function array(depth) {
    const items = [];
    if (take("]")) {
      return items;
    }
    do {
      items.push(value(depth));
    } while (take(","));
    need("]");
    return items;
  }

  function value(depth) {
    match(spacePattern);
    const first = text[at];
    if (first === "{" || first === "[") {
      if (depth >= maxDepth) {
        throw new SyntaxError("Nested too deep.");
      }
      at++;
      return first === "{" ? object(depth + 1) : array(depth + 1);
    }
    if (first === "\"") {
      return string();
    }
    for (const [word, meaning] of [["true", true], ["false", false], ["null", null]]) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    return new JsonNumber(match(numberPattern));
  }

  const result = value(0);
  match(spacePattern);
  if (at !== text.length) {
    throw new SyntaxError(`More than one value at character ${at}.`);
  }
  return result;
}

/** RFC 8785 form of what parseJson gave. */
export function canonical(value) {
  if (value instanceof Map) {
    // The default order of sort is by UTF-16 code units, as the standard asks.
    return `{${[...value.keys()].sort().map((name) => `${JSON.stringify(name)}:${canonical(value.get(name))}`).join(",")}}`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (value instanceof JsonNumber) {
    const number = Number(value.raw);
    if (!Number.isFinite(number)) {
      throw new SyntaxError("A number is too large for a double.");
    }
    return JSON.stringify(number);
  }
  return JSON.stringify(value);
}

/** A whole number of 0 to 2^63-1 as a BigInt, or null. */
export function wholeNumber(value) {
  if (!(value instanceof JsonNumber) || !/^-?[0-9]{1,19}$/.test(value.raw)) {
    return null;
  }
  const number = BigInt(value.raw);
  return number >= 0n && number < 1n << 63n ? number : null;
}

export const utf8 = (text) => new TextEncoder().encode(text);

/** Text of strict UTF-8; throws TypeError. A byte order mark stays, and so fails as JSON. */
export const fromUtf8 = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** Bytes of canonical base64url without padding, or null. */
export function fromBase64Url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    return null;
  }
  const bytes = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/").padEnd(Math.ceil(text.length / 4) * 4, "="));
  return bytes !== null && toBase64Url(bytes) === text ? bytes : null;
}

/** Bytes of padded base64, or null. */
export function fromBase64(text) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    return null;
  }
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

export function toBase64(bytes) {
  let binary = "";
  for (const byte of bytes) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary);
}

export const toBase64Url = (bytes) => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function concat(...parts) {
  const result = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
