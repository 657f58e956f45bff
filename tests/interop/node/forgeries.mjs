// Signatures that some libraries take and others don't (docs/formats.md, "Notation").

import {ed25519} from '@noble/curves/ed25519';
import {sha512} from '@noble/hashes/sha2';
import {concat, ctx} from './primitives.mjs';

const OF_ORDER_TWO = `ec${'ff'.repeat(30)}7f`;

const little = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

const ORDER = ed25519.CURVE.n;

function signature(key, message, nonce, R) {
  const {scalar} = ed25519.utils.getExtendedPublicKey(key.seed);
  const challenge = little(sha512(concat(R.toBytes(), key.public, message))) % ORDER;
  const S = (nonce + challenge * scalar) % ORDER;
  return concat(R.toBytes(), Buffer.from(S.toString(16).padStart(64, '0'), 'hex').reverse());
}

// R lies outside the prime-order subgroup: it holds where both sides are multiplied by the cofactor, and not else.
export function signWithTorsion(key, name, text) {
  const message = concat(ctx(name), text);
  const nonce = little(sha512(concat(key.seed, message))) % ORDER;
  const R = ed25519.Point.BASE.multiply(nonce).add(ed25519.Point.fromHex(OF_ORDER_TWO));
  return signature(key, message, nonce, R);
}

// R is the neutral element: the equation holds.
export function signWithoutNonce(key, name, text) {
  return signature(key, concat(ctx(name), text), 0n, ed25519.Point.ZERO);
}
