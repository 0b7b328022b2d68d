// Runs the browser's verifier over the vectors in tests/vectors/evidence and prints every difference from expected.json.
// Usage: node browser-vectors.mjs VERIFY.JS VECTORS
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { observe } from "./recorded-chain.mjs";

const [script, folder] = process.argv.slice(2);
const { verifyBundle } = await import(pathToFileURL(path.resolve(script)).href);
const read = (name) => fs.readFileSync(path.join(folder, name));
const [expected, recorded] = ["expected.json", "chain.json"].map((name) => JSON.parse(read(name)));

const lacking = ["ES256K", "SM2", "RFC 3161"];
let differences = 0;
let compared = 0;
for (const [name, { checks, without, trust }] of Object.entries(expected)) {
  // WebCrypto knows neither secp256k1 nor SM2, and a browser no CMS.
  const instead = lacking.flatMap((algorithm) => without?.[algorithm] ?? []);
  const wanted = checks.map((check) => instead.find(([what, subject]) => what === check[0] && subject === check[1]) ?? check);
  const bytes = read(name);
  const { checks: got } = await verifyBundle(new Uint8Array(bytes), JSON.parse(read(trust ?? "trust.json")), observe(recorded, bytes));
  const lines = got.map((c) => `${c.name} ${c.subject} ${c.outcome} ${c.code ?? ""}`.trim());
  const want = wanted.map((c) => c.join(" ").trim());
  for (let i = 0; i < Math.max(lines.length, want.length); i++) {
    compared++;
    // The browser does not recompute event hashes: whatever is expected there, it must only not call it passed or failed.
    const isEventHash = want[i]?.startsWith("eventHash ") && lines[i]?.startsWith("eventHash ");
    if (isEventHash ? !lines[i].includes(" could-not-check ") : lines[i] !== want[i]) {
      differences++;
      console.log(`${name}: expected "${want[i]}", got "${lines[i]}"`);
    }
  }
}
console.log(`${compared} checks of ${Object.keys(expected).length} bundles, ${differences} differences`);
process.exit(differences === 0 && compared > 0 ? 0 : 1);
