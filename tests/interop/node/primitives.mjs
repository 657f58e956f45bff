// What the formats are made of (docs/formats.md, "Notation" to "Member keys").
//
// Keys are plain Buffers here: a test's client forgets them with its process. One that keeps a member's keys wipes
// them, as far as its language lets it.

import {randomBytes} from 'node:crypto';
import {Chacha20Poly1305} from '@hpke/chacha20poly1305';
import {CipherSuite} from '@hpke/core';
import {DhkemX25519HkdfSha256, HkdfSha256} from '@hpke/dhkem-x25519';
import {xchacha20poly1305} from '@noble/ciphers/chacha';
import {ed25519, x25519} from '@noble/curves/ed25519';
import {hkdf as noble_hkdf} from '@noble/hashes/hkdf';
import {hmac} from '@noble/hashes/hmac';
import {sha256} from '@noble/hashes/sha2';

// Something that others made does not hold to the formats, or is not what it claims to be.
export class Refused extends Error {}

export function demand(condition, why) {
  if (!condition) throw new Refused(why);
}

export const random = randomBytes;
export const concat = (...parts) => Buffer.concat(parts);
export const ascii = (text) => Buffer.from(text, 'ascii');
export const zeros = (count) => Buffer.alloc(count);
export const allZero = (bytes) => bytes.every((byte) => byte === 0);
export const same = (one, other) => Buffer.compare(one, other) === 0;

function unsigned(size, value) {
  return Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(2 * size, '0'),
    'hex',
  );
}
export const u8 = (value) => unsigned(1, value);
export const u16 = (value) => unsigned(2, value);
export const u32 = (value) => unsigned(4, value);
export const u64 = (value) => unsigned(8, value);
export const lp = (bytes) => concat(u32(bytes.length), bytes);

// The bytes of strict base64, with padding and without stray bits.
export function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  demand(bytes.toString('base64') === text, 'not base64');
  return bytes;
}

// The text of strict UTF-8.
export function utf8(bytes) {
  const text = bytes.toString('utf8');
  demand(same(Buffer.from(text, 'utf8'), bytes), 'not UTF-8');
  return text;
}

export const ctx = (name) => ascii(`letterlock/v1/${name}\0`);
export const H = (...parts) => Buffer.from(sha256(concat(...parts)));
export const hkdf = (ikm, salt, name) => Buffer.from(noble_hkdf(sha256, ikm, salt, ctx(name), 32));
export const hmacSha256 = (key, ...parts) => Buffer.from(hmac(sha256, key, concat(...parts)));

// --- AEAD -----------------------------------------------------------------------------------------

export function aeadSeal(key, nonce, plain, aad) {
  return Buffer.from(xchacha20poly1305(key, nonce, aad).encrypt(plain));
}

export function aeadOpen(key, nonce, sealed, aad) {
  try {
    return Buffer.from(xchacha20poly1305(key, nonce, aad).decrypt(sealed));
  } catch {
    throw new Refused('does not open');
  }
}

// --- Ed25519 --------------------------------------------------------------------------------------

// The canonical encoding of a point of the prime-order subgroup, not its neutral element.
function isPointOfTheSubgroup(bytes) {
  try {
    const point = ed25519.Point.fromHex(bytes, false);
    return !point.is0() && point.isTorsionFree();
  } catch {
    return false;
  }
}

export function checkEd25519Key(key) {
  demand(key.length === 32 && isPointOfTheSubgroup(key), 'not an Ed25519 key');
}

export function ed25519Key(seed) {
  return {seed, public: Buffer.from(ed25519.getPublicKey(seed))};
}

export const sign = (key, name, message) => signRaw(key, concat(ctx(name), message));
export const signRaw = (key, message) => Buffer.from(ed25519.sign(message, key.seed));

export function verify(key, name, message, signature, why = `${name}: the signature does not verify`) {
  verifyRaw(key, concat(ctx(name), message), signature, why);
}

// This library's equation is the one with the cofactor: R is held to the rule for keys, so that no signature verifies
// here that another client refuses.
export function verifyRaw(key, message, signature, why) {
  checkEd25519Key(key);
  demand(signature.length === 64 && isPointOfTheSubgroup(signature.subarray(0, 32)), why);
  demand(ed25519.verify(signature, message, key, {zip215: false}), why);
}

export const keyId = (key) => H(ctx('key-id'), key).subarray(0, 8);

// --- X25519 and HPKE ------------------------------------------------------------------------------

export function x25519Key(seed) {
  return {private: seed, public: Buffer.from(x25519.getPublicKey(seed))};
}

// Low-order points make every shared secret zero; the library refuses that.
export function checkX25519Key(key) {
  demand(key.length === 32, 'not an X25519 key');
  try {
    x25519.getSharedSecret(random(32), key);
  } catch {
    throw new Refused('an X25519 key of low order');
  }
}

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});
// The library takes ArrayBuffers; a Buffer may be a window on a greater one.
const array = (bytes) => new Uint8Array(bytes).buffer;

// RFC 9180 single-shot: enc ‖ ciphertext.
export async function hpkeSeal(publicKey, name, aad, plain) {
  checkX25519Key(publicKey);
  const recipientPublicKey = await suite.kem.deserializePublicKey(array(publicKey));
  const {enc, ct} = await suite.seal({recipientPublicKey, info: array(ctx(name))}, array(plain), array(aad));
  return concat(Buffer.from(enc), Buffer.from(ct));
}

export async function hpkeOpen(privateKey, name, aad, sealed) {
  demand(sealed.length >= 48, 'too short to be sealed');
  try {
    checkX25519Key(sealed.subarray(0, 32));
    const recipientKey = await suite.kem.deserializePrivateKey(array(privateKey));
    const enc = array(sealed.subarray(0, 32));
    return Buffer.from(
      await suite.open({recipientKey, enc, info: array(ctx(name))}, array(sealed.subarray(32)), array(aad)),
    );
  } catch {
    throw new Refused('does not open');
  }
}
