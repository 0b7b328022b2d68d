#!/usr/bin/env python3
"""A short verifier of evidence bundles by docs/evidence-format.md, whose sections stand in brackets: passed, failed or
could not check, no reasons. It does not recompute event hashes and enforces fewer limits and spellings than verify.py.
usage: short.py BUNDLE [--trust TRUST.json] [--rpc URL | --chain RECORDED.json]      exit code: 0, 1 or 2 in that order
"""
import argparse, base64, datetime, decimal, functools, hashlib, json, pathlib, re, sys, urllib.request
class CouldNotCheck(Exception): pass
def need(condition, otherwise=ValueError):
    if not condition: raise otherwise
def give_up(*_): raise CouldNotCheck
def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
def same(one, two): return one is not None and one.lower() == two.lower()
def unique(pairs): return need(len(dict(pairs)) == len(pairs)) or dict(pairs)
def number(literal): return int(literal) if re.fullmatch("[0-9]{1,15}", literal) else decimal.Decimal(literal)
def parse_json(data):  # [2]
    value = json.JSONDecoder(object_pairs_hook=unique, parse_int=number, parse_float=number).decode(data.decode())
    return json.dumps(value, ensure_ascii=False, default=str).encode() and value  # half a character has no bytes
def canonical(value):  # of objects, strings and integers; what holds another number cannot be checked
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=give_up).encode()
def base64_bytes(value, last_two=b"+/"):
    data = base64.b64decode(value, last_two)
    return need(base64.b64encode(data, last_two).decode() == value) or data
def raw(value): return need("=" not in value) or base64_bytes(value + "=" * (-len(value) % 4), b"-_")
def hash32(value): return need(len(value) == 43) or raw(value)
MEMBERS = {  # of each object; a question mark stands after optional ones, an equals sign after integers
    "bundle": "anchors checkpoint item? keys log next? proof records statements status timestamps? type v=",
    "log": "chainId= key origin registry", "keys": "entry index= leaf", "status": "entry index= kind= leaf statement=?",
    "header": "alg aud? kid typ", "telemetry": "alg aud boot clock device kid prev? seq typ",
    "timestamps": "consistency root size= token", "anchors": "block= blockHash chainId= consistency registry root size= time transaction",
    "records": "deviceSalt? erasedAt? event? eventProof? eventSalt? index= leaf record salt statement=?",
    "record": "count= custody eventHash keyEntry= kid position= receivedAt statement v=",
    "register": "act authorization? custody jwk kid name organisation previous=? purpose recovery=? v= vouchedBy",
    "revoke": "act authorization? by compromisedAt? compromisedSince=? keyEntry= kid organisation previous=? v=",
    "recover": "act delay= jwk kid organisation previous= reason v=",
    "object": "act authorization organisation previous= recovery= v=",
    "published": "custody keyEntry= kid payload receivedAt statement v=",
    "device enrol": "act attestation? device jwk kid organisation proof v=", "device rotate": "act attestation? device jwk kid organisation previous= proof v=",
    "device replace": "act attestation? compromisedSince=? device jwk kid organisation previous= proof reason? v=",
    "device revoke": "act compromisedSince=? device organisation previous= reason? v=", "device transfer": "act device organisation previous= to v=",
    "device accept": "act device organisation previous= v=", "device retire": "act device organisation previous= reason? v="}
def fits(value, form):
    known = {name.rstrip("=?"): name for name in MEMBERS[form].split()}
    return set(value) <= set(known) and value.get("v", 1) == 1 and all(
        (type(value[name]) is int) == ("=" in mark) if name in value else "?" in mark for name, mark in known.items())
EC = {  # [13]: algorithm, p, a, b, order and base point of each curve
    "P-256": ("ES256", 2**256 - 2**224 + 2**192 + 2**96 - 1, -3, 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
              0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
              (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
               0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)),
    "secp256k1": ("ES256K", 2**256 - 2**32 - 977, 0, 7, 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141,
                  (0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798,
                   0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8)),
    "SM2": ("SM2", 2**256 - 2**224 - 2**96 + 2**64 - 1, -3, 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93, 0, 0)}
Q, L, D = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, -121665 * pow(121666, -1, 2**255 - 19)
def integer(data, order="big"): return int.from_bytes(data, order)
def add_ec(p, a, one, two):  # points are (x, y), infinity is None; constants and hints are in [13]
    if one is None or two is None: return one or two
    (x1, y1), (x2, y2) = one, two
    if x1 == x2 and y1 != y2: return None
    slope = (3 * x1 * x1 + a) * pow(2 * y1, -1, p) if one == two else (y2 - y1) * pow(x2 - x1, -1, p)
    x3 = (slope * slope - x1 - x2) % p
    return x3, (slope * (x1 - x3) - y1) % p
def add_ed25519(one, two):
    (x1, y1), (x2, y2), t = one, two, D * one[0] * one[1] * two[0] * two[1]
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, Q) % Q, (y1 * y2 + x1 * x2) * pow(1 - t, -1, Q) % Q
def times(scalar, point, add, zero):
    return add(times(scalar // 2, add(point, point), add, zero), point if scalar % 2 else zero) if scalar else zero
def decode_ed25519(data):
    sign, y = divmod(integer(data, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    x = x if x * x % Q == square else x * pow(2, (Q - 1) // 4, Q) % Q
    need(y < Q and x * x % Q == square and (x or not sign))
    return (x if x % 2 == sign else Q - x), y
@functools.lru_cache(None)
def check_signature(alg, key, signature, message):
    r, s = signature[:32], integer(signature[32:], "big" if len(key) == 64 else "little")
    if len(key) == 64:  # two coordinates
        _, p, a, _, n, base = next(curve for curve in EC.values() if curve[0] == alg)
        need(len(signature) == 64)
        need(base, CouldNotCheck)
        need(0 < integer(r) < n and 0 < s < n)
        u, v, add = integer(sha256(message)) * pow(s, -1, n) % n, integer(r) * pow(s, -1, n) % n, functools.partial(add_ec, p, a)
        other = times(v, (integer(key[:32]), integer(key[32:])), add, None)
        return need(add(times(u, base, add, None), other)[0] % n == integer(r))
    need(len(signature) == 64 and s < L)
    k, (x, y) = integer(hashlib.sha512(r + key + message).digest(), "little") % L, decode_ed25519(key)
    base = decode_ed25519(b"\x58" + b"\x66" * 31)
    x, y = add_ed25519(times(s, base, add_ed25519, (0, 1)), times(k, (-x, y), add_ed25519, (0, 1)))
    need((y + (x % 2 << 255)).to_bytes(32, "little") == r)
def public_key(jwk, kid):
    curves, names = (EC, "xy") if jwk["kty"] == "EC" else ({"Ed25519": ("EdDSA", Q, 0, 0)}, "x")
    alg, p, a, b, *_ = need(jwk["kty"] in ("EC", "OKP")) or curves[jwk["crv"]]
    need((jwk.get("alg", alg), jwk.get("use", "sig")) == (alg, "sig"))
    needed = {name: jwk[name] for name in ("crv", "kty", *names)}
    need({"sign", "verify"} & set(jwk.get("key_ops", ["sign"])) and sha256(canonical(needed)) == hash32(kid))
    key = b"".join(hash32(jwk[name]) for name in names)
    x, y = integer(key[:32]), integer(key[32:])
    need(decode_ed25519(key) if alg == "EdDSA" else x < p and y < p and (y * y - x**3 - a * x - b) % p == 0)
    return alg, key
def node(left, right): return sha256(b"\1", left, right)  # [7]
def split(size): return 1 << (size - 1).bit_length() - 1
def shared_root(leaves, start, end, hashes):
    if not leaves: return next(hashes)
    if end - start == 1: return leaves[0][1]
    middle = start + split(end - start)
    left, right = [leaf for leaf in leaves if leaf[0] < middle], [leaf for leaf in leaves if leaf[0] >= middle]
    return node(shared_root(left, start, middle, hashes), shared_root(right, middle, end, hashes))
def climb(m, n, proof, known, one=False):  # roots of the first m and of all n leaves, from the former or leaf m
    if n == 1 if one else m == n: return need(len(proof) == (known is None)) or (known or proof[0],) * 2
    k, last = split(n), proof[-1]
    left, below = m <= k, known if one or m <= k else None
    old, new = climb(m if left else m - k, k if left else n - k, proof[:-1], below, one)
    return (old, node(new, last)) if left else (node(last, old), node(last, new))
def read_checkpoint(note, log):  # [8] its size and root, if the log has signed it
    text, lines = note.split("\n\n")
    (origin, size, root, *more), (name, key_id, key) = text.split("\n"), log["key"].split("+", 2)
    key_id, key, root = bytes.fromhex(key_id), base64_bytes(key), base64_bytes(root)
    need(name == log["origin"] == origin and re.fullmatch(r"[^\s\0-\x1f\x7f-\x9f]{1,256}", name) and all(more))
    need(len(key) == 33 and key[0] == 1 and key_id == sha256(name.encode(), b"\n", key)[:4] and len(root) == 32)
    need(re.fullmatch("[1-9][0-9]{0,14}", size) and not re.search(r"[\0-\t\v-\x1f\x7f-\x9f]", note))
    need(re.fullmatch(r"(— [^\s]+ [A-Za-z0-9+/=]{8,}\n){1,100}", lines))
    found = [(who, base64.b64decode(data)) for _, who, data in map(str.split, lines.splitlines())]
    found = {(who, data[:4]): data[4:] for who, data in reversed(found)}
    check_signature("EdDSA", key[1:], found[name, key_id], f"{text}\n".encode())
    return int(size), root, found, f"{text}\n"
def observe(url, anchors):  # [9] what a node says, in the form of recorded answers
    def ask(method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer: return json.load(answer).get("result")
    tag = "latest"
    genesis, roots, found = ask("eth_getBlockByNumber", "0x0", False)["hash"], {}, {}
    for to, transaction, size in ((item["registry"], item["transaction"], item["size"]) for item in anchors):
        if ask("eth_getCode", to, tag) == "0x": continue
        calls = [{"to": to, "data": data} for data in ("0x67a32810", f"0xeaa38b41{size:064x}")]
        words = [re.fullmatch("0x[0-9a-fA-F]{64}", ask("eth_call", call, tag)).group() for call in calls]
        roots.setdefault(to.lower(), {"originHash": words[0], "rootAt": {}})["rootAt"][str(size)] = words[1]
        receipt = ask("eth_getTransactionReceipt", transaction)
        if receipt is None: continue
        time = int(ask("eth_getBlockByHash", receipt["blockHash"], False)["timestamp"], 16)
        found[transaction.lower()] = {
            **receipt, "succeeded": receipt["status"] == "0x1", "block": int(receipt["blockNumber"], 16),
            "blockTime": datetime.datetime.fromtimestamp(time, datetime.timezone.utc).isoformat()[:19] + ".000Z"}
    return {"chainId": int(ask("eth_chainId"), 16), "genesis": genesis, "registries": roots, "transactions": found}
def parse_bundle(data):  # [10]; what fails, here and below, raises ValueError or the like
    bundle, parts = parse_json(data), ("anchors", "timestamps", "keys", "records", "status")
    need(len(data) <= 2**24 and fits(bundle, "bundle") and bundle["type"] == "trustchain-evidence")
    bundle.setdefault("timestamps", [])
    need(all(fits(item, part) for part in parts for item in bundle[part]) and fits(bundle["log"], "log"))
    return bundle
FAULTS = (ValueError, TypeError, AttributeError, LookupError, StopIteration, RecursionError)  # what bad input raises
PATHS = {"EPCISDocument": ["epcisBody", "eventList"],
         "EPCISQueryDocument": ["epcisBody", "queryResults", "resultsBody", "eventList"]}
def verify(data, trust, chain):  # [11] the verdict, and an answer for each step
    answers, keys, changes, devices, anchored = [], {}, {}, {}, [0]
    def tell(step, check, *arguments):
        answers.append([step, "passed"])
        try: return check(*arguments)
        except CouldNotCheck: answers[-1][1] = "could not check"
        except FAULTS: answers[-1][1] = "failed"
    def is_of(one):
        return same(log["registry"], one["registry"]) and (log["origin"], log["key"], log["chainId"]) == (one["origin"], one["logKey"], one["chainId"])
    def check_identity():
        need(trust, CouldNotCheck)
        need(is_of(trust) and (chain is None or same(chain["genesis"], trust["genesis"])))
    def check_anchor(anchor):
        need(anchor and chain and tree, CouldNotCheck)
        need(chain["chainId"] == anchor["chainId"] == log["chainId"] and same(anchor["registry"], log["registry"]))
        contract, size, root = chain["registries"][log["registry"].lower()], anchor["size"], hash32(anchor["root"])
        need(same(contract["originHash"], "0x" + sha256(log["origin"].encode()).hex()) and any(root))
        need(same(contract["rootAt"][str(size)], "0x" + root.hex()))
        found = chain["transactions"].get(anchor["transaction"].lower())
        need(not found or found["succeeded"] and same(found["to"], log["registry"]) and (
            found["block"], found["blockTime"], found["blockHash"].lower()) == (
            anchor["block"], anchor["time"], anchor["blockHash"].lower()))
        proof = list(map(hash32, anchor["consistency"]))
        need(0 < size <= tree[0] and climb(size, tree[0], proof, root) == (root, tree[1]))
        need(found, CouldNotCheck)
        anchored.append(size)
    def check_inclusion():
        items, proof = bundle["keys"] + bundle["records"] + bundle["status"], map(hash32, bundle["proof"])
        leaves, (size, root, *_) = sorted({(item["index"], hash32(item["leaf"])) for item in items}), tree or give_up()
        need(len(dict(leaves)) == len(leaves) and leaves[-1][0] < size)
        need(shared_root(leaves, 0, size, proof) == root and next(proof, None) is None)
    def check_entry(item, kind, body): need(sha256(b"\0\1", bytes([kind]), body) == hash32(item["leaf"]))
    def check_witnesses():
        need(tree, CouldNotCheck)
        good, bad = 0, 0
        for name, key_id, key in (note_key.split("+", 2) for note_key in trust["witnesses"]):
            line = tree[2].get((name, bytes.fromhex(key_id)))
            text = line and f"cosignature/v1\ntime {integer(line[:8])}\n{tree[3]}".encode()
            try: good += line is not None and (check_signature("EdDSA", base64_bytes(key)[1:], line[8:], text) or 1)
            except FAULTS: bad += 1
        need(good >= trust.get("quorum", len(trust["witnesses"])), ValueError if bad else CouldNotCheck)
    def check_key(item):
        entry, index = item["entry"], item["index"]
        if entry.get("act") == "register": keys[index] = None
        check_entry(item, 2, canonical(entry))
        need(entry["act"] in ("register", "revoke", "recover", "object") and fits(entry, entry["act"]))
        need(entry.get("purpose", "statements") == "statements" and entry.get("by", "operator") in ("organisation", "operator"))
        need(all(isinstance(value, (str, int)) for name, value in entry.items() if name != "jwk"))
        need(re.fullmatch("(?s)operator|(did:web|dns):.+", entry.get("vouchedBy", "operator")))
        changes[index] = {**entry, "public": "jwk" in entry and public_key(entry["jwk"], entry["kid"])}
        if entry["act"] == "register": keys[index] = changes[index]
    def check_history(organisation):  # [6.4]
        admitted, ended, announced, last, silenced = {}, {}, {}, [None], set()
        entries = sorted((index, entry) for index, entry in changes.items() if entry["organisation"] == organisation)
        def agreed(entry, *names):
            header, payload, signature = map(raw, entry["authorization"].split("."))
            header, said = parse_json(header), {name: entry[name] for name in names if name in entry}
            need(fits(header, "header") and (header["typ"], header["aud"]) == ("key+jws", log["origin"]))
            key = admitted[header["kid"]][1]
            need(header["kid"] not in ended or entry["act"] == "object" and header["kid"] in silenced)
            need(key["custody"] == "self" and payload == canonical(said))
            need(header["alg"] == key["public"][0])
            check_signature(*key["public"], signature, entry["authorization"].rsplit(".", 1)[0].encode())
        def follow(index, entry):
            previous, act, kid, signed = entry.get("previous"), entry["act"], entry.get("kid"), "authorization" in entry
            own = any(key["custody"] == "self" for _, key in admitted.values())
            hole = previous is not None and previous < index and previous not in changes
            need(previous == last[0], CouldNotCheck if hole else ValueError)
            if act == "register":
                need(kid not in admitted and (entry["custody"] == "self" or not signed and "recovery" not in entry))
                if "recovery" in entry: need(not signed and announced.pop(entry["recovery"]) == kid)
                elif entry["custody"] == "self" and own: agreed(entry, "act", "kid", "organisation", "previous")
                else: need(not signed)
                admitted[kid] = index, entry
            elif act == "revoke":
                since = entry.get("compromisedSince")
                need(admitted[kid][0] == entry["keyEntry"] and (since or 0) <= index)
                need(kid not in ended or since is not None and ended[kid] is None)
                if entry["by"] == "operator": need(not signed)
                elif signed or admitted[kid][1]["custody"] == "self":
                    which = "compromisedAt" if "compromisedAt" in entry else "compromisedSince"
                    agreed(entry, "act", "kid", "organisation", "previous", which)
                (silenced.add if entry["by"] == "operator" and (kid not in ended or kid in silenced) else silenced.discard)(kid)
                ended[kid] = since
            elif act == "recover": need(own and kid not in admitted) or announced.update({index: kid})
            else: agreed(entry, "act", "organisation", "previous", "recovery") or announced.pop(entry["recovery"])
            last[0] = index
        for place, (index, entry) in enumerate(entries):
            if all(later["act"] != "register" for _, later in entries[place:]): return
            follow(index, entry)
    def signed_payload(item, said, among, *types):  # [4] of the statement that a record or a published entry names
        key, compact = among[said["keyEntry"]] or give_up(), bundle["statements"][item["statement"]]
        need(key["kid"] == said["kid"] and key["custody"] == said["custody"] and said["keyEntry"] < item["index"])
        need("record" not in item or compact[:2] != "0o" or "." in compact, CouldNotCheck)  # [4.1] CBOR
        header, payload, signature = map(raw, compact.split("."))
        header, signed = parse_json(header), compact.rsplit(".", 1)[0].encode()
        need(fits(header, "telemetry" if "telemetry+jws" in types else "header") and header["typ"] in types and sha256(compact.encode()).hex() == said["statement"])
        need(key["kid"] == header["kid"] and header["alg"] == key["public"][0])
        need(header.get("aud", said["custody"] != "self" and log["origin"]) == log["origin"])
        return check_signature(*key["public"], signature, signed) or (header, payload)
    def check_device(index, entry):  # [6.5]
        said = entry["payload"]
        act, admits = said["act"], "jwk" in said
        need(fits(said, f"device {act}"))
        need(hash32(said["device"]) and hash32(said.get("attestation", said["device"])) and said["organisation"] and said.get("to", "x"))
        need(all(isinstance(value, (str, int)) for name, value in said.items() if name != "jwk") and 0 < len(said.get("reason", "x")) <= 200)
        public = admits and public_key(said["jwk"], said["kid"])
        if admits:
            header, payload, signature = map(raw, said["proof"].split("."))
            wanted = {"alg": public[0], "aud": log["origin"], "kid": said["kid"], "typ": "device-key+jws"}
            need(parse_json(header) == wanted and payload == canonical({name: said[name] for name in ("act", "device", "kid")}))
            check_signature(*public, signature, said["proof"].rsplit(".", 1)[0].encode())
        devices[index] = {**said, "custody": "self", "public": public, "by": (entry["kid"], entry["keyEntry"])}
    def check_device_history(device):
        last = owner = offered = current = None
        admitted, entries = set(), {index: said for index, said in sorted(devices.items()) if said and said["device"] == device}
        for index, said in entries.items():
            act, kid, previous, by, who = said["act"], said.get("kid"), said.get("previous"), said["by"], said["organisation"]
            need(previous == last, CouldNotCheck if previous is not None and previous < index and previous not in entries else ValueError)
            need(who == (who if act == "enrol" else offered if act == "accept" else owner) and kid not in admitted)
            need(by == current if act == "rotate" else keys[by[1]]["organisation"] == who and all(
                (end["kid"], end["keyEntry"]) != by or at > index for at, end in revocations()))
            need((act != "transfer" or said["to"] != owner) and (act != "revoke" or current) and said.get("compromisedSince", 0) <= index)
            if act in ("rotate", "replace", "revoke", "retire"): current = None
            if act in ("transfer", "accept"): offered = said.get("to")
            current, last = (kid, index) if kid else current, "retired" if act == "retire" else index
            admitted.add(kid or index)
            if act in ("enrol", "accept"): owner = who
    def revocations():
        every = [(end["index"], end["entry"]) for end in bundle["status"] if end["kind"] == 2] + list(changes.items())
        return [(at, end) for at, end in every if end.get("act") == "revoke"]
    def device_ends():  # each ends the key that the device's newest entry before it admitted
        for at, end in devices.items():
            same = [i for i, other in devices.items() if end and other and other["public"] and i < at and other["device"] == end["device"]]
            if same and end["act"] in ("rotate", "replace", "revoke", "retire"):
                yield at, {**end, "kid": devices[max(same)]["kid"], "keyEntry": max(same), "organisation": None}
    def check_record(item):
        record, place, count = item["record"], item["record"]["position"], item["record"]["count"]
        check_entry(item, 1, sha256(hash32(item["salt"]), canonical(record)))
        need(fits(record, "record") and place < count and datetime.datetime.strptime(record["receivedAt"], "%Y-%m-%dT%H:%M:%S.%fZ"))
        need(re.fullmatch(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0", record["eventHash"]))
        own, among = keys.get(record["keyEntry"]), keys if record["keyEntry"] in keys else devices
        mine = (among.get(record["keyEntry"]) or {}).get("device")
        used, uses = record["keyEntry"], {(record["kid"], record["keyEntry"]): item["index"]}
        while used not in keys and devices.get(used) and devices[used]["public"]: uses[devices[used]["by"]], used = used, devices[used]["by"][1]
        key = keys.get(used)
        while key and "authorization" in key:  # [6.6] a key is worth no more than the one that let it in
            kid = parse_json(raw(key["authorization"].split(".")[0]))["kid"]
            same = [i for i, other in keys.items() if other and (other["kid"], other["organisation"]) == (kid, key["organisation"])]
            if min(same, default=used) >= used: break
            uses[kid, min(same)], used, key = used, min(same), keys[min(same)]
        for at, end in revocations() + list(device_ends()):
            if own and end["organisation"] != own["organisation"]: continue
            use = uses.get((end["kid"], end["keyEntry"]), -1)
            if "compromisedSince" in end and end.get("device", 0) == mine and record["keyEntry"] < at: use = item["index"]  # an older key of the device
            need(use < end.get("compromisedSince", 2**53) and (use != item["index"] or use <= at))
        need("statement" in item, CouldNotCheck)
        header, payload = signed_payload(item, record, among, *(["telemetry+jws"] if among is devices else ["epcis+jws", "epcis-root+jws"]))
        content = parse_json(payload)
        if among is devices:
            seq, device = header["seq"], header["device"]
            need(all(re.fullmatch("0|[1-9][0-9]{0,15}", value) and int(value) < 2**53 for value in (seq, header["boot"])) and ("prev" in header) == (seq != "1") and seq != "0")
            need(datetime.datetime.strptime(header["clock"], "%Y-%m-%dT%H:%M:%S.%fZ") and hash32(header.get("prev", record["kid"])))
            need(content["type"] == "ObjectEvent" and count == 1 and content["epcList"] == [device])
            need("deviceSalt" in item, CouldNotCheck)
            need(sha256(hash32(item["deviceSalt"]), device.encode()) == hash32(devices[record["keyEntry"]]["device"]))
        elif header["typ"] == "epcis+jws":
            path = PATHS.get(content.get("type"))
            for name in path or (): content = content[name]
            need(count == (1 if path is None else len(content)) and (path is None or type(content) is list))
        else:
            need(count <= 1000 and payload == canonical({"count": count, "root": content["root"]}))
            need({"eventSalt", "event"} <= set(item), CouldNotCheck)
            leaf = sha256(b"\0", hash32(item["eventSalt"]), raw(item["event"]))
            proof = list(map(hash32, item.get("eventProof", [])))
            need(climb(place + 1, count, proof, leaf, True)[1] == hash32(content["root"]))
        need(item["index"] < max(anchored), CouldNotCheck)
    def check_status(item):
        kind, entry = item["kind"], item["entry"]
        if kind == 10: devices[item["index"]] = None
        check_entry(item, kind, canonical(entry))
        need(kind in (2, 3, 4, 10), CouldNotCheck)
        if kind == 2: return
        among = devices if kind == 10 and entry["payload"].get("act") == "rotate" else keys
        _, payload = signed_payload(item, entry, among, {3: "certificate+jws", 4: "recall+jws", 10: "device+jws"}[kind])
        need(fits(entry, "published") and canonical(entry["payload"]) == payload)
        if kind == 10: check_device(item["index"], entry)
    bundle = tell("bundle", parse_bundle, data)
    if bundle is None: return "failed", answers
    log = bundle["log"]
    if isinstance(trust, list): trust = next(filter(is_of, trust), trust[0])
    tell("identity", check_identity)
    tree = tell("checkpoint", read_checkpoint, bundle["checkpoint"], log)
    if trust and "witnesses" in trust: tell("witness", check_witnesses)
    checks = {"anchors": check_anchor, "timestamps": give_up, "keys": check_key, "status": check_status, "records": check_record}
    for part, check in checks.items():
        if part == "status":
            bundle[part].sort(key=lambda item: item["index"])  # a device entry may rest on an earlier one
            for organisation in sorted({entry["organisation"] for entry in changes.values()}):
                tell(f"keys of {organisation}", check_history, organisation)
        for i, item in enumerate(bundle[part] or [None] * (part == "anchors")): tell(f"{part}[{i}]", check, item)
    for device in sorted({said["device"] for said in devices.values() if said}): tell(f"device {device}", check_device_history, device)
    tell("inclusion", check_inclusion)
    return next(word for word in ("failed", "could not check", "passed") if word in sum(answers, [])), answers
def main():
    parser = argparse.ArgumentParser()
    for name in ("bundle", "--trust", "--chain", "--rpc"): parser.add_argument(name)
    options = parser.parse_args()
    read = lambda path: path and pathlib.Path(path).read_bytes()
    data, trust, chain = map(read, (options.bundle, options.trust, options.chain))
    try: chain = observe(options.rpc, parse_bundle(data)["anchors"]) if options.rpc else chain and parse_json(chain)
    except Exception: chain = None  # a node without a usable answer is no answer
    verdict, answers = verify(data, trust and parse_json(trust), chain)
    print(*map(": ".join, answers), f"{verdict} (eventHash is not recomputed)", sep="\n")
    sys.exit(["passed", "failed", "could not check"].index(verdict))
if __name__ == "__main__":
    try: main()
    except Exception as error:  # a fault of the verifier or of its other input is no fault of the bundle
        print(f"could not check: {error!r}", file=sys.stderr)
        sys.exit(2)
