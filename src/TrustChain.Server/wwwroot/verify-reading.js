// Reads an evidence bundle strictly: unknown members, other types and other spellings are refused.

import { canonical, fromBase64Url, fromUtf8, parseJson, utf8, wholeNumber } from "./verify-json.js";
import { digest, time } from "./verify-formats.js";

const maxBytes = 16 << 20;
const maxEntries = 1000;
const maxToken = 65536;

/** Says where a bundle is malformed and why. */
export class MalformedError extends Error {}

/** Reads a bundle from its bytes or text; throws MalformedError or SyntaxError. */
export function readBundle(input) {
  const bytes = typeof input === "string" ? utf8(input) : input;
  if (bytes.length > maxBytes) {
    throw new MalformedError(`larger than ${maxBytes} bytes`);
  }
  let text;
  try {
    text = fromUtf8(bytes);
  } catch {
    throw new MalformedError("not UTF-8");
  }
  return readRoot(new Node(parseJson(text, 16), "$"));
}

/** A JSON value with the place where it stands, so that a fault can name it. */
class Node {
  constructor(json, place) {
    this.json = json;
    this.place = place;
  }

  fail(why) {
    throw new MalformedError(`${this.place}: ${why}`);
  }

  only(...names) {
    if (!(this.json instanceof Map)) {
      this.fail("not an object");
    }
    for (const name of this.json.keys()) {
      if (!names.includes(name)) {
        this.fail(`the member "${name}" is not known`);
      }
    }
  }

  optional(name) {
    return this.json.has(name) ? new Node(this.json.get(name), `${this.place}.${name}`) : null;
  }

  member(name) {
    return this.optional(name) ?? this.fail(`the member "${name}" is missing`);
  }

  text() {
    return typeof this.json === "string" ? this.json : this.fail("not a string");
  }

  integer() {
    return wholeNumber(this.json) ?? this.fail("not a whole number of zero or more");
  }

  hash() {
    return digest(this.json) ?? this.fail("not 32 bytes in base64url");
  }

  time() {
    return time(this.json) ?? this.fail("not a UTC time with milliseconds");
  }

  list(max, read) {
    if (!Array.isArray(this.json) || this.json.length > max) {
      this.fail(`not an array of at most ${max}`);
    }
    return this.json.map((item, i) => read(new Node(item, `${this.place}[${i}]`)));
  }

  hashes(max) {
    return this.list(max, (n) => n.hash());
  }

  /** An entry's body: its canonical text, and the value of exactly that text. */
  body() {
    if (!(this.json instanceof Map)) {
      this.fail("not an object");
    }
    const text = canonical(this.json);
    return { bytes: utf8(text), json: parseJson(text, 64) };
  }

  /** The optional member "statement": a place in the list of statements. */
  statementPlace(count) {
    const member = this.optional("statement");
    const place = member?.integer();
    return place === undefined ? null : place < BigInt(count) ? Number(place) : member.fail(`there are ${count} statements`);
  }
}

function readRoot(root) {
  root.only("type", "v", "log", "item", "next", "checkpoint", "anchors", "timestamps", "proof", "keys", "statements", "records", "status");
  if (root.member("type").text() !== "trustchain-evidence" || root.member("v").integer() !== 1n) {
    root.fail("not a trustchain-evidence of version 1");
  }
  const log = root.member("log");
  log.only("origin", "key", "chainId", "registry");
  const statements = root.member("statements").list(maxEntries, (n) => n.text());
  return {
    log: { origin: log.member("origin").text(), key: log.member("key").text(), chainId: log.member("chainId").integer(), registry: log.member("registry").text() },
    item: root.optional("item")?.text() ?? null,
    next: root.optional("next")?.text() ?? null,
    checkpoint: root.member("checkpoint").text(),
    anchors: root.member("anchors").list(16, readAnchor),
    timestamps: root.optional("timestamps")?.list(16, readTimestamp) ?? [],
    proof: root.member("proof").hashes(64 * maxEntries),
    keys: root.member("keys").list(maxEntries, readKey),
    statements,
    records: root.member("records").list(maxEntries, (n) => readRecord(n, statements.length)),
    status: root.member("status").list(maxEntries, (n) => readStatus(n, statements.length)),
  };
}

function readAnchor(node) {
  node.only("chainId", "registry", "size", "root", "transaction", "block", "blockHash", "time", "consistency");
  return {
    chainId: node.member("chainId").integer(),
    registry: node.member("registry").text(),
    size: node.member("size").integer(),
    root: node.member("root").hash(),
    transaction: node.member("transaction").text(),
    block: node.member("block").integer(),
    blockHash: node.member("blockHash").text(),
    time: node.member("time").time(),
    consistency: node.member("consistency").hashes(128),
  };
}

function readTimestamp(node) {
  node.only("size", "root", "token", "consistency");
  const token = node.member("token");
  const der = fromBase64Url(token.text());
  if (der === null || der.length > maxToken) {
    token.fail(`not canonical base64url of at most ${maxToken} bytes`);
  }
  return { size: node.member("size").integer(), root: node.member("root").hash(), token: der, consistency: node.member("consistency").hashes(128) };
}

function readKey(node) {
  node.only("index", "leaf", "entry");
  return { index: node.member("index").integer(), leaf: node.member("leaf").hash(), body: node.member("entry").body() };
}

function readStatus(node, statements) {
  node.only("index", "leaf", "kind", "entry", "statement");
  const kind = node.member("kind").integer();
  if (kind < 1n || kind > 255n) {
    node.fail("kind outside 1 to 255");
  }
  return {
    index: node.member("index").integer(), leaf: node.member("leaf").hash(), kind: Number(kind),
    body: node.member("entry").body(), statement: node.statementPlace(statements),
  };
}

function readRecord(node, statements) {
  node.only("index", "leaf", "salt", "record", "statement", "deviceSalt", "event", "eventSalt", "eventProof", "erasedAt");
  const event = node.optional("event");
  return {
    index: node.member("index").integer(),
    leaf: node.member("leaf").hash(),
    body: node.member("record").body(),
    salt: node.member("salt").hash(),
    statement: node.statementPlace(statements),
    event: event && (fromBase64Url(event.text()) ?? event.fail("not canonical base64url")),
    deviceSalt: node.optional("deviceSalt")?.hash() ?? null,
    eventSalt: node.optional("eventSalt")?.hash() ?? null,
    eventProof: node.optional("eventProof")?.hashes(16) ?? [],
    erasedAt: node.optional("erasedAt")?.time() ?? null,
  };
}
