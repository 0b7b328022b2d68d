#!/usr/bin/env python3
"""Verifies an evidence bundle by docs/evidence-format.md, whose sections stand in brackets. It does not compute event hashes.

usage: verify.py BUNDLE [--trust TRUST.json] [--chain RECORDED.json | --rpc URL]     exit code: 0 passed, 1 failed, 2 could not check
"""
import argparse, base64, datetime, decimal, functools, hashlib, json, math, pathlib, re, sys, urllib.request

def need(condition):
    if not condition: raise ValueError("malformed")
def attempt(parse, *arguments):  # None where the input is malformed
    try: return parse(*arguments)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, StopIteration): return None
def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
def sha256_hex(value): return sha256(value.encode()).hex()
# [2] Encodings
def unique(pairs): return dict(pairs) if len(dict(pairs)) == len(pairs) else need(False)
def number(literal):  # what is no integer here (sign, fraction, exponent) becomes a float
    return int(literal) if re.fullmatch("-0|[0-9]{1,19}", literal) and int(literal) < 2**63 else float(literal)
def parse_json(data):
    value = json.loads(data.decode(), object_pairs_hook=unique, parse_int=number, parse_constant=lambda _: need(False))
    return value if json.dumps(value, ensure_ascii=False).encode() else None  # a lone surrogate cannot be encoded
def canonical(value):  # RFC 8785, for any JSON value
    if isinstance(value, list): return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return b"{" + b",".join(canonical(name) + b":" + canonical(value[name]) for name in names) + b"}"
    if type(value) not in (int, float): return json.dumps(value, ensure_ascii=False).encode()
    need(math.isfinite(value))
    if value and not 1e-6 <= abs(value) < 1e21: return re.sub("e([+-])0", r"e\1", repr(float(value))).encode()
    return re.sub(r"\.0*$", "", format(decimal.Decimal(repr(float(value))), "f")).encode() if value else b"0"
def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)
def from_base64(value):  # in a checkpoint: the unused low bits mean nothing
    need(re.fullmatch("[A-Za-z0-9+/]*={0,2}", value) and len(value) % 4 == 0)
    return base64.b64decode(value)
def length(value): return len(value.encode("utf-16-le")) // 2  # in UTF-16 code units
def base64url(data): return base64.urlsafe_b64encode(data).decode().rstrip("=")
def raw(value):
    data = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    return data if base64url(data) == value else need(False)
# Shapes are predicates over JSON values. A member name means one type, but where a shape says otherwise.
def text(value): return isinstance(value, str)
def mapping(value): return isinstance(value, dict)
def integer(low=0, high=2**63 - 1): return lambda value: type(value) is int and low <= value <= high
def like(pattern): return lambda value: text(value) and re.fullmatch(pattern, value) is not None
def array(item, most=1000): return lambda value: isinstance(value, list) and len(value) <= most and all(map(item, value))
def data(most=2**24): return lambda value: text(value) and len(attempt(raw, value) or ()) <= most and attempt(raw, value) is not None
def hash32(value): return text(value) and len(attempt(raw, value) or b"") == 32
def time(value):
    spelled = like(r"[0-9]{4}(-[0-9]{2}){2}T([01][0-9]|2[0-3])(:[0-9]{2}){2}\.[0-9]{3}Z")(value)
    return spelled and attempt(datetime.datetime.fromisoformat, value[:-1]) is not None
TYPES = {name: kind for names, kind in (
    ("act alg aud authorization blockHash checkpoint item key logKey name next organisation origin reason registry transaction typ", text),
    ("entry jwk payload record", mapping), ("kid leaf root salt eventSalt", hash32),
    ("block chainId compromisedSince delay index keyEntry position previous recovery size", integer()), ("receivedAt time erasedAt compromisedAt", time),
    ("v", integer(1, 1)), ("custody", like("self|custodial|imported")), ("statement", like("[0-9a-f]{64}")), ("kind", integer(1, 255)),
    ("event", data()), ("token", data(65536)), ("eventHash", like(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0"))) for name in names.split()}
def shape(names, **types):  # a question mark stands after optional members
    known, required, allowed = {**TYPES, **types}, {name for name in names.split() if name[-1] != "?"}, set(names.replace("?", "").split())
    return lambda value: mapping(value) and required <= set(value) <= allowed and all(known[name](value[name]) for name in value)
HEADER, ROOT_FORM = shape("alg aud? kid typ", kid=lambda value: text(value) and length(value) == 43), shape("count root", count=integer(1, 1000))  # [4]
RECORD = shape("count custody eventHash keyEntry kid position receivedAt statement v", count=integer(1, 2**31 - 1))  # [5], then [6], [9], [10]
KEY_ACTS = {
    "register": shape("act authorization? custody jwk kid name organisation previous? purpose recovery? v vouchedBy", purpose=like("statements"),
                      vouchedBy=like("(?s)operator|(did:web|dns):.+")),
    "revoke": shape("act authorization? by compromisedAt? compromisedSince? keyEntry kid organisation previous? v", by=like("organisation|operator")),
    "recover": shape("act delay jwk kid organisation previous reason v"),
    "object": shape("act authorization organisation previous recovery v")}
PUBLISHED = shape("custody keyEntry kid payload receivedAt statement v")
ADDRESS, HASH = like("0x[0-9a-fA-F]{40}"), like("0x[0-9a-fA-F]{64}")
TRUST = shape("chainId genesis logKey origin quorum? registry timestampAuthorities? witnesses?", registry=ADDRESS, genesis=HASH, quorum=integer(1, 16),
              witnesses=lambda value: array(lambda item: text(item) and attempt(parse_note_key, item, 4), 16)(value) and 0 < len(set(value)) == len(value),
              timestampAuthorities=lambda value: array(lambda item: text(item) and attempt(from_base64, item), 16)(value) and value)
LINK = {"consistency": array(hash32, 128)}
BUNDLE = shape(
    "anchors checkpoint item? keys log next? proof records statements status timestamps? type v", type=like("trustchain-evidence"),
    log=shape("chainId key origin registry"), statements=array(text), proof=array(hash32, 64000), keys=array(shape("entry index leaf")),
    anchors=array(shape("block blockHash chainId consistency registry root size time transaction", **LINK), 16),
    timestamps=array(shape("consistency root size token", **LINK), 16),
    records=array(shape("erasedAt? event? eventProof? eventSalt? index leaf record salt statement?",
                        statement=integer(), eventProof=array(hash32, 16))),
    status=array(shape("entry index kind leaf statement?", statement=integer())))
def parse_bundle(data):
    bundle = parse_json(data)
    need(len(data) <= 2**24 and BUNDLE(bundle) and depth(bundle) <= 16 and canonical(bundle))  # the last: no number beyond a double
    need(all(item.get("statement", -1) < len(bundle["statements"]) for item in bundle["records"] + bundle["status"]))
    for body, items in (("entry", bundle["keys"] + bundle["status"]), ("record", bundle["records"])):
        for item in items: item[body] = parse_json(canonical(item[body]))
    return bundle
# [4] and [13] Keys, signatures and statements. A point is (x, y); infinity of the EC curves is None.
EC = {  # crv: alg, p, a, b, order, base point
    "P-256": ("ES256", 2**256 - 2**224 + 2**192 + 2**96 - 1, -3, 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
              0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
              (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
               0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)),
    "secp256k1": ("ES256K", 2**256 - 2**32 - 977, 0, 7, 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141,
                  (0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798,
                   0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8)),
    "SM2": ("SM2", 2**256 - 2**224 - 2**96 + 2**64 - 1, -3, 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93, 0, None)}
ALGORITHMS = {"OKP Ed25519": "EdDSA", **{"EC " + curve: EC[curve][0] for curve in EC}}
Q, L, D = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, -121665 * pow(121666, -1, 2**255 - 19)
def big(data): return int.from_bytes(data, "big")
def little(data): return int.from_bytes(data, "little")
def add_on(p, a):
    def add(one, two):
        if one is None or two is None: return one or two
        (x1, y1), (x2, y2) = one, two
        if x1 == x2 and (y1 + y2) % p == 0: return None
        slope = (3 * x1 * x1 + a) * pow(2 * y1, -1, p) if one == two else (y2 - y1) * pow(x2 - x1, -1, p)
        x3 = (slope * slope - x1 - x2) % p
        return x3, (slope * (x1 - x3) - y1) % p
    return add
def add_ed25519(one, two):
    (x1, y1), (x2, y2) = one, two
    t = D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, Q) % Q, (y1 * y2 + x1 * x2) * pow(1 - t, -1, Q) % Q
def multiply(add, zero, scalar, point):
    return add(multiply(add, zero, scalar // 2, add(point, point)), point if scalar % 2 else zero) if scalar else zero
def decode_ed25519(data):
    sign, y = divmod(little(data), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, Q) % Q
    x = pow(square, (Q + 3) // 8, Q)
    x = x if x * x % Q == square else x * pow(2, (Q - 1) // 4, Q) % Q
    need(y < Q and x * x % Q == square and (x or not sign))
    return (x if x % 2 == sign else Q - x), y
@functools.lru_cache(None)
def valid_signature(alg, key, signature, message):  # None: this verifier lacks the algorithm
    first, second = signature[:32], signature[32:]
    if len(signature) != 64: return False
    if alg == "SM2": return None
    if alg == "EdDSA":
        (x, y), base = decode_ed25519(key), decode_ed25519((4 * pow(5, -1, Q) % Q).to_bytes(32, "little"))
        k, s = little(hashlib.sha512(first + key + message).digest()) % L, little(second)
        x, y = add_ed25519(multiply(add_ed25519, (0, 1), s, base), multiply(add_ed25519, (0, 1), k, (-x, y)))
        return s < L and (y + (x % 2 << 255)).to_bytes(32, "little") == first
    _, p, a, _, n, base = next(curve for curve in EC.values() if curve[0] == alg)
    r, s, add = big(first), big(second), add_on(p, a)
    if not (0 < r < n and 0 < s < n): return False
    u, v = big(sha256(message)) * pow(s, -1, n) % n, r * pow(s, -1, n) % n
    total = add(multiply(add, None, u, base), multiply(add, None, v, (big(key[:32]), big(key[32:]))))
    return total is not None and total[0] % n == r
def parse_jwk(jwk):  # algorithm, public key, thumbprint
    alg, names = ALGORITHMS[f"{jwk.get('kty')} {jwk.get('crv')}"], "xy" if jwk["kty"] == "EC" else "x"
    need(jwk.get("alg", alg) == alg and jwk.get("use", "sig") == "sig")
    uses = jwk.get("key_ops", ["sign"])
    need(all(hash32(jwk.get(name)) for name in names) and isinstance(uses, list) and any(use in ("sign", "verify") for use in uses))
    key = b"".join(raw(jwk[name]) for name in names)
    x, y, (_, p, a, b, *_) = big(key[:32]), big(key[32:]), EC.get(jwk["crv"], (None,) * 4)
    need(decode_ed25519(key) if alg == "EdDSA" else x < p and y < p and (y * y - x**3 - a * x - b) % p == 0)
    return alg, key, base64url(sha256(canonical({name: jwk[name] for name in ["crv", "kty", *names]})))
def parse_jws(compact):  # header, payload, signature, and what is signed
    parts = compact.split(".")
    data, payload, signature = map(raw, parts)
    header = parse_json(data)
    need(all(parts) and len(parts[0]) <= 4096 and mapping(header) and "alg" in header and all(map(text, header.values())))
    need(not {"crit", "b64", "jwk", "jku", "x5u", "x5c"} & set(header))
    return header, payload, signature, ".".join(parts[:2]).encode()
def parse_statement(compact):
    header, payload, signature, signed = parse_jws(compact)
    content, is_root = attempt(parse_json, payload), header["typ"] == "epcis-root+jws"
    need(HEADER(header) and (ROOT_FORM(content) and canonical(content) == payload if is_root else header["typ"] == "epcis+jws"))
    return header, content, signature, signed
def check_jws(jws, key):  # true, false, or None where this verifier lacks the algorithm
    header, _, signature, signed = jws
    return header["alg"] == key[0] and valid_signature(*key[:2], signature, signed)
# [7] Tree
def node(left, right): return sha256(b"\1", left, right)
def split(size): return 1 << (size - 1).bit_length() - 1
def root_of_one(leaf, index, size, proof):
    need(bool(proof) == (size > 1))
    if size == 1: return leaf
    k = split(size)
    return (node(root_of_one(leaf, index, k, proof[:-1]), proof[-1]) if index < k else
            node(proof[-1], root_of_one(leaf, index - k, size - k, proof[:-1])))
def shared_root(leaves, start, end, hashes):
    if not leaves: return next(hashes)
    if end - start == 1: return leaves[0][1]
    middle = start + split(end - start)
    left = shared_root([leaf for leaf in leaves if leaf[0] < middle], start, middle, hashes)
    return node(left, shared_root([leaf for leaf in leaves if leaf[0] >= middle], middle, end, hashes))
def both_roots(m, n, proof, known):  # of the first m and of all n leaves; known is the former, where it is not in the proof
    need(len(proof) == (known is None) if m == n else proof)
    if m == n: return (known or proof[0],) * 2
    k, last = split(n), proof[-1]
    old, new = both_roots(m, k, proof[:-1], known) if m <= k else both_roots(m - k, n - k, proof[:-1], None)
    return (old, node(new, last)) if m <= k else (node(last, old), node(last, new))
# [8] Log
def parse_note_key(note_key, kind=1):  # name, key ID, public key
    name, key_id, encoded = note_key.split("+", 2)
    data, key_id = from_base64(encoded), bytes.fromhex(key_id) if re.fullmatch("[0-9a-f]{8}", key_id) else need(False)
    need(length(note_key) <= 1024 and re.fullmatch(r"[^\s\x00-\x1f\x7f-\x9f]+", name) and length(name) <= 256)
    need(base64.b64encode(data).decode() == encoded and len(data) == 33 and data[0] == kind and decode_ed25519(data[1:]))
    need(key_id == sha256(name.encode(), b"\n", data)[:4])
    return name, key_id, data[1:]
def parse_checkpoint(note):  # origin, size, root, what is signed, signatures by name and key ID
    need(length(note) <= 65536 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", note))
    signed, rest = note.split("\n\n")
    origin, size, root, *more = signed.split("\n")
    need(origin and all(more) and re.fullmatch("[1-9][0-9]{0,14}", size) and int(size) <= 2**48 and len(from_base64(root)) == 32)
    lines = [re.fullmatch("— ([^ ]+) ([^ ]{8,8192})", line).groups() for line in rest[:-1].split("\n")]
    lines = [(name, from_base64(encoded)) for name, encoded in lines]
    need(rest[-1] == "\n" and len(lines) <= 100 and all(len(data) >= 5 for _, data in lines))
    return origin, int(size), from_base64(root), (signed + "\n").encode(), {(name, data[:4]): data[4:] for name, data in reversed(lines)}
def cosigned(key, signature, signed):
    time = big(signature[:8])
    message = f"cosignature/v1\ntime {time}\n".encode() + signed
    return len(signature) == 72 and time < 253402300800 and valid_signature("EdDSA", key, signature[8:], message)
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
        return fits and not key["ended"] and key["custody"] == "self" and payload == canonical(said) and check_jws(jws, key["jwk"])
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
            self.keys[entry["kid"]] = {"entry": index, "jwk": jwk, "custody": entry["custody"], "ended": False, "compromised": False}
        return fits
    def revoke(self, index, entry, _):
        key, compromised = self.keys.get(entry["kid"], {"entry": None}), "compromisedSince" in entry
        fits = key["entry"] == entry["keyEntry"] and entry.get("compromisedSince", 0) <= index
        fits = fits and (not key["ended"] or compromised and not key["compromised"])
        if entry["by"] == "operator": fits = fits and "authorization" not in entry
        elif fits and (key["custody"] == "self" or "authorization" in entry):
            since = "compromisedAt" if "compromisedAt" in entry else "compromisedSince"
            fits = self.agreed(entry, "act", "kid", "organisation", "previous", since)
        if fits: key.update(ended=True, compromised=compromised)
        return fits
    def recover(self, index, entry, _):
        fits = entry["kid"] not in self.keys and any(key["custody"] == "self" for key in self.keys.values())
        if fits: self.open[index] = entry["kid"]
        return fits
    def object(self, _, entry, __):
        fits = entry["recovery"] in self.open and self.agreed(entry, "act", "organisation", "previous", "recovery")
        if fits: del self.open[entry["recovery"]]
        return fits
def verify(data, trust=None, chain=None):
    bundle = attempt(parse_bundle, data)
    if bundle is None: return [["bundle", "bundle", "failed", "bundle-malformed"]]
    log, answers, confirmed, keys = bundle["log"], [], [], {}
    origin, size, root, signed_text, signatures = attempt(parse_checkpoint, bundle["checkpoint"]) or (None,) * 5
    def tell(check, subject, answer):
        answers.append([check, subject, *answer.split(" ")])
        return answer == PASSED
    def check_identity():
        if trust is None: return "could-not-check no-trust-file"
        fits = (log["origin"], log["key"], log["chainId"]) == (trust["origin"], trust["logKey"], trust["chainId"])
        fits = fits and same(log["registry"], trust["registry"]) and (chain is None or same(chain["genesis"], trust["genesis"]))
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
        answer, has_event = check_event(item, record, statement, tell("signature", subject, answer) and passed)
        tell("event", subject, answer)
        tell("eventHash", subject, UNABLE if has_event else DEPENDS)
        tell("keyStatus", subject, check_key_status(item["index"], record))
        anchored = any(item["index"] < other for other, _ in confirmed)
        pending = all(item["index"] >= anchor["size"] for anchor in bundle["anchors"])
        tell("anchored", subject, PASSED if anchored else "could-not-check anchor-pending" if pending else DEPENDS)
    def check_signature(item, record, passed):  # and the statement, where it is one
        sound_key, act, jwk, entry = keys.get(record["keyEntry"], (True, None, None, None))
        sound = passed and sound_key
        if "statement" not in item: return "could-not-check " + ("erased" if "erasedAt" in item else "statement-missing"), None
        if entry is not None and act is None: return DEPENDS, None
        if act != "register": return blame("key-missing", sound), None
        if (entry["kid"], entry["custody"]) != (record["kid"], record["custody"]) or record["keyEntry"] >= item["index"]:
            return blame("key-mismatch", sound), None
        compact = bundle["statements"][item["statement"]]
        header, content, *_ = statement = attempt(parse_statement, compact) or (None,) * 4
        if header is None: return "failed statement-malformed", None
        if sha256_hex(compact) != record["statement"]: return blame("statement-altered", sound), statement
        is_root, audience = header["typ"] == "epcis-root+jws", header.get("aud", log["origin"] if record["custody"] != "self" else None)
        if header["kid"] != record["kid"] or is_root and content["count"] != record["count"]:
            return blame("key-mismatch", sound), statement
        if audience != log["origin"]: return "failed audience-mismatch", statement
        valid = check_jws(statement, jwk)
        return UNABLE if valid is None else PASSED if valid else blame("signature-invalid", sound_key), statement
    def check_event(item, record, statement, signed):  # and whether there is an event to hash
        if statement is None: return DEPENDS, False
        if statement[0]["typ"] == "epcis+jws":
            complete = len(events_of(statement[1])) == record["count"]
            return PASSED if complete else blame("event-missing", signed), complete
        if "event" not in item or "eventSalt" not in item:
            return "could-not-check " + ("erased" if "erasedAt" in item else "event-missing"), False
        leaf = sha256(b"\0", raw(item["eventSalt"]), raw(item["event"]))
        computed = attempt(root_of_one, leaf, record["position"], record["count"], [raw(value) for value in item.get("eventProof", [])])
        return PASSED if computed == raw(statement[1]["root"]) else blame("event-altered", signed), True
    def admitted(index): return keys[index][3] if index in keys and keys[index][1] == "register" else None
    def check_key_status(index, record):
        entry, used = own, at = admitted(record["keyEntry"]), record["keyEntry"]
        lineage = {(record["kid"], record["keyEntry"]): index}
        while entry and "authorization" in entry:  # the keys by which this one came in, each with the place where it was used
            kid = (attempt(parse_jws, entry["authorization"]) or [{}])[0].get("kid")
            same_key = [i for i in keys if admitted(i) and (admitted(i)["kid"], admitted(i)["organisation"]) == (kid, entry["organisation"])]
            if kid is None or min(same_key, default=used) >= used: break
            lineage[kid, min(same_key)], used = used, min(same_key)
            entry = admitted(used)
        ends = [(item["index"], is_leaf(item["leaf"], 2, canonical(item["entry"])), item["entry"]) for item in bundle["status"] if item["kind"] == 2]
        ends += [(key["index"], keys[key["index"]][0], keys[key["index"]][3]) for key in bundle["keys"]]
        for ended_at, sound, end in ends:
            which = (end.get("kid"), end.get("keyEntry")) if end.get("act") == "revoke" and attempt(parse_key, end) else None
            if which not in lineage or own and end["organisation"] != own["organisation"]: continue
            compromised = lineage[which] >= end.get("compromisedSince", math.inf)
            if compromised or index > ended_at and which == (record["kid"], at):
                return blame("key-compromised" if compromised else "key-revoked", sound)
        return PASSED
    def check_status(item):
        entry, compact = item["entry"], bundle["statements"][item["statement"]] if "statement" in item else ""
        if not is_leaf(item["leaf"], item["kind"], canonical(entry)): return "failed status-altered"
        if item["kind"] not in (3, 4): return PASSED if item["kind"] == 2 else "could-not-check kind-unknown"
        header, payload, *_ = jws = PUBLISHED(entry) and attempt(parse_jws, compact) or (None,) * 4
        if header is None or (sha256_hex(compact), header.get("kid"), payload) != (entry["statement"], entry["kid"], canonical(entry["payload"])):
            return "failed statement-altered"
        sound_key, act, jwk, key = keys.get(entry["keyEntry"], (True, None, None, {}))
        if act != "register" or (key["kid"], key["custody"]) != (entry["kid"], entry["custody"]) or entry["keyEntry"] >= item["index"]:
            return blame("key-missing", sound_key)
        audience = header.get("aud", log["origin"] if entry["custody"] != "self" else None)
        fits = audience == log["origin"] and header.get("typ") == {3: "certificate+jws", 4: "recall+jws"}[item["kind"]]
        valid = fits and set(header) <= {"alg", "aud", "kid", "typ"} and check_jws(jws, jwk)
        return UNABLE if valid is None else PASSED if valid else blame("status-signature-invalid", sound_key)
    tell("identity", "bundle", check_identity())
    trusted = tell("checkpoint", "bundle", check_checkpoint())
    if trust and "witnesses" in trust: tell("witness", "bundle", check_witnesses())
    for i, anchor in enumerate(bundle["anchors"]): tell("anchor", f"anchors[{i}]", check_anchor(anchor))
    if not bundle["anchors"]: tell("anchor", "bundle", "could-not-check anchor-pending")
    for i, timestamp in enumerate(bundle.get("timestamps", [])): tell("timestamp", f"timestamps[{i}]", check_timestamp(timestamp))
    tell("inclusion", "bundle", check_inclusion())
    for i, key in enumerate(bundle["keys"]): tell("key", f"keys[{i}]", check_key(key))
    histories = check_histories()
    for i, key in enumerate(bundle["keys"]):
        if keys[key["index"]][1] == "register": tell("keyHistory", f"keys[{i}]", histories[key["index"]])
    for i, item in enumerate(bundle["records"]): check_record(f"records[{i}]", item)
    for i, item in enumerate(bundle["status"]): tell("status", f"status[{i}]", check_status(item))
    return answers
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
    if trust is not None and not (TRUST(trust) and trust.get("quorum", 0) <= len(trust.get("witnesses", ()))): parser.error("this is no trust file")
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
