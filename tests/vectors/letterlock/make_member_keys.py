#!/usr/bin/env python3
"""Writes the vectors of what a member keeps and proves herself with: an independent reading of docs/formats.md, "Session" and
from "Key file" to "Keyring". With --check it only compares. Where Debian's `argon2` is not installed, the key that
the key file's passphrase gives is taken from the file there is."""
import json
import pathlib
import shutil
import subprocess

from members import *
from vector_files import run

HERE = pathlib.Path(__file__).parent

# --- Device certificate, session -----------------------------------------------------------------


def device_certificate():
    certificate = proto((1, DEPLOYMENT), (2, ADA.id), (3, ADA.device_public), (4, 1700000000456))
    return {
        "deployment": DEPLOYMENT,
        "member": ADA.secrets(),
        "issued_unix_ms": 1700000000456,
        "certificate": certificate,
        "signature": sign(ADA.identity_seed, "device-certificate", certificate),
    }


def session():
    k, nonce, expiry = some("session k", 32), some("challenge nonce", 16), 1700000060000
    who = ADA.id + ADA.device_public
    challenge = nonce + u(64, expiry) + mac(k, ctx("challenge"), DEPLOYMENT, nonce, u(64, expiry), who)
    name = b"mail.example.com"
    signed = DEPLOYMENT + lp(b"letterlock-maild") + lp(name) + who + challenge
    token = b"\1" + ADA.id + key_id(ADA.device_public) + u(64, 1700000900000)
    return {
        "deployment": DEPLOYMENT,
        "member": ADA.secrets(),
        "k": k,
        "challenge_nonce": nonce,
        "challenge_expiry": expiry,
        "challenge": challenge,
        "server_name": name.decode(),
        "signature": sign(ADA.device_seed, "session", signed),
        "token_expiry": 1700000900000,
        "token": token + mac(k, ctx("token"), DEPLOYMENT, token),
        "recovery": recovery_session(name, challenge),
    }


def recovery_session(name, challenge):
    """The challenge is opaque to clients: any 56 bytes do."""
    seed = hkdf(some("recovery kit", 32), DEPLOYMENT, ctx("recovery-key"))
    public = ed25519_public(seed)
    signed = DEPLOYMENT + lp(b"letterlock-maild") + lp(name) + ADA.id + public + challenge
    return {
        "kit": some("recovery kit", 32),
        "recovery_public": public,
        "signature": sign(seed, "recovery-session", signed),
    }


# --- Key file ------------------------------------------------------------------------------------


def argon2id(passphrase, salt, t, kib, stored):
    if not shutil.which("argon2"):
        return bytes.fromhex(json.loads(stored.read_text())["key"])
    command = ["argon2", salt.decode(), "-id", "-t", str(t), "-k", str(kib), "-p", "1", "-l", "32", "-r"]
    return bytes.fromhex(subprocess.run(command, input=passphrase, capture_output=True, check=True).stdout.decode())


def key_file():
    passphrase, salt, nonce = "correct horse battery staple", b"sixteen byte slt", some("key file nonce", 24)
    key = argon2id(passphrase.encode(), salt, 3, 65536, HERE / "key_file.json")
    head = b"LLKEYF01" + u(32, 3) + u(32, 65536) + salt + nonce
    secrets = DEPLOYMENT + ADA.id + ADA.identity_seed + ADA.encryption + ADA.device_seed + ADA.state_key
    secrets += bytes([len(ADA.handle)]) + ADA.handle.encode().ljust(63, b"\0")
    return {
        "deployment": DEPLOYMENT,
        "member": ADA.secrets(),
        "passphrase": passphrase,
        "salt": salt,
        "nonce": nonce,
        "key": key,
        "file": head + xchacha_seal(key, nonce, head, secrets),
    }


def key_file_2():
    passphrase, salt, nonce = "correct horse battery staple", b"sixteen byte slt", some("key file 2 nonce", 24)
    # The same passphrase, salt and cost as key_file's, hence the same key.
    key = argon2id(passphrase.encode(), salt, 3, 65536, HERE / "key_file.json")
    keyring_key = x25519_public(hkdf(some("recovery kit", 32), DEPLOYMENT, ctx("keyring-key")))
    identities = [some("earlier identity %d" % i, 32) for i in range(2)]
    encryptions = [some("earlier encryption", 32)]
    head = b"LLKEYF02" + u(32, 3) + u(32, 65536) + salt + nonce
    secrets = DEPLOYMENT + ADA.id + ADA.identity_seed + ADA.encryption + ADA.device_seed + ADA.state_key
    secrets += bytes([len(ADA.handle)]) + ADA.handle.encode().ljust(63, b"\0")
    secrets += keyring_key + u(16, 2) + b"".join(identities) + u(16, 1) + b"".join(encryptions)
    return {
        "deployment": DEPLOYMENT,
        "member": ADA.secrets(),
        "keyring_key": keyring_key,
        "earlier_identity_seeds": identities,
        "earlier_encryption_keys": encryptions,
        "passphrase": passphrase,
        "salt": salt,
        "nonce": nonce,
        "file": head + xchacha_seal(key, nonce, head, secrets),
    }


def link_file():
    code = "7RK2M-0Q9XT-V4B8D-ZN5HA"
    passphrase, salt, nonce = code.replace("-", ""), b"link file's salt", some("link file nonce", 24)
    key = argon2id(passphrase.encode(), salt, 3, 65536, HERE / "link_file.json")
    head = b"LLKEYF02" + u(32, 3) + u(32, 65536) + salt + nonce
    nobodys_device = some("link file device", 32)
    secrets = DEPLOYMENT + ADA.id + ADA.identity_seed + ADA.encryption + nobodys_device + ADA.state_key
    secrets += bytes([len(ADA.handle)]) + ADA.handle.encode().ljust(63, b"\0")
    secrets += bytes(32) + u(16, 0) + u(16, 0)
    return {
        "deployment": DEPLOYMENT,
        "member": ADA.secrets(),
        "device_seed_in_file": nobodys_device,
        "code": code,
        "also_typed": ["7rk2moq9xtv4b8dzn5ha", " 7RK2M 0Q9XT-V4B8D  ZN5HA"],
        "passphrase": passphrase,
        "salt": salt,
        "nonce": nonce,
        "key": key,
        "file": head + xchacha_seal(key, nonce, head, secrets),
    }


# --- Recovery kit --------------------------------------------------------------------------------

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def recovery_text(secret):
    bits = int.from_bytes(secret, "big") << 4
    groups = []
    for i in range(13):
        word = bits >> 20 * (12 - i) & 0xFFFFF
        four = "".join(ALPHABET[word >> s & 31] for s in (15, 10, 5, 0))
        groups.append(four + ALPHABET[sha256(ctx("recovery-group"), bytes([i]), four.encode())[0] >> 3])
    return "-".join(groups)


def recovery_kit():
    kits = []
    for secret in (some("recovery kit", 32), bytes(32), b"\xff" * 32):
        seed = hkdf(secret, DEPLOYMENT, ctx("recovery-key"))
        public = ed25519_public(seed)
        kits.append({
            "secret": secret,
            "text": recovery_text(secret),
            "recovery_seed": seed,
            "recovery_public": public,
            "digest": sha256(ctx("recovery-key-digest"), public),
        })
    return {"deployment": DEPLOYMENT, "kits": kits}


# --- Keyring -------------------------------------------------------------------------------------


def keyring():
    kit, ephemeral = some("recovery kit", 32), some("keyring ephemeral", 32)
    private = hkdf(kit, DEPLOYMENT, ctx("keyring-key"))
    public = x25519_public(private)
    identities = [some("earlier identity %d" % i, 32) for i in range(2)]
    encryptions = [some("earlier encryption", 32)]
    plain = proto(
        *((1, seed) for seed in identities + [ADA.identity_seed]),
        *((2, key) for key in encryptions + [ADA.encryption]),
        (3, ADA.state_key),
    )
    magic = b"LLKRING1"
    sealed = magic + hpke_seal(public, ctx("keyring"), magic + DEPLOYMENT + ADA.id, plain, ephemeral)
    return {
        "deployment": DEPLOYMENT,
        "member": ADA.secrets(),
        "kit": kit,
        "keyring_private": private,
        "keyring_public": public,
        "earlier_identity_seeds": identities,
        "earlier_encryption_keys": encryptions,
        "ephemeral": ephemeral,
        "keyring": plain,
        "sealed": sealed,
        "hash": sha256(ctx("keyring-hash"), sealed),
    }


FILES = {
    "device_certificate.json": device_certificate,
    "session.json": session,
    "key_file.json": key_file,
    "key_file_2.json": key_file_2,
    "link_file.json": link_file,
    "recovery_kit.json": recovery_kit,
    "keyring.json": keyring,
}

if __name__ == "__main__":
    run(FILES)
