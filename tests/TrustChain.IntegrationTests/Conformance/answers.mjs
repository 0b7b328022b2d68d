// node answers.mjs <schema> <file of answers>
// Judges every answer of the file, one {"document":…,"answer":…} a line, by the official JSON schema with formats asserted. Writes one JSON line for each that
// is not valid, with what the schema says, and last how many were judged.
import { readFileSync, createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const [schemaFile, answersFile] = process.argv.slice(2);
const ajv = new Ajv.default({ strict: false, logger: false, allErrors: false });
addFormats.default(ajv);
const isValid = ajv.compile(JSON.parse(readFileSync(schemaFile, "utf8")));

let count = 0;
for await (const line of createInterface({ input: createReadStream(answersFile), crlfDelay: Infinity })) {
  const { document, answer } = JSON.parse(line);
  count++;
  if (!isValid(answer)) {
    console.log(JSON.stringify({ document, detail: isValid.errors.map(error => `${error.instancePath} ${error.message}`).join("; ").slice(0, 500) }));
  }
}
console.log(JSON.stringify({ count }));
