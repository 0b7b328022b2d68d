// node verdicts.mjs <schema> <folder of examples> <count> <seed>
// Writes one JSON line per changed example: the document, what was done, the official schema's verdict, the verdict with the deliberate
// differences, and which of those decide where the two verdicts are not the same.
import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { amend, differences } from "./differences.mjs";
import { generator, harvest, mutate, withMasterData } from "./mutations.mjs";

const [schemaFile, folder, count, seed] = process.argv.slice(2);
const official = JSON.parse(readFileSync(schemaFile, "utf8"));
const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));

function compile(chosen) {
  const ajv = new Ajv.default({ strict: false, logger: false });
  addFormats.default(ajv);
  return ajv.compile(amend(ajv, official, chosen));
}

const names = Object.keys(differences);
const isOfficial = compile([]);
const isWithAll = compile(names);
const isWithOne = new Map(names.map(name => [name, compile([name])]));

const examples = manifest.files.filter(file => file.expected === "accept" && file.kind !== "query")
  .map(file => ({ name: file.file, document: JSON.parse(readFileSync(join(folder, file.file), "utf8")) }))
  .concat(withMasterData, withMasterData); // twice: two among fifty would be changed too seldom
const known = harvest(examples);
const random = generator(Number(seed));

function write(line) {
  const bytes = Buffer.from(line + "\n");
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") { // the reader of the pipe is slower than we are
        throw error;
      }
    }
  }
}

function judge(document, what) {
  const text = JSON.stringify(document);
  const schema = isOfficial(document);
  const reason = isOfficial.errors?.at(0);
  const expected = isWithAll(document);
  const amendedReason = isWithAll.errors?.at(0);
  const decides = schema === expected ? [] : names.filter(name => isWithOne.get(name)(document) !== schema);
  write(JSON.stringify({ text, what, schema, expected, decides, reason: `${(amendedReason ?? reason)?.instancePath} ${(amendedReason ?? reason)?.message}` }));
}

write(JSON.stringify({ differences: names }));
for (const { name, document } of examples) {
  judge(document, `${name}: as it is`);
}
for (let i = 0; i < Number(count); i++) {
  const { document, what } = mutate(random, examples, known);
  judge(document, what);
}
