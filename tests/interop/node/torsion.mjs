// A signature whose R lies outside the prime-order subgroup: it holds where both sides are multiplied by the cofactor
// (RFC 8032 allows that), and not where they are not.

import {ed25519} from '@noble/curves/ed25519';
import {sha512} from '@noble/hashes/sha2';
import {concat, ctx} from './primitives.mjs';

const OF_ORDER_TWO = `ec${'ff'.repeat(30)}7f`;

const little = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

export function signWithTorsion(key, name, text) {
  const message = concat(ctx(name), text);
  const order = ed25519.CURVE.n;
  const {scalar} = ed25519.utils.getExtendedPublicKey(key.seed);
  const nonce = little(sha512(concat(key.seed, message))) % order;
  const R = ed25519.Point.BASE.multiply(nonce).add(ed25519.Point.fromHex(OF_ORDER_TWO)).toBytes();
  const challenge = little(sha512(concat(R, key.public, message))) % order;
  const S = (nonce + challenge * scalar) % order;
  return concat(R, Buffer.from(S.toString(16).padStart(64, '0'), 'hex').reverse());
}
