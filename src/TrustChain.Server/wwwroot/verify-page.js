// What happens when "Verify in this browser" is pressed: fetch the evidence, ask the chain, check everything, list every check.

import { Outcome, verifyBundle } from "./verify-bundle.js";
import { observeChain } from "./verify-chain.js";
import { readBundle } from "./verify-reading.js";
import { textsOf } from "./verify-texts.js";

/** Parts of a hundred records each that one press of the button checks. */
const maxParts = 20;

const signs = { [Outcome.passed]: ["✓", "good"], [Outcome.failed]: ["✕", "bad"], [Outcome.couldNotCheck]: ["?", "unsure"] };
const isBrowserLimit = (check) => check.name === "eventHash" && check.code === "algorithm-not-available";

function element(tag, properties = {}, ...children) {
  const result = Object.assign(document.createElement(tag), properties);
  result.append(...children);
  return result;
}

const sign = (outcome, words) =>
  element("span", { className: `badge ${signs[outcome][1]}` }, Object.assign(element("span", { textContent: signs[outcome][0] }), { ariaHidden: "true" }), ` ${words}`);

async function fetchBytes(url) {
  const response = await fetch(url, { headers: { accept: "application/json" }, credentials: "omit" });
  if (!response.ok) {
    throw new Error(`${response.status}`);
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** Address of the evidence's next part: the bundle names a cursor, or an address on this site. */
function nextUrl(url, next) {
  if (next.startsWith("/") || next.includes("://")) {
    const address = new URL(next, location.href);
    return address.origin === location.origin ? address.href : null;
  }
  const address = new URL(url, location.href);
  address.searchParams.set("after", next);
  return address.href;
}

/** The member "next" of a bundle; null for the last part and for one that is malformed, which the verification reports. */
function partOf(bytes) {
  try {
    return readBundle(bytes);
  } catch {
    return null;
  }
}

async function verifyAll(box, texts, progress) {
  progress(texts.word("fetching"));
  const trust = JSON.parse(new TextDecoder().decode(await fetchBytes(box.dataset.trust)));
  const checks = [];
  let url = new URL(box.dataset.evidence, location.href).href;
  let parts = 0;
  for (; url !== null && parts < maxParts; parts++) {
    const bytes = await fetchBytes(url);
    const bundle = partOf(bytes);
    progress(texts.word("asking"));
    const chain = !box.dataset.rpc ? { unavailable: texts.word("noRpc") } : bundle && await observeChain(box.dataset.rpc, bundle.anchors);
    progress(texts.word("checking"));
    const { checks: found } = await verifyBundle(bytes, trust, chain);
    checks.push(...found.map((check) => ({ ...check, part: parts })));
    url = bundle?.next ? nextUrl(url, bundle.next) : null;
  }
  return { checks, parts, complete: url === null };
}

/** One line for each kind of check; single checks are folded unless one of them did not pass. */
function checkList(checks, texts, parts) {
  const list = element("ul", { className: "checks" });
  for (const name of new Set(checks.map((check) => check.name))) {
    const group = checks.filter((check) => check.name === name);
    const counts = Object.keys(signs).map((outcome) => [outcome, group.filter((check) => check.outcome === outcome).length]).filter(([, count]) => count > 0);
    const line = element("li", {}, element("strong", { textContent: texts.name(group[0]) }));
    for (const [outcome, count] of counts) {
      line.append(" ", sign(outcome, group.length === 1 ? texts.word(outcome) : `${texts.word(outcome)}: ${count}`));
    }
    const messages = group.map((check) => {
      const place = [parts > 1 ? texts.word("part", { n: check.part + 1 }) : "", texts.subject(check)].filter(Boolean).join(", ");
      const code = check.code === null ? [] : [" ", Object.assign(element("code", { textContent: check.code }), { lang: "" })];
      return [sign(check.outcome, place), " ", texts.message(check), ...code];
    });
    if (group.length === 1) {
      line.append(element("div", {}, ...messages[0].slice(2)));
    } else {
      const open = group.some((check) => check.outcome === Outcome.failed);
      line.append(element("details", { open }, element("summary", { textContent: texts.word("each", { count: group.length }) }), element("ul", {}, ...messages.map((m) => element("li", {}, ...m)))));
    }
    list.append(line);
  }
  return list;
}

function show(result, texts) {
  const { checks, parts, complete } = result;
  const count = (outcome) => checks.filter((check) => check.outcome === outcome).length;
  const hashes = checks.filter(isBrowserLimit).length;
  const [passed, failed, unknown] = [count(Outcome.passed), count(Outcome.failed), count(Outcome.couldNotCheck) - hashes];
  const [outcome, sentence] = failed > 0 ? [Outcome.failed, texts.word("resultFailed", { count: failed })]
    : unknown > 0 ? [Outcome.couldNotCheck, texts.word("resultUnsure", { passed, unknown })]
      : [Outcome.passed, texts.word("resultPassed", { passed })];
  return [
    element("p", { className: "result" }, sign(outcome, texts.word(outcome)), " ", element("strong", { textContent: sentence })),
    ...(complete ? [] : [element("p", { textContent: texts.word("more", { count: parts }) })]),
    checkList(checks, texts, parts),
    element("p", { textContent: texts.word("notDone", { count: hashes }) }),
    element("p", { textContent: texts.word("independence") }),
  ];
}

/** What the server said at the top of the page must not stay there unchallenged when the check here came out otherwise. */
function contradict(texts, failed) {
  const answer = document.querySelector("section.answer");
  if (answer && !answer.querySelector(".contradicted")) {
    answer.className = "answer bad";
    answer.prepend(element("p", { className: "contradicted", role: "alert" }, sign(Outcome.failed, texts.word(Outcome.failed)), " ",
      element("strong", { textContent: texts.word("resultFailed", { count: failed }) })));
  }
}

/** Runs once for each press. The box carries the addresses, the output takes the answer. */
export async function press(box, button, output, language) {
  const texts = textsOf(language);
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
    output.replaceChildren(element("p", { className: "note", textContent: texts.word("insecure") }));
    return;
  }
  button.disabled = true;
  const status = element("p");
  output.replaceChildren(status, element("progress"));
  try {
    const result = await verifyAll(box, texts, (text) => status.replaceChildren(text));
    output.replaceChildren(...show(result, texts));
    const failed = result.checks.filter((check) => check.outcome === Outcome.failed).length;
    box.dataset.outcome = failed > 0 ? Outcome.failed : "done";
    if (failed > 0) {
      contradict(texts, failed);
    }
  } catch (error) {
    output.replaceChildren(element("p", { className: "note", textContent: texts.word("noEvidence", { why: error.message }) }));
    throw error; // for the browser's console
  } finally {
    button.disabled = false;
    button.textContent = texts.word("again");
  }
}
