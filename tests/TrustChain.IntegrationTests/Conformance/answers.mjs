// node answers.mjs <schema of events> <OpenAPI document> <file of answers>
// Judges every answer of the file, one {"document":…,"schema":…,"answer":…} a line: by the schema of events with formats asserted, or by the schema of that name in the
// OpenAPI document. Writes one JSON line for each that is not valid, with what the schema says, and last how many were judged.
import { readFileSync, createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const [schemaFile, apiFile, answersFile] = process.argv.slice(2);
const { components } = JSON.parse(readFileSync(apiFile, "utf8"));
const validators = new Map();

// By the letter a capture job has either errors or errorFile of a wrong type: neither is required, so a right one, or none, makes both alternatives true.
const [, alternatives] = components.schemas.CaptureJob.allOf;
components.schemas.CaptureJob.allOf[1] = { allOf: alternatives.oneOf };

function validatorOf(name) {
  if (!validators.has(name)) {
    const ajv = new Ajv.default({ strict: false, logger: false });
    addFormats.default(ajv);
    validators.set(name, ajv.compile(name === null ? JSON.parse(readFileSync(schemaFile, "utf8")) : { $ref: `#/components/schemas/${name}`, components }));
  }
  return validators.get(name);
}

let count = 0;
for await (const line of createInterface({ input: createReadStream(answersFile), crlfDelay: Infinity })) {
  const { document, schema, answer } = JSON.parse(line);
  const isValid = validatorOf(schema);
  count++;
  if (!isValid(answer)) {
    const errors = isValid.errors.map(error => `${error.instancePath} ${error.message}`).join("; ");
    console.log(JSON.stringify({ document, check: schema === null ? "json schema" : "resource schema", detail: `${schema ?? ""} ${errors}`.slice(0, 500) }));
  }
}
console.log(JSON.stringify({ count }));
