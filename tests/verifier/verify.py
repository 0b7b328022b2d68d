#!/usr/bin/env python3
"""Verifies an evidence bundle by docs/evidence-format.md, whose sections stand in brackets. It does not compute event hashes.

usage: verify.py BUNDLE [--trust TRUST.json] [--chain RECORDED.json | --rpc URL]     exit code: 0 passed, 1 failed, 2 could not check
"""
import argparse, datetime, functools, json, math, pathlib, re, sys, urllib.request
from formats import *

# [9] Chain: what a node says, in the form of a recorded observation
def observe(url, anchors):
    def call(method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout=20) as answer:
            return parse_json(answer.read())
    def ask(method, *params): return call(method, *params)["result"]
    def word(registry, data):
        answer = ask("eth_call", {"to": registry, "data": data}, tag)
        return answer if HASH(answer) else need(False)
    tag = "latest"
    chain = {"chainId": int(ask("eth_chainId"), 16), "genesis": ask("eth_getBlockByNumber", "0x0", False)["hash"],
             "registries": {}, "transactions": {}}
    for anchor in anchors:
        registry, transaction = anchor["registry"].lower(), anchor["transaction"].lower()
        if not ADDRESS(registry) or ask("eth_getCode", registry, tag) == "0x": continue
        contract = chain["registries"].setdefault(registry, {"originHash": word(registry, "0x67a32810"), "rootAt": {}})
        contract["rootAt"][str(anchor["size"])] = word(registry, f"0xeaa38b41{anchor['size']:064x}")
        receipt = ask("eth_getTransactionReceipt", transaction) if HASH(transaction) else None
        if receipt is None: continue
        seconds = int(ask("eth_getBlockByHash", receipt["blockHash"], False)["timestamp"], 16)
        chain["transactions"][transaction] = {
            "succeeded": receipt["status"] == "0x1", "to": receipt["to"], "block": int(receipt["blockNumber"], 16),
            "blockHash": receipt["blockHash"],
            "blockTime": datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    return chain
# [11] Verification. An answer is its outcome and code; the first rule that applies returns it.
PASSED, DEPENDS, UNABLE = "passed ", "could-not-check depends-on-failed-check", "could-not-check algorithm-not-available"
def blame(code, *sound): return "failed " + code if all(sound) else DEPENDS
def same(one, two): return (one or "").lower() == (two or "").lower()
def is_leaf(claimed, kind, body): return len(body) <= 65533 and sha256(b"\0\1", bytes([kind]), body) == raw(claimed)
def events_of(document):
    if not mapping(document) or not text(document.get("type")): return []
    paths = {"EPCISDocument": "epcisBody eventList", "EPCISQueryDocument": "epcisBody queryResults resultsBody eventList"}
    path = paths.get(document["type"])
    if path is None: return [document]
    for name in path.split(): document = document.get(name) if mapping(document) else None
    return document if isinstance(document, list) else []
def parse_key(entry):  # its act, and the key of those that have one
    act = entry.get("act")
    need(KEY_ACTS[act](entry) and ("compromisedAt" not in entry or "compromisedSince" in entry))
    jwk = parse_jwk(entry["jwk"]) if "jwk" in entry else None
    need(jwk is None or jwk[2] == entry["kid"])
    return act, jwk
class KeyHistory:  # [6.4] the rules for key entries of one organisation
    def __init__(self, origin): self.origin, self.last, self.keys, self.open, self.recovered = origin, None, {}, {}, False
    def agreed(self, entry, *names):  # True, False, or None where the algorithm is missing
        said = {name: entry[name] for name in names if name in entry}
        header, payload, *_ = jws = attempt(parse_jws, entry.get("authorization")) or ({}, b"")
        key = self.keys.get(header.get("kid"), {"ended": True})
        fits = set(header) == {"alg", "aud", "kid", "typ"} and (header["typ"], header["aud"]) == ("key+jws", self.origin)
        alive = not key["ended"] or entry["act"] == "object" and key.get("silenced", False)  # by the operator, who must not silence objections
        return fits and alive and key["custody"] == "self" and payload == canonical(said) and check_jws(jws, key["jwk"])
    def apply(self, index, act, jwk, entry):  # the same
        follows = entry.get("previous") == self.last and getattr(self, act)(index, entry, jwk)
        if follows: self.last = index
        return follows
    def register(self, index, entry, jwk):
        fits = entry["kid"] not in self.keys
        if entry["custody"] != "self" or "recovery" in entry: fits = fits and "authorization" not in entry
        if entry["custody"] != "self": fits = fits and "recovery" not in entry
        elif "recovery" in entry: fits = fits and self.open.pop(entry["recovery"], None) == entry["kid"]
        elif not any(key["custody"] == "self" for key in self.keys.values()): fits = fits and "authorization" not in entry
        else: fits = fits and self.agreed(entry, "act", "kid", "organisation", "previous")
        if fits:
            self.recovered = self.recovered or "recovery" in entry
            self.keys[entry["kid"]] = {"entry": index, "jwk": jwk, "custody": entry["custody"], "ended": False, "compromised": False, "silenced": True}
        return fits
    def revoke(self, index, entry, _):
        key, compromised = self.keys.get(entry["kid"], {"entry": None}), "compromisedSince" in entry
        fits = key["entry"] == entry["keyEntry"] and entry.get("compromisedSince", 0) <= index
        fits = fits and (not key["ended"] or compromised and not key["compromised"])
        if entry["by"] == "operator": fits = fits and "authorization" not in entry
        elif fits and (key["custody"] == "self" or "authorization" in entry):
            since = "compromisedAt" if "compromisedAt" in entry else "compromisedSince"
            fits = self.agreed(entry, "act", "kid", "organisation", "previous", since)
        if fits: key.update(ended=True, compromised=compromised, silenced=entry["by"] == "operator" and key["silenced"])
        return fits
    def recover(self, index, entry, _):
        fits = entry["kid"] not in self.keys and any(key["custody"] == "self" for key in self.keys.values())
        if fits: self.open[index] = entry["kid"]
        return fits
    def object(self, _, entry, __):
        fits = entry["recovery"] in self.open and self.agreed(entry, "act", "organisation", "previous", "recovery")
        if fits: del self.open[entry["recovery"]]
        return fits
def parse_device(entry):  # the entry, and the key of one that admits a key
    said = entry["payload"]
    need(PUBLISHED(entry) and DEVICE_ACTS[said["act"]](said))
    jwk = parse_jwk(said["jwk"]) if "jwk" in said else None
    need(jwk is None or jwk[2] == said["kid"])
    return entry, jwk
class DeviceHistory:  # [6.5] the rules for the entries of one device
    last = owner = offered = current = None
    def __init__(self): self.kids, self.retired = set(), False
    def apply(self, index, said, signer):  # the signer is an organisation, or the kid and key entry of a device's key
        act, kid, organisation = said["act"], said.get("kid"), said["organisation"]
        entitled = organisation if act == "enrol" else self.offered if act == "accept" else self.owner
        fits = said.get("previous") == self.last and not self.retired and kid not in self.kids and organisation == entitled
        fits = fits and signer == (self.current if act == "rotate" else organisation) and said.get("compromisedSince", 0) <= index
        if not fits or act == "transfer" and said["to"] == organisation or act == "revoke" and self.current is None: return False
        self.last, self.retired = index, act == "retire"
        if act in ENDS: self.current = None
        if act in ("enrol", "accept"): self.owner = organisation
        if act in ("transfer", "accept"): self.offered = said.get("to")
        if kid: self.current = kid, index
        self.kids.add(kid or index)
        return True
ENDS, NOTHING = ("rotate", "replace", "revoke", "retire"), (True, None, None, None)
def names(trust, log):
    return (log["origin"], log["key"], log["chainId"]) == (trust["origin"], trust["logKey"], trust["chainId"]) and same(log["registry"], trust["registry"])
def verify(data, trust=None, chain=None):
    bundle = attempt(parse_bundle, data)
    if bundle is None: return [["bundle", "bundle", "failed", "bundle-malformed"]]
    if isinstance(trust, list): trust = next((one for one in trust if names(one, bundle["log"])), trust[0])
    log, answers, confirmed, keys, devices = bundle["log"], [], [], {}, {}
    origin, size, root, signed_text, signatures = attempt(parse_checkpoint, bundle["checkpoint"]) or (None,) * 5
    def tell(check, subject, answer):
        answers.append([check, subject, *answer.split(" ")])
        return answer == PASSED
    def check_identity():
        if trust is None: return "could-not-check no-trust-file"
        fits = names(trust, log) and (chain is None or same(chain["genesis"], trust["genesis"]))
        return PASSED if fits else "failed foreign-log"
    def check_checkpoint():
        if origin is None: return "failed checkpoint-malformed"
        name, key_id, key = attempt(parse_note_key, log["key"]) or (None,) * 3
        valid = name == log["origin"] == origin and valid_signature("EdDSA", key, signatures.get((name, key_id), b""), signed_text)
        return PASSED if valid else "failed checkpoint-signature-invalid"
    def check_witnesses():
        keys = [parse_note_key(note_key, 4) for note_key in trust["witnesses"]]
        found = [cosigned(key, signatures[name, key_id], signed_text) for name, key_id, key in keys if (name, key_id) in (signatures or {})]
        if origin is None: return DEPENDS
        if sum(found) >= trust.get("quorum", len(keys)): return PASSED
        return "could-not-check witness-missing" if all(found) else blame("witness-signature-invalid", trusted)
    def continues(older):  # whether the checkpoint's tree continues that of an anchor or timestamp
        roots, proof = (raw(older["root"]), root), [raw(value) for value in older["consistency"]]
        return 0 < older["size"] <= size and attempt(both_roots, older["size"], size, proof, roots[0]) == roots
    def check_timestamp(timestamp): return UNABLE if (trust or {}).get("timestampAuthorities") else "could-not-check no-timestamp-authority"
    def check_anchor(anchor):
        if chain is None: return "could-not-check chain-unreachable"
        if not chain["chainId"] == anchor["chainId"] == log["chainId"] or not same(anchor["registry"], log["registry"]):
            return "failed chain-mismatch"
        contract = chain["registries"].get(anchor["registry"].lower())
        if contract is None: return "failed registry-missing"
        if not same(contract["originHash"], "0x" + sha256_hex(log["origin"])): return "failed registry-origin-mismatch"
        stored, claimed = contract["rootAt"].get(str(anchor["size"]), "0x0"), raw(anchor["root"])
        if int(stored, 16) == 0: return "failed anchor-not-found"
        if not same(stored, "0x" + claimed.hex()): return "failed anchor-root-mismatch"
        found = chain["transactions"].get(anchor["transaction"].lower())
        if found and not (found["succeeded"] and same(found["to"], log["registry"]) and same(found["blockHash"], anchor["blockHash"])
                          and (found["block"], found["blockTime"]) == (anchor["block"], anchor["time"])):
            return "failed anchor-transaction-mismatch"
        if origin is not None and not continues(anchor) and (trusted or anchor["size"] != size): return blame("anchor-inconsistent", trusted)
        confirmed.append((anchor["size"], claimed))
        return PASSED if found else "could-not-check anchor-transaction-not-found"
    def check_inclusion():
        if origin is None: return DEPENDS
        items, hashes = bundle["keys"] + bundle["records"] + bundle["status"], map(raw, bundle["proof"])
        leaves = sorted({(item["index"], raw(item["leaf"])) for item in items})
        sound = leaves and len(dict(leaves)) == len(leaves) and leaves[-1][0] < size
        computed = attempt(shared_root, leaves, 0, size, hashes) if sound else None
        roots = [other for other_size, other in confirmed if other_size == size]
        if computed and next(hashes, None) is None and computed in ([root] if trusted or not roots else roots): return PASSED
        return blame("inclusion-proof-invalid", trusted or roots)
    def check_key(key):
        change = attempt(parse_key, key["entry"])
        answer = PASSED if change else "failed key-malformed"
        answer = answer if is_leaf(key["leaf"], 2, canonical(key["entry"])) else "failed key-altered"
        keys[key["index"]] = answer == PASSED, *(change or (None, None)), key["entry"]
        return answer
    def check_histories():  # answers by index, where a key is admitted
        faults, histories, indices, found = {}, {}, {}, {}
        known = [(index, *key) for index, key in sorted(keys.items()) if key[1]]
        for index, _, _, _, entry in known: indices.setdefault(entry["organisation"], []).append(index)
        for index, sound, act, jwk, entry in known:
            organisation, previous = entry["organisation"], entry.get("previous", index)
            history = histories.setdefault(organisation, KeyHistory(log["origin"]))
            fault = faults.get(organisation)
            if not fault and not sound: fault = DEPENDS
            elif not fault and previous < index and previous != history.last and previous not in indices[organisation]:
                fault = "could-not-check key-history-missing"
            elif not fault:
                follows = history.apply(index, act, jwk, entry)
                fault = UNABLE if follows is None else None if follows else "failed key-unauthorised"
            faults[organisation] = fault
            found[index] = fault or ("passed key-recovered" if history.recovered else PASSED)
        return found
    def check_record(subject, item):
        record = item["record"]
        formed = RECORD(record) and record["position"] < record["count"]
        intact = is_leaf(item["leaf"], 1, sha256(raw(item["salt"]), canonical(record)))
        passed = tell("record", subject, "failed record-altered" if not intact else PASSED if formed else "failed record-malformed")
        if not formed: return tell("signature", subject, DEPENDS)
        answer, statement = check_signature(item, record, passed)
        signed = tell("signature", subject, answer) and passed
        answer, has_event = check_event(item, record, statement, signed)
        has_passed = tell("event", subject, answer)
        tell("eventHash", subject, UNABLE if has_event else DEPENDS)
        if statement and statement[0]["typ"] == "telemetry+jws": tell("device", subject, check_device(item, record, statement, has_passed, signed))
        tell("keyStatus", subject, check_key_status(item["index"], record))
        anchored = any(item["index"] < other for other, _ in confirmed)
        pending = all(item["index"] >= anchor["size"] for anchor in bundle["anchors"])
        tell("anchored", subject, PASSED if anchored else "could-not-check anchor-pending" if pending else DEPENDS)
    def check_signature(item, record, passed):  # and the statement, where it is one
        sound_key, act, jwk, entry = keys[record["keyEntry"]] if record["keyEntry"] in keys else device_key(record["keyEntry"])
        sound = passed and sound_key
        if "statement" not in item: return "could-not-check " + ("erased" if "erasedAt" in item else "statement-missing"), None
        if entry is not None and act is None: return DEPENDS, None
        if act != "register": return blame("key-missing", sound), None
        if (entry["kid"], entry["custody"]) != (record["kid"], record["custody"]) or record["keyEntry"] >= item["index"]:
            return blame("key-mismatch", sound), None
        compact = bundle["statements"][item["statement"]]
        header, content, *_ = statement = attempt(parse_statement, compact) or (None,) * 4
        if header is None: return "failed statement-malformed", None
        if statement_digest(compact) != record["statement"]: return blame("statement-altered", sound), statement
        form, audience = header["typ"], header.get("aud", log["origin"] if record["custody"] != "self" else None)
        count = content["count"] if form == "epcis-root+jws" else 1 if form == "telemetry+jws" else record["count"]
        if (header["kid"], count) != (record["kid"], record["count"]) or (form == "telemetry+jws") != (record["keyEntry"] not in keys):
            return blame("key-mismatch", sound), statement
        if audience != log["origin"]: return "failed audience-mismatch", statement
        valid = check_jws(statement, jwk)
        return UNABLE if valid is None else PASSED if valid else blame("signature-invalid", sound_key), statement
    def check_event(item, record, statement, signed):  # and whether there is an event to hash
        if statement is None: return DEPENDS, False
        if statement[0]["typ"] != "epcis-root+jws":
            complete = len(events_of(statement[1])) == record["count"]
            return PASSED if complete else blame("event-missing", signed), complete
        if "event" not in item or "eventSalt" not in item:
            return "could-not-check " + ("erased" if "erasedAt" in item else "event-missing"), False
        leaf = sha256(b"\0", raw(item["eventSalt"]), raw(item["event"]))
        computed = attempt(root_of_one, leaf, record["position"], record["count"], [raw(value) for value in item.get("eventProof", [])])
        return PASSED if computed == raw(statement[1]["root"]) else blame("event-altered", signed), True
    def check_device(item, record, statement, has_event, signed):
        sound, entry, _ = devices.get(record["keyEntry"], (False, None, None))
        if entry is None or record["keyEntry"] in keys or not has_event: return DEPENDS
        device = statement[0]["device"]
        if statement[1].get("epcList") != [device]: return blame("device-mismatch", signed, sound)
        if "deviceSalt" not in item: return "could-not-check device-salt-missing"
        fits = sha256(raw(item["deviceSalt"]), device.encode()) == raw(entry["payload"]["device"])
        return PASSED if fits else blame("device-mismatch", signed, sound)
    def device_key(index):  # as keys have it: whether it passed, "register" where it admits a key, the key, and how it is held
        if index not in devices: return NOTHING
        sound, entry, jwk = devices[index]
        return sound, "register" if jwk else entry and "other", jwk, {"custody": "self", "kid": jwk and jwk[2]}
    def admitted(index): return keys[index][3] if index in keys and keys[index][1] == "register" else None
    def check_key_status(index, record):
        own, used = admitted(record["keyEntry"]), record["keyEntry"]
        lineage, (_, entry, jwk) = {(record["kid"], used): index}, devices.get(used, NOTHING[1:])
        device = entry["payload"]["device"] if jwk and jwk[2] == record["kid"] and used not in keys else None
        while used not in keys and used in devices and devices[used][2] and devices[used][1]["keyEntry"] < used:  # who admitted a device's key
            entry = devices[used][1]
            lineage[entry["kid"], entry["keyEntry"]], used = used, entry["keyEntry"]
        entry = admitted(used)
        while entry and "authorization" in entry:  # the keys by which this one came in, each with the place where it was used
            kid = (attempt(parse_jws, entry["authorization"]) or [{}])[0].get("kid")
            same_key = [i for i in keys if admitted(i) and (admitted(i)["kid"], admitted(i)["organisation"]) == (kid, entry["organisation"])]
            if kid is None or min(same_key, default=used) >= used: break
            lineage[kid, min(same_key)], used = used, min(same_key)
            entry = admitted(used)
        for ended_at, sound, end in key_ends():
            which = end["kid"], end["keyEntry"]
            if device and device == end.get("device") and "compromisedSince" in end and record["keyEntry"] < ended_at:
                which = record["kid"], record["keyEntry"]  # of all keys that the device has had, this one counts
            if which not in lineage or own and end["organisation"] != own["organisation"]: continue
            compromised = lineage[which] >= end.get("compromisedSince", math.inf)
            if compromised or index > ended_at and which == (record["kid"], record["keyEntry"]):
                return blame("key-compromised" if compromised else "key-revoked", sound)
        return PASSED
    @functools.lru_cache(None)
    def key_ends():  # leaf index, whether it is evidence, and which key ends since when
        ends = [(item["index"], is_leaf(item["leaf"], 2, canonical(item["entry"])), item["entry"]) for item in bundle["status"] if item["kind"] == 2]
        ends += [(key["index"], keys[key["index"]][0], keys[key["index"]][3]) for key in bundle["keys"]]
        ends = [end for end in ends if end[2].get("act") == "revoke" and attempt(parse_key, end[2])]
        for index, (sound, entry, _) in ((item["index"], devices[item["index"]]) for item in bundle["status"] if item["kind"] == 10):
            if entry is None or entry["payload"]["act"] not in ENDS: continue
            before = [i for i, (_, other, jwk) in devices.items() if i < index and jwk and other["payload"]["device"] == entry["payload"]["device"]]
            if before: ends.append((index, sound, {**entry["payload"], "keyEntry": max(before), "kid": devices[max(before)][2][2], "organisation": None}))
        return ends
    def check_device_histories():  # answers by index
        histories, faults, found = {}, {}, {}
        known = [(index, sound, entry) for index, (sound, entry, _) in sorted(devices.items()) if entry]
        for index, sound, entry in known:
            said = entry["payload"]
            device, act, previous, signer = said["device"], said["act"], said.get("previous", index), (entry["kid"], entry["keyEntry"])
            history, fault = histories.setdefault(device, DeviceHistory()), faults.get(device)
            others = [other for other, _, other_entry in known if other_entry["payload"]["device"] == device]
            if not fault and not sound: fault = DEPENDS
            elif not fault and previous < index and previous != history.last and previous not in others:
                fault = "could-not-check key-history-missing"
            elif not fault:
                ended = act != "rotate" and any(at < index and fits and (end["kid"], end["keyEntry"]) == signer for at, fits, end in key_ends())
                signer = signer if act == "rotate" else keys[entry["keyEntry"]][3]["organisation"]
                fault = None if not ended and history.apply(index, said, signer) else "failed key-unauthorised"
            faults[device], found[index] = fault, fault or PASSED
        return found
    def check_status(item, device):
        entry, compact = item["entry"], bundle["statements"][item["statement"]] if "statement" in item else ""
        if not is_leaf(item["leaf"], item["kind"], canonical(entry)): return "failed status-altered"
        if item["kind"] not in (3, 4, 10): return PASSED if item["kind"] == 2 else "could-not-check kind-unknown"
        header, payload, *_ = jws = PUBLISHED(entry) and attempt(parse_jws, compact) or (None,) * 4
        if header is None or (sha256_hex(compact), header.get("kid"), payload) != (entry["statement"], entry["kid"], canonical(entry["payload"])):
            return "failed statement-altered"
        is_device, said = item["kind"] == 10, entry["payload"]
        if is_device and not device: return "failed device-malformed"
        place = entry["keyEntry"]
        sound_key, act, jwk, key = device_key(place) if is_device and said["act"] == "rotate" else keys.get(place, NOTHING)
        if act != "register" or (key["kid"], key["custody"]) != (entry["kid"], entry["custody"]) or place >= item["index"]:
            return blame("key-missing", sound_key)
        audience = header.get("aud", log["origin"] if entry["custody"] != "self" else None)
        fits = audience == log["origin"] and header.get("typ") == {3: "certificate+jws", 4: "recall+jws", 10: "device+jws"}[item["kind"]]
        valid = fits and set(header) <= {"alg", "aud", "kid", "typ"} and check_jws(jws, jwk)
        if not valid: return UNABLE if valid is None else blame("status-signature-invalid", sound_key)
        proven = not is_device or "jwk" not in said or check_proof(said, device[1])
        return UNABLE if proven is None else PASSED if proven else "failed device-proof-invalid"
    def check_proof(said, jwk):  # True, False, or None where the algorithm is missing
        header, payload, *_ = jws = attempt(parse_jws, said["proof"]) or ({}, b"")
        fits = payload == canonical({name: said[name] for name in ("act", "device", "kid")}) and set(header) == {"alg", "aud", "kid", "typ"}
        return fits and (header["aud"], header["kid"], header["typ"]) == (log["origin"], said["kid"], "device-key+jws") and check_jws(jws, jwk)
    def check_statuses():  # in the order of the log, because a device entry may rest on an earlier one; listed in that of the bundle
        found = {}
        for i, item in sorted(enumerate(bundle["status"]), key=lambda pair: pair[1]["index"]):
            device = item["kind"] == 10 and attempt(parse_device, item["entry"])
            found[i] = check_status(item, device)
            if item["kind"] == 10: devices[item["index"]] = found[i] == PASSED, *(device or (None, None))
        return found
    tell("identity", "bundle", check_identity())
    trusted = tell("checkpoint", "bundle", check_checkpoint())
    if trust and "witnesses" in trust: tell("witness", "bundle", check_witnesses())
    for i, anchor in enumerate(bundle["anchors"]): tell("anchor", f"anchors[{i}]", check_anchor(anchor))
    if not bundle["anchors"]: tell("anchor", "bundle", "could-not-check anchor-pending")
    for i, timestamp in enumerate(bundle.get("timestamps", [])): tell("timestamp", f"timestamps[{i}]", check_timestamp(timestamp))
    tell("inclusion", "bundle", check_inclusion())
    for i, key in enumerate(bundle["keys"]): tell("key", f"keys[{i}]", check_key(key))
    histories, statuses = check_histories(), check_statuses()
    for i, key in enumerate(bundle["keys"]):
        if keys[key["index"]][1] == "register": tell("keyHistory", f"keys[{i}]", histories[key["index"]])
    for i, item in enumerate(bundle["records"]): check_record(f"records[{i}]", item)
    for i in range(len(statuses)): tell("status", f"status[{i}]", statuses[i])
    histories = check_device_histories()
    for i, item in enumerate(bundle["status"]):
        if item["kind"] == 10 and devices[item["index"]][1]: tell("deviceHistory", f"status[{i}]", histories[item["index"]])
    return answers
def trusts(given):  # a trust file, or an array of them
    return (0 < len(given) <= 16 and all(map(trusts, given)) and not any(isinstance(one, list) for one in given) if isinstance(given, list)
            else TRUST(given) and given.get("quorum", 0) <= len(given.get("witnesses", ())))
def verdict(answers):
    outcomes = [answer[2] for answer in answers]
    return next(outcome for outcome in ("failed", "could-not-check", "passed") if outcome in outcomes)
def main():
    parser = argparse.ArgumentParser(description="Verifies an evidence bundle.")
    for name in ("bundle", "--trust", "--chain", "--rpc"): parser.add_argument(name)
    options = parser.parse_args()
    def read(path): return path and parse_json(pathlib.Path(path).read_bytes())
    try: data, trust, chain = pathlib.Path(options.bundle).read_bytes(), read(options.trust), read(options.chain)
    except (OSError, ValueError) as error: parser.error(str(error))
    if trust is not None and not trusts(trust): parser.error("this is no trust file")
    try: chain = observe(options.rpc, parse_bundle(data)["anchors"]) if options.rpc else chain
    except Exception: chain = None  # whatever a node may answer, if it is not usable it is no answer
    answers = verify(data, trust, chain)
    for answer in answers: print(" ".join(answer).rstrip())
    print(verdict(answers))
    sys.exit(("passed", "failed", "could-not-check").index(verdict(answers)))
if __name__ == "__main__":
    try: main()
    except Exception as error:  # a fault of the verifier is no fault of the bundle
        print(f"could not check: {error!r}", file=sys.stderr)
        sys.exit(2)
