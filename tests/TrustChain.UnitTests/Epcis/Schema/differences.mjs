// Where the reader means to differ from the official schema, as changes of the schema itself. Each name is a row of docs/validation.md.

const standardTypes = ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"];

const prefixed = node => node !== null && typeof node === "object"
  && (Array.isArray(node) ? node.some(prefixed) : Object.entries(node).some(([name, value]) => name.includes(":") || prefixed(value)));

const extensionNamesOnly = (...known) => ({ anyOf: [{ type: "string", enum: known }, { $ref: "#/definitions/vocab-uri" }] });

const dateTime = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

function isTime(text) {
  const match = dateTime.exec(text);
  if (!match) {
    return false;
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const offset = match[8] ? (Number(match[9]) * 60 + Number(match[10])) * (match[8] === "-" ? -1 : 1) : 0;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute - offset, second);
  const days = new Date(Date.UTC(year + 400, month, 0)).getUTCDate(); // 400 years later, because Date takes years below 100 for others
  const utcYear = date.getUTCFullYear();
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 59
    && Number(match[10] ?? 0) <= 59 && Math.abs(offset) <= 14 * 60 && utcYear >= 1 && utcYear <= 9999
    && !(utcYear === 9999 && date.getUTCMonth() === 11 && date.getUTCDate() === 31 && /^23:59:59$/.test(date.toISOString().slice(-13, -5))
      && Number(`0.${match[7] ?? 0}`) > 0.9995);
}

export const differences = {
  "context-of-a-bare-event": {
    schema: schema => {
      schema.definitions["required-ld-context"] = { anyOf: [{ required: ["@context"] }, { usesNoExtension: true }] };
    },
  },
  "parent-of-an-aggregation": {
    schema: schema => {
      schema.definitions.AggregationEvent.allOf.push({
        if: { properties: { action: { enum: ["ADD", "DELETE"] } }, required: ["action"] },
        then: { required: ["parentID"] },
      });
    },
  },
  "members-of-a-place": {
    schema: schema => {
      schema.definitions.readPoint.propertyNames = extensionNamesOnly("id");
      schema.definitions.bizLocation.propertyNames = extensionNamesOnly("id");
    },
  },
  "members-of-the-body": {
    schema: schema => {
      schema.definitions.epcisDocument.properties.epcisBody.propertyNames = extensionNamesOnly("eventList");
    },
  },
  "own-event-types": {
    schema: schema => {
      const parts = standardTypes.map(type => schema.definitions[type].allOf[1]);
      const members = Object.assign({}, ...parts.map(part => part.properties));
      delete members.type;
      // Where the types differ, the laxer form: an epcList that must be distinct is one of an ObjectEvent.
      members.epcList = { type: "array", items: { $ref: "#/definitions/uri" } };
      members.bizTransactionList = { type: "array", items: { $ref: "#/definitions/bizTransaction" } };
      schema.definitions["Extended-Event"].allOf.push({
        properties: members,
        propertyNames: { anyOf: [{ $ref: "#/definitions/common-event-properties" }, { type: "string", enum: Object.keys(members) }] },
      });
    },
  },
  "times": { formats: { "date-time": isTime } },
  "ip-literals": {
    // The validator's expression takes a bracket after one slash too.
    formats: { uri: (text, official) => official(text) && !/^[^:]*:\/(?!\/)[^/?#]*\[/.test(text) },
  },
};

/** Gives the validator what the differences need, and returns the schema with them. */
export function amend(ajv, official, chosen) {
  const schema = structuredClone(official);
  delete schema.$id;
  ajv.addKeyword({ keyword: "usesNoExtension", type: "object", validate: (_, event) => standardTypes.includes(event.type) && !prefixed(event) });
  for (const name of chosen) {
    const { schema: change, formats } = differences[name];
    change?.(schema);
    for (const [format, isValid] of Object.entries(formats ?? {})) {
      const before = ajv.formats[format];
      const beforeIsValid = typeof before === "function" ? before : before.validate;
      ajv.addFormat(format, text => isValid(text, beforeIsValid));
    }
  }
  return schema;
}
