#!/usr/bin/env node
// The part of the solc command line that forge uses, over the compiler of the npm package `solc`:
// `--version`, and `--standard-json` on standard input. Forge sends every source inline, so nothing is read from disk
// and path options (--base-path, --allow-paths, --include-path) have nothing to act on.
import { readFileSync } from "node:fs";
import solc from "solc";

const options = process.argv.slice(2);

if (options.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (options.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write(`solc.mjs: only --version and --standard-json are supported, got: ${options.join(" ")}\n`);
  process.exitCode = 1;
}
