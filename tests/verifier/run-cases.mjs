// Runs the browser's verifier over many cases in one process and prints its answers, one line of JSON for each case.
// Usage: node run-cases.mjs VERIFY.JS CASES      CASES: lines of {"bundle": base64, "trust": trust file or null, "chain": as chain.json, or null}
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { observe } from "./recorded-chain.mjs";

const [script, cases] = process.argv.slice(2);
const { verifyBundle } = await import(pathToFileURL(path.resolve(script)).href);
const lines = [];
for (const line of fs.readFileSync(cases, "utf8").split("\n").filter(Boolean)) {
  const { bundle, trust, chain } = JSON.parse(line);
  const bytes = new Uint8Array(Buffer.from(bundle, "base64"));
  const { checks } = await verifyBundle(bytes, trust, observe(chain, bytes));
  lines.push(JSON.stringify({ answers: checks.map((c) => [c.name, c.subject, c.outcome, c.code ?? ""]) }));
}
console.log(lines.join("\n"));
