"""The formats of docs/evidence-format.md, whose sections stand in brackets: encodings, keys and signatures, statements, trees and checkpoints."""
import base64, datetime, decimal, functools, hashlib, json, math, re, struct

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
    ("act alg aud authorization blockHash checkpoint item key logKey name next organisation origin proof reason registry transaction typ", text),
    ("entry jwk payload record", mapping), ("attestation device deviceSalt kid leaf prev root salt eventSalt", hash32),
    ("block chainId compromisedSince delay index keyEntry position previous recovery size", integer()), ("clock receivedAt time erasedAt compromisedAt", time),
    ("v", integer(1, 1)), ("custody", like("self|custodial|imported")), ("statement", like("[0-9a-f]{64}")), ("kind", integer(1, 255)),
    ("event", data()), ("token", data(65536)), ("eventHash", like(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0"))) for name in names.split()}
def shape(names, **types):  # a question mark stands after optional members
    known, required, allowed = {**TYPES, **types}, {name for name in names.split() if name[-1] != "?"}, set(names.replace("?", "").split())
    return lambda value: mapping(value) and required <= set(value) <= allowed and all(known[name](value[name]) for name in value)
KID = {"kid": lambda value: text(value) and length(value) == 43}
def decimal_text(low): return lambda value: like("0|[1-9][0-9]{0,15}")(value) and low <= int(value) < 2**53
def words(most): return lambda value: text(value) and 0 < length(value) <= most
HEADER, ROOT_FORM = shape("alg aud? kid typ", **KID), shape("count root", count=integer(1, 1000))  # [4]
TELEMETRY = shape("alg aud? boot clock device kid prev? seq typ", **KID, boot=decimal_text(0), seq=decimal_text(1), device=words(2048))
RECORD = shape("count custody eventHash keyEntry kid position receivedAt statement v", count=integer(1, 2**31 - 1))  # [5], then [6], [9], [10]
KEY_ACTS = {
    "register": shape("act authorization? custody jwk kid name organisation previous? purpose recovery? v vouchedBy", purpose=like("statements"),
                      vouchedBy=like("(?s)operator|(did:web|dns):.+")),
    "revoke": shape("act authorization? by compromisedAt? compromisedSince? keyEntry kid organisation previous? v", by=like("organisation|operator")),
    "recover": shape("act delay jwk kid organisation previous reason v"),
    "object": shape("act authorization organisation previous recovery v")}
PUBLISHED = shape("custody keyEntry kid payload receivedAt statement v")
DEVICE_ACTS = {act: shape("act device organisation v " + more, organisation=words(2**24), reason=words(200), to=words(2**24)) for act, more in {
    "enrol": "jwk kid proof attestation?", "rotate": "previous jwk kid proof attestation?", "transfer": "previous to", "accept": "previous",
    "replace": "previous jwk kid proof attestation? compromisedSince? reason?", "revoke": "previous compromisedSince? reason?",
    "retire": "previous reason?"}.items()}
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
    records=array(shape("deviceSalt? erasedAt? event? eventProof? eventSalt? index leaf record salt statement?",
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
# [4.1] Statements in CBOR
def read_cbor(data, most):  # one item, strictly; byte strings become bytes
    at = 0
    def take(count):
        nonlocal at
        at += need(count <= len(data) - at) or count
        return data[at - count:at]
    def item(levels):
        major, low = divmod(take(1)[0], 32)
        more = take(1 << low - 24 if low > 23 else 0) if low < 28 else need(False)
        if major == 7: return finite(struct.unpack(">" + " efd"[low - 24], more)[0]) if low > 24 else {20: False, 21: True, 22: None}[low]
        argument = big(more) if more else low
        need(not more or argument >= (24, 2**8, 2**16, 2**32)[low - 24])
        if major < 2: return -1 - argument if major else argument
        if major < 4: return take(argument).decode() if major == 3 else take(argument)
        need(major < 6 and levels > 0)
        if major == 4: return [item(levels - 1) for _ in range(argument)]
        pairs = [(item(0), item(levels - 1)) for _ in range(argument)]
        return unique(pairs) if all(type(key) in (int, str) for key, _ in pairs) else need(False)
    value = item(most)
    return value if at == len(data) else need(False)
def finite(value): return value if math.isfinite(value) else need(False)
def is_json(value):
    if mapping(value): return all(map(text, value)) and all(map(is_json, value.values()))
    return all(map(is_json, value)) if isinstance(value, list) else type(value) is not bytes
def byte_string(data):
    size = next(i for i in range(-1, 3) if len(data) < (24 if i < 0 else 256 ** (1 << i)))
    return (bytes([64 + len(data)]) if size < 0 else bytes([88 + size]) + len(data).to_bytes(1 << size, "big")) + data
COSE_LABELS, COSE_ALGORITHMS = {1: "alg", 4: "kid", 16: "typ"}, {-7: "ES256", -8: "EdDSA", -47: "ES256K"}
def parse_cose(data):  # header as in a JWS, payload as a JSON value, signature, and what is signed
    need(len(data) <= 786432 and data[0] == 0xd2)
    head, unprotected, payload, signature = read_cbor(data[1:], 2)
    need(type(head) is type(payload) is type(signature) is bytes and len(head) <= 4096 and unprotected == {})
    members, header, content = read_cbor(head, 1), {}, read_cbor(payload, 64)
    for label, value in members.items():
        need(label in COSE_LABELS or text(label) and label not in COSE_LABELS.values())
        name = COSE_LABELS.get(label, label)
        if name in ("kid", "prev"): value = base64url(value) if type(value) is bytes else need(False)
        elif name in ("alg", "boot", "seq"): value = str(value) if type(value) is int else need(False)
        header[name] = COSE_ALGORITHMS.get(int(value), value) if name == "alg" else value
    need(header["typ"] == "application/vnd.trustchain.telemetry+cose" and is_json(content))
    return {**header, "typ": "telemetry+jws"}, content, signature, b"\x84\x6aSignature1" + byte_string(head) + b"\x40" + byte_string(payload)
def statement_digest(statement): return sha256_hex(statement) if "." in statement else sha256(raw(statement)).hex()
def parse_statement(statement):  # what has no dots is CBOR
    header, payload, signature, signed = parse_jws(statement) if "." in statement else parse_cose(raw(statement))
    content, form = attempt(parse_json, payload) if type(payload) is bytes else payload, header["typ"]
    if form == "telemetry+jws":
        need(TELEMETRY(header) and ("prev" in header) == (header["seq"] != "1") and mapping(content) and depth(content) <= 64)
        need(content.get("type") == "ObjectEvent")
    elif form == "epcis-root+jws": need(HEADER(header) and ROOT_FORM(content) and canonical(content) == payload)
    else: need(HEADER(header) and form == "epcis+jws")
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
