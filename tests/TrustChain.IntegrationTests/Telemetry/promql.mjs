// node promql.mjs <file>...
// Reads each file, alert rules (.yml) or a dashboard of Grafana (.json), and writes one line of JSON for each: {"expressions":[…],"faults":[…]}.
// Expressions are read by Prometheus' own grammar and checked by the checker of types of its web pages; the form of rules is that of Prometheus' package rulefmt.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import YAML from "yaml";

const require = createRequire(import.meta.url); // One copy of everything: the checker of types is there as CommonJS only.
const { promQLLanguage } = require("@prometheus-io/codemirror-promql");
const { Parser } = require("@prometheus-io/codemirror-promql/dist/cjs/parser/parser.js");
const { EditorState } = require("@codemirror/state");

const language = promQLLanguage("PromQL"); // Its parser is that of lezer-promql.

const duration = /^(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

for (const file of process.argv.slice(2)) {
  const found = { expressions: [], faults: [] };
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".yml")) {
    readRules(text, found);
  } else {
    readDashboard(JSON.parse(text), found);
  }
  console.log(JSON.stringify(found));
}

function readRules(text, { expressions, faults }) {
  const document = YAML.parseDocument(text, { uniqueKeys: true, strict: true });
  faults.push(...[...document.errors, ...document.warnings].map(e => e.message));
  if (faults.length > 0) {
    return;
  }
  const rules = document.toJS();
  members(rules, "file", ["groups"]);
  const names = new Set();
  for (const group of list(rules?.groups, "groups")) {
    const where = `group ${group?.name}`;
    members(group, where, ["name", "interval", "query_offset", "limit", "labels", "rules"]);
    if (typeof group.name !== "string" || group.name === "" || names.has(group.name)) {
      faults.push(`${where}: its name is missing or another's`);
    }
    names.add(group.name);
    durations(group, where, ["interval", "query_offset"]);
    for (const rule of list(group.rules, where)) {
      readRule(rule, `${where}, ${rule?.alert ?? rule?.record}`);
    }
  }

  function readRule(rule, where) {
    members(rule, where, ["alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"]);
    if ([rule.alert, rule.record].filter(n => typeof n === "string" && n !== "").length !== 1) {
      faults.push(`${where}: either alert or record names a rule`);
    }
    if (rule.record !== undefined && ["for", "keep_firing_for", "annotations"].some(m => rule[m] !== undefined)) {
      faults.push(`${where}: a recording rule has nothing of an alert`);
    }
    durations(rule, where, ["for", "keep_firing_for"]);
    texts(rule.labels, `${where}, labels`, n => n !== "__name__");
    texts(rule.annotations, `${where}, annotations`, () => true);
    expressions.push(rule.expr);
    faults.push(...check(rule.expr).map(f => `${where}: ${f}`));
  }

  function members(value, where, allowed) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Error(`${where} is no mapping`);
    }
    faults.push(...Object.keys(value).filter(k => !allowed.includes(k)).map(k => `${where}: there is no ${k}`));
  }

  function list(value, where) {
    if (!Array.isArray(value) || value.length === 0) {
      faults.push(`${where}: a list is missing`);
      return [];
    }
    return value;
  }

  function durations(value, where, names) {
    faults.push(...names.filter(n => value[n] !== undefined && !(value[n] === 0 || duration.test(value[n]))).map(n => `${where}: ${n} is no duration: ${value[n]}`));
  }

  function texts(value, where, allowed) {
    for (const [name, text] of Object.entries(value ?? {})) {
      if (!labelName.test(name) || !allowed(name) || typeof text !== "string") {
        faults.push(`${where}: ${name} is no name, or has no text`);
      }
    }
  }
}

function readDashboard(dashboard, { expressions, faults }) {
  for (const panel of dashboard.panels) {
    for (const { expr } of panel.targets ?? []) {
      expressions.push(expr);
      // Grafana puts its variables in before it asks; those within quotation marks are texts as they stand.
      faults.push(...check(expr?.replaceAll("$__rate_interval", "1m").replaceAll("$__interval", "1m").replaceAll("$__range", "1h")).map(f => `panel ${panel.title}: ${f}`));
    }
  }
}

function check(expression) {
  if (typeof expression !== "string" || expression.trim() === "") {
    return ["an expression is missing"];
  }
  const faults = [];
  const tree = language.parser.parse(expression);
  tree.iterate({
    enter(node) {
      if (node.type.isError) {
        faults.push(`syntax at ${node.from} of ${expression}`);
      }
    },
  });
  if (faults.length === 0) {
    const types = new Parser(EditorState.create({ doc: expression, extensions: [language] }));
    types.tree = tree; // All of it: an editor's own stops after some milliseconds, and goes on later.
    types.analyze();
    faults.push(...types.getDiagnostics().filter(d => d.severity === "error").map(d => `${d.message} in ${expression}`));
  }
  return faults;
}
