// Seeded mutations of EPCIS examples: one example in, one changed document out.

export function generator(seed) {
  let state = seed >>> 0;
  const next = () => { // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { chance: p => next() < p, below: n => Math.floor(next() * n), pick: list => list[Math.floor(next() * list.length)] };
}

const eventTypes = ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"];
const otherTypes = ["ex:OwnEvent", "https://ns.example.com/OwnEvent", "PartyEvent", "EPCISDocument", "EPCISQueryDocument", "objectEvent", "", "ex:"];
const uris = [
  "urn:epc:id:sgtin:4012345.011111.987", "urn:uuid:1", "https://id.gs1.org/01/04012345111118/21/1", "ex:a", "geo:1,2", "a:/", "a://", "a:b:c", "a:", "a:?x",
  "a:#x", ":a", "1a:b", "a b:c", "a+b-c.d:e", "a_b:c", "ab", "", " ex:a", "ex:a ", "ex:a b", "ex:a%20b", "ex:a%2", "ex:a%zz", "ex:a#b#c", "ex:a#b?c", "ex:a?b#c",
  "ex:\u00e4", "ex:a\\b", "ex:<a>", "ex:{a}", "ex:a|b", "ex:a^b", "ex:a`b", "ex:\"", "ex:[a]", "http://[::1]/", "http://[::1", "http://[1:2:3:4:5:6:7:8]:80/a",
  "http://[1:2:3:4:5:6:7]/", "http://[1::2::3]/", "http://[fe80::1%25eth0]/", "http://u:p@[::1]/", "http://[v1.a:b]/", "http://[v1.]/", "http://[::1]a/",
  "http://[::1.2.3.4]/", "http://[::1.2.3.256]/", "http://[::01.2.3.4]/", "http://[1:2:3:4:5:6:1.2.3.4]/", "http://[12345::]/", "http://[]/", "http://[::]", "http://[:1]/",
  "http://a/[b]", "a:/[::1]/b", "a:/u@[::1]:80", "http://[::1]:8a/", "http://u@v@[::1]/", "http://%41@[::1]/", "http://%4@[::1]/", "http://[1::2:3:4:5:6:7:8]/", "http://[1:2:3:4:5:6:7::]/", "http://[::1.2.3]/", "http://a:b/", "http://a@b@c/", "http://a?[b]", "http://a#[b]", "//a/b", "/a:b", "a/b:c", "mailto:a@b.c", "tag:x,2020:y", "ex:.", "ex:%41", "ex:'()*!",
  "cbv:BizStep-shipping", "gs1:Temperature", "urn:epcglobal:cbv:bizstep:shipping", "urn:epcglobal:cbvx", "https://ns.gs1.org/cbv/BizStep-shipping",
  "http://ns.gs1.org/cbv/x", "http://ns.gs1.org/cbv", "https://ref.gs1.org/cbv/BizStep-shipping", "https://gs1.org/voc/Temperature", "http://www.gs1.org/voc/x",
  "https://www.gs1.org/voc", "ftp://gs1.org/voc/x", "HTTPS://gs1.org/voc/x", "URN:epcglobal:cbv:x",
];
const times = [
  "2026-03-04T08:15:30Z", "2026-03-04T08:15:30.123456789+05:30", "2026-03-04t08:15:30z", "2026-03-04 08:15:30Z", "2026-03-04T08:15:30", "2026-03-04T08:15Z",
  "2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
  "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z", "2016-12-31T23:59:60Z", "2026-01-01T08:15:60Z", "2026-01-01T00:00:00+14:00",
  "2026-01-01T00:00:00-14:00", "2026-01-01T00:00:00+14:01", "2026-01-01T00:00:00+23:59", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01", "2026-01-01T00:00:00+0100",
  "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59Z",
  "9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59-01:00", "+2026-01-01T00:00:00Z", "02026-01-01T00:00:00Z", "2026-1-1T00:00:00Z", "2026-01-01", "now", "", 5, "2026-01-01T00:00:00 Z",
  "2026-01-01T00:00:00Z ", "2026-01-01T00:00:00.1234567890123456789012345678901Z", "2026-01-01T00:00:00\u22121:00",
];
const offsets = ["+00:00", "-00:00", "+14:00", "-14:00", "+14:01", "+13:59", "+15:00", "+09:60", "+9:00", "Z", "00:00", "+0900", "+09", "+09:00 ", "", "\u002b\u0660\u0661:00", 9];
const words = [
  "shipping", "receiving", "sensor_reporting", "Shipping", "in_transit", "active", "po", "bol", "location", "owning_party", "x", "latitude", "did_not_occur", "incorrect_data",
  "ALARM_CONDITION", "ERROR_CONDITION", "Temperature", "RelativeHumidity", "Wavenumber", "temperature", "EffectiveDoseRate", "ADD", "OBSERVE", "DELETE", "add", "MOVE", "ADD ", "void_shipping",
];
const texts = ["KGM", "kg", "C62", "K", "ABCD", "P1", "", "0a", "ABC123", "0g", "abc", "2.0", "2", "2.0.1", "2.", ".2", "two", "\u0662", "2.0\n", "x y", "\u00e4\u{1f600}"];
const names = [
  "foo", "ex:foo", "ex:", ":foo", "https://ns.example.com/foo", "ex:a b", "ex:\u00e4", "1ex:foo", "ex:foo#bar", "", "@id", "@type", "rdfs:comment", "comment", "a/b~c", "ID", "Type",
  "ex:%41", "ex:%4", "ex:[a]",
];
const contexts = [
  "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", "not a uri", {}, { ex: "https://ns.example.com/" }, { ex: 5 }, { ex: { "@id": "https://ns.example.com/" } }, [], [[]], [null], [5],
  ["ex:a", "ex:a"], ["ex:a", "ex:b"], [{}, {}], [{ a: "b:c", d: "e:f" }, { d: "e:f", a: "b:c" }], [{ a: 1 }, { a: 1.5 }], [{ a: [1, 2] }, { a: [2, 1] }], ["ex:a", {}, "x"], null, 5, true, "",
];
const scalars = [null, true, false, 0, -1.5, 1e300, 12345678901234567890, 1e-7, "", "x", "urn:x:y", [], {}, [null], [[]], [{}], { id: "ex:a" }, { id: 5 }, { id: "x" }, ["ex:a"], ["ex:a", "ex:a"], [1]];

const vocabularyList = [
  {
    type: "urn:epcglobal:epcis:vtype:BusinessLocation",
    vocabularyElementList: [
      {
        id: "urn:epc:id:sgln:4012345.00005.0",
        attributes: [{ id: "cbvmda:city", attribute: "Bonn" }, { id: "cbvmda:floor", attribute: 2 }, { id: "cbvmda:map", attribute: { a: 1 } }, { id: "cbvmda:none" }],
        children: ["urn:epc:id:sgln:4012345.00005.1", "ex:b"],
      },
      { id: "ex:c" },
    ],
  },
  { type: "ex:t" },
];

/** Two documents with master data, of which the published examples have none. */
export const withMasterData = [
  {
    "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", type: "EPCISDocument", schemaVersion: "2.0", creationDate: "2026-03-04T08:15:30Z",
    epcisHeader: { epcisMasterData: { vocabularyList } }, epcisBody: { eventList: [] },
  },
  {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", { ex: "https://ns.example.com/" }], type: "EPCISQueryDocument",
    epcisBody: { queryResults: { queryName: "q", subscriptionID: "s", resultsBody: { eventList: [], vocabularyList } } },
  },
].map(document => ({ name: `${document.type} with master data`, document }));

// Every node's place: the object or array that holds it and its name or index there.
function places(node, extension, found) {
  for (const key of Object.keys(node)) {
    const within = extension || (!Array.isArray(node) && key.includes(":"));
    found.push({ parent: node, key: Array.isArray(node) ? Number(key) : key, extension: within });
    if (node[key] !== null && typeof node[key] === "object") {
      places(node[key], within, found);
    }
  }
  return found;
}

/** Which values the examples give to a member of a name, and which names there are. */
export function harvest(examples) {
  const values = new Map();
  for (const { document } of examples) {
    for (const { parent, key } of places(document, false, [])) {
      if (!Array.isArray(parent) && !key.includes(":")) {
        values.set(key, [...(values.get(key) ?? []), parent[key]]);
      }
    }
  }
  return values;
}

const clone = value => structuredClone(value);

function eventsOf(document) {
  return document.epcisBody?.eventList ?? document.epcisBody?.queryResults?.resultsBody?.eventList;
}

// Fewer events or a bare event, so that most changes fall into events and not into what surrounds them.
function reshape(random, document) {
  const events = eventsOf(document);
  if (!Array.isArray(events) || events.length === 0) {
    return document;
  }
  if (random.chance(0.35)) {
    const event = random.pick(events);
    return random.chance(0.7) ? { "@context": clone(document["@context"] ?? []), ...event } : event;
  }
  if (random.chance(0.8)) {
    events.splice(0, events.length, ...new Set([random.pick(events), random.pick(events)]));
  }
  return document;
}

function replacement(random, known, name, old) {
  const fitting = /time$|^time|date$/i.test(name) ? times : name === "eventTimeZoneOffset" ? offsets : name === "@context" ? contexts
    : name === "type" ? [...eventTypes, ...otherTypes, ...words] : null;
  const roll = random.below(10);
  if (fitting && roll < 7) {
    return clone(random.pick(fitting));
  }
  if (typeof old === "string" && roll < 8) {
    return random.pick(random.chance(0.55) ? uris : random.chance(0.6) ? words : texts);
  }
  const values = known.get(name);
  return clone(roll === 8 && values ? random.pick(values) : random.pick(scalars));
}

function scratch(random, text) {
  const at = random.below(text.length + 1);
  const odd = random.pick([" ", "%", "\"", "^", "|", "<", "[", "]", "{", "`", "\\", "\u00e9", "#", "?", ":", "/", "0", "Z", "-", "\n", "\t", "@", "~"]);
  return random.chance(0.3) ? text.slice(0, at) + text.slice(at + 1) : text.slice(0, at) + odd + text.slice(at);
}

// The members that a type or an action asks for decide more than the rest, so they are changed more often.
function changeEvent(random, known, document) {
  const events = eventsOf(document);
  const event = Array.isArray(events) && events.length > 0 ? random.pick(events) : document;
  const members = event !== null && typeof event === "object" ? Object.keys(event) : [];
  if (members.length === 0) {
    return change(random, known, document);
  }
  const member = random.pick(members);
  switch (random.below(4)) {
    case 0:
      event.action = random.pick(["ADD", "OBSERVE", "DELETE"]);
      return `action ${event.action}`;
    case 1: {
      const added = random.pick(["epcList", "quantityList", "childEPCs", "childQuantityList", "inputEPCList", "outputQuantityList", "parentID", "transformationID", "ilmd",
        "bizTransactionList", "sensorElementList", "readPoint", "persistentDisposition", "certificationInfo", "errorDeclaration", "@context"]);
      const values = known.get(added);
      event[added] = clone(random.chance(0.25) ? [] : values ? random.pick(values) : {});
      return `give ${added}`;
    }
    default:
      delete event[member];
      return `take ${member}`;
  }
}

function change(random, known, document) {
  const all = places(document, false, []);
  const standard = all.filter(place => !place.extension);
  const { parent, key } = random.pick(random.chance(0.93) && standard.length > 0 ? standard : all);
  const name = Array.isArray(parent) ? "" : key;
  const old = parent[key];
  const remove = () => Array.isArray(parent) ? parent.splice(key, 1) : delete parent[key];
  const put = (object, member, value) => Object.defineProperty(object, member, { value, enumerable: true, configurable: true, writable: true });
  switch (random.below(10)) {
    case 0:
      remove();
      return `delete ${key}`;
    case 1:
    case 2:
    case 3:
      parent[key] = replacement(random, known, name, old);
      return `set ${key}`;
    case 4:
      if (typeof old === "string") {
        parent[key] = scratch(random, old);
        return `scratch ${key}`;
      }
      parent[key] = random.pick([null, [old], { ...old }, String(old), 1]);
      return `retype ${key}`;
    case 5:
      if (Array.isArray(old)) {
        const item = old.length > 0 && random.chance(0.6) ? clone(random.pick(old)) : clone(random.pick(scalars));
        random.chance(0.3) ? old.splice(0, old.length) : old.splice(random.below(old.length + 1), 0, item);
        return `items ${key}`;
      }
      remove();
      return `delete ${key}`;
    case 6: {
      if (Array.isArray(parent)) {
        parent.push(clone(old));
        return `repeat ${key}`;
      }
      const renamed = random.chance(0.4) ? random.pick([...known.keys()]) : random.pick(names);
      delete parent[key];
      put(parent, renamed, old);
      return `rename ${key} to ${renamed}`;
    }
    default: {
      const object = Array.isArray(parent) ? (old !== null && typeof old === "object" && !Array.isArray(old) ? old : document) : parent;
      const added = random.chance(0.75) ? random.pick([...known.keys()]) : random.pick(names);
      const values = known.get(added);
      put(object, added, clone(values && random.chance(0.8) ? random.pick(values) : random.pick(random.chance(0.5) ? scalars : uris)));
      return `add ${added}`;
    }
  }
}

/** A changed copy of one of the examples, with what was done to it. */
export function mutate(random, examples, known) {
  const { name, document: original } = random.pick(examples);
  const document = reshape(random, clone(original));
  const done = [];
  for (let count = random.chance(0.75) ? 1 : 2 + random.below(2); count > 0; count--) {
    done.push(random.chance(0.25) ? changeEvent(random, known, document) : change(random, known, document));
  }
  if (random.chance(0.12)) {
    const events = eventsOf(document);
    const event = Array.isArray(events) && events.length > 0 ? events[0] : document;
    if (event !== null && typeof event === "object") {
      event.type = random.pick(random.chance(0.5) ? eventTypes : otherTypes);
      done.push(`type ${event.type}`);
    }
  }
  return { document, what: `${name}: ${done.join(", ")}` };
}
