#!/usr/bin/env python3
"""Runs verify.py and short.py over many cases in one process and prints their answers, one line of JSON for each case.

usage: run_cases.py CASES      lines of {"bundle": base64, "trust": trust file or null, "chain": as chain.json, or null}
"""
import base64
import json
import pathlib
import sys

import short
import verify

for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    case = json.loads(line)
    bundle = base64.b64decode(case["bundle"])
    verdict, _ = short.verify(bundle, case["trust"], case["chain"])
    print(json.dumps({"answers": verify.verify(bundle, case["trust"], case["chain"]), "short": verdict.replace(" ", "-")}))
