"""The primitives of docs/formats.md in plain Python, written from their RFCs with nothing but the
standard library, so that the vectors owe nothing to the libraries they are held against. Slow and not
constant time: for vectors alone."""
import hashlib
import hmac
import struct

# --- SHA-256, HKDF (RFC 5869) ------------------------------------------------------------------


def ctx(name):
    return b"letterlock/v1/" + name.encode() + b"\0"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def extract(salt, ikm):
    return mac(salt or bytes(32), ikm)


def expand(prk, info, size):
    out, t = b"", b""
    while len(out) < size:
        t = mac(prk, t, info, bytes([len(out) // 32 + 1]))
        out += t
    return out[:size]


def hkdf(ikm, salt, info):
    return expand(extract(salt, ikm), info, 32)


# --- ChaCha20-Poly1305 (RFC 8439), XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) ----------------


def rotate(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


def rounds(state):
    s = list(state)

    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            s[z] = rotate(s[z] ^ s[x], n)

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def chacha20_stream(key, nonce, counter, size):
    out = b""
    while len(out) < size:
        state = CONSTANTS + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
        out += struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(rounds(state), state)))
        counter += 1
    return out[:size]


def hchacha20(key, nonce16):
    s = rounds(CONSTANTS + struct.unpack("<8I", key) + struct.unpack("<4I", nonce16))
    return struct.pack("<8I", *(s[0:4] + s[12:16]))


P1305 = 2**130 - 5


def poly1305_key(one_time_key):
    r = int.from_bytes(one_time_key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    return r, int.from_bytes(one_time_key[16:], "little")


def poly1305(one_time_key, message):
    r, s = poly1305_key(one_time_key)
    a = 0
    for i in range(0, len(message), 16):
        a = (a + int.from_bytes(message[i : i + 16] + b"\1", "little")) * r % P1305
    return ((a + s) % 2**128).to_bytes(16, "little")


def pad16(b):
    return b + bytes(-len(b) % 16)


def poly_input(aad, ciphertext):
    return pad16(aad) + pad16(ciphertext) + struct.pack("<QQ", len(aad), len(ciphertext))


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def chacha_seal(key, nonce, aad, plaintext):
    ciphertext = xor(plaintext, chacha20_stream(key, nonce, 1, len(plaintext)))
    return ciphertext + poly1305(chacha20_stream(key, nonce, 0, 32), poly_input(aad, ciphertext))


def xchacha_parts(key, nonce):
    return hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]


def xchacha_seal(key, nonce, aad, plaintext):
    return chacha_seal(*xchacha_parts(key, nonce), aad, plaintext)


# --- X25519 (RFC 7748), HPKE (RFC 9180, base mode, single shot) ------------------------------------

P = 2**255 - 19


def x25519(k, u):
    k = int.from_bytes(k, "little") & ~7 & 2**254 - 1 | 2**254
    x1 = int.from_bytes(u, "little") % 2**255
    x2, z2, x3, z3 = 1, 0, x1, 1
    for t in reversed(range(255)):
        bit = k >> t & 1
        if bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        if bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def x25519_public(secret):
    return x25519(secret, (9).to_bytes(32, "little"))


KEM = b"KEM\x00\x20"
HPKE = b"HPKE\x00\x20\x00\x01\x00\x03"


def labeled_extract(suite, salt, label, ikm):
    return extract(salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(suite, prk, label, info, size):
    return expand(prk, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, size)


def hpke_seal(public, info, aad, plaintext, ephemeral):
    enc = x25519_public(ephemeral)
    eae = labeled_extract(KEM, b"", b"eae_prk", x25519(ephemeral, public))
    shared = labeled_expand(KEM, eae, b"shared_secret", enc + public, 32)
    context = b"\0" + labeled_extract(HPKE, b"", b"psk_id_hash", b"")
    context += labeled_extract(HPKE, b"", b"info_hash", info)
    secret = labeled_extract(HPKE, shared, b"secret", b"")
    key = labeled_expand(HPKE, secret, b"key", context, 32)
    nonce = labeled_expand(HPKE, secret, b"base_nonce", context, 12)
    return enc + chacha_seal(key, nonce, aad, plaintext)


# --- Ed25519 (RFC 8032) --------------------------------------------------------------------------

D = -121665 * pow(121666, P - 2, P) % P
L = 2**252 + 27742317777372353535851937790883648493
BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)


def add(p, q):
    (x1, y1), (x2, y2) = p, q
    t = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P,
    )


def multiply(k, point):
    out = (0, 1)
    while k:
        if k & 1:
            out = add(out, point)
        point = add(point, point)
        k >>= 1
    return out


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def ed25519_scalar(seed):
    h = hashlib.sha512(seed).digest()
    return int.from_bytes(h[:32], "little") & ~7 & 2**254 - 1 | 2**254, h[32:]


def ed25519_public(seed):
    return encode(multiply(ed25519_scalar(seed)[0], BASE))


def ed25519_sign(seed, message):
    def scalar(*parts):
        return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L

    a, prefix = ed25519_scalar(seed)
    public = encode(multiply(a, BASE))
    r = scalar(prefix, message)
    big_r = encode(multiply(r, BASE))
    s = (r + scalar(big_r, public, message) * a) % L
    return big_r + s.to_bytes(32, "little")


def sign(seed, name, message):
    return ed25519_sign(seed, ctx(name) + message)


# --- docs/formats.md's notation, and protobuf in canonical form -----------------------------------


def u(bits, n):
    return n.to_bytes(bits // 8, "big")


def lp(b):
    return u(32, len(b)) + b


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def proto(*fields):
    """(number, value) pairs in order; bytes are length-delimited, ints varints; defaults are left out."""
    out = b""
    for number, value in fields:
        if isinstance(value, bytes):
            out += varint(number << 3 | 2) + varint(len(value)) + value if value else b""
        else:
            out += varint(number << 3) + varint(value) if value else b""
    return out


def some(label, size):
    """Bytes that stand for random ones."""
    return expand(extract(b"letterlock vectors", label.encode()), b"", size)
