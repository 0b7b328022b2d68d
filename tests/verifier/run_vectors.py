#!/usr/bin/env python3
"""Runs verify.py on every bundle that expected.json names, and short.py for its verdict, and prints each difference.

Both lack SM2, timestamps and the event hash, short.py CBOR too.

Exit code 0: there is none.

usage: run_vectors.py EXPECTED.json
"""
import json
import pathlib
import sys

import short
import verify


def main(expected_path):
    folder = pathlib.Path(expected_path).parent
    read = lambda name: verify.parse_json((folder / name).read_bytes())
    expected, chain = read(pathlib.Path(expected_path).name), read("chain.json")
    differences = compared = 0
    for name, wanted in expected.items():
        trust = read(wanted.get("trust", "trust.json"))
        answers = verify.verify((folder / name).read_bytes(), trust, chain)
        lines = [" ".join(answer).strip() for answer in answers]
        checks = without_event_hash(without(["SM2", "RFC 3161"], wanted))
        expect = [" ".join(check).strip() for check in checks]
        outcome = verify.verdict(checks)
        compared += len(expect)
        for line in [f"- {line}" for line in expect if line not in lines] + [f"+ {line}" for line in lines if line not in expect]:
            differences += 1
            print(name, line)
        if (lines != expect and set(lines) == set(expect)) or verify.verdict(answers) != outcome:
            differences += 1
            print(name, "differs in order or outcome")
        checks = without_event_hash(without(["SM2", "RFC 3161", "COSE"], wanted))
        short_verdict, _ = short.verify((folder / name).read_bytes(), trust, chain)
        if short_verdict.replace(" ", "-") != verify.verdict(check for check in checks if check[0] != "eventHash"):
            differences += 1
            print(name, "short.py:", short_verdict)
    print(f"{len(expected)} bundles, {compared} checks, {differences} differences")
    return 1 if differences or not expected else 0


def without(algorithms, wanted):
    """The expected answers of a verifier that lacks some algorithms."""
    other = {tuple(check[:2]): check for algorithm in algorithms for check in wanted.get("without", {}).get(algorithm, [])}
    return [other.get(tuple(check[:2]), check) for check in wanted["checks"]]


def without_event_hash(checks):
    """The expected answers of a verifier that has no event hash: it says so wherever there is an event to hash."""
    with_event = {subject for name, subject, outcome, code in checks
                  if (name == "event" and outcome != "could-not-check") or (name == "eventHash" and outcome != "could-not-check")}
    return [[name, subject, "could-not-check", "algorithm-not-available"] if name == "eventHash" and subject in with_event
            else [name, subject, outcome, code] for name, subject, outcome, code in checks]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
