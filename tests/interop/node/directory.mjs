// Whom a handle belongs to, and what proves it (docs/formats.md, "Directory entry" to "Entry proof").

import {leafHash, requireFresh, verifyInclusion} from './log.mjs';
import {decodeCanonical} from './messages.mjs';
import {
  H,
  allZero,
  ascii,
  checkEd25519Key,
  checkX25519Key,
  concat,
  ctx,
  keyId,
  demand,
  same,
  u64,
  u8,
  verify,
  zeros,
} from './primitives.mjs';

const HANDLE = /^[a-z0-9][a-z0-9._-]{1,62}$/;
const HEAD_LEAF = concat(u8(2), u8(1));

export function checkHandle(handle) {
  demand(HANDLE.test(handle), 'not a handle');
}

export function memberId(deployment, genesisKey, handle) {
  return H(ctx('member'), deployment, genesisKey, ascii(handle)).subarray(0, 16);
}

// --- sparse Merkle map ----------------------------------------------------------------------------

const bitAt = (position, index) => (position[index >> 3] >> (7 - (index & 7))) & 1;
const isEmpty = (hash) => allZero(hash);

export function mapLeaf(position, value) {
  return H(ctx('map-leaf'), position, value);
}

// A map's root from its [position, value] pairs.
export function mapRoot(leaves, depth = 0) {
  if (leaves.length === 0) return zeros(32);
  if (leaves.length === 1) return mapLeaf(...leaves[0]);
  const half = (bit) =>
    mapRoot(
      leaves.filter(([position]) => bitAt(position, depth) === bit),
      depth + 1,
    );
  return H(ctx('map-node'), half(0), half(1));
}

function parseMapProof(bytes) {
  let at = 0;
  const take = (count) => {
    demand(at + count <= bytes.length, 'a map proof cut short');
    return bytes.subarray(at, (at += count));
  };
  const depth = take(2).readUInt16BE();
  demand(depth <= 256, 'a map proof of more than 256 levels');
  const bitmap = take(Math.ceil(depth / 8));
  for (let bit = depth; bit < 8 * bitmap.length; ++bit)
    demand(!bitAt(bitmap, bit), 'a bit that means nothing');
  const siblings = [];
  for (let level = 0; level < depth; ++level) {
    siblings.push(bitAt(bitmap, level) ? take(32) : zeros(32));
    demand(!bitAt(bitmap, level) || !isEmpty(siblings[level]), 'an empty sibling called full');
  }
  const kind = take(1)[0];
  demand(kind <= 1, 'a terminal of an unknown kind');
  const terminal = kind ? {position: take(32), value: take(32)} : null;
  demand(at === bytes.length, 'trailing bytes');
  return {siblings, terminal};
}

// The value at `position` under `root`, or null where there is none.
export function checkMapProof(bytes, position, root) {
  const {siblings, terminal} = parseMapProof(bytes);
  const depth = siblings.length;
  if (terminal) {
    for (let bit = 0; bit < depth; ++bit) {
      demand(bitAt(terminal.position, bit) === bitAt(position, bit), 'a leaf of another place');
    }
  }
  demand(depth === 0 || !isEmpty(siblings[depth - 1]), 'a map proof deeper than the map');
  let hash = terminal ? mapLeaf(terminal.position, terminal.value) : zeros(32);
  for (let level = depth - 1; level >= 0; --level) {
    const pair = bitAt(position, level) ? [siblings[level], hash] : [hash, siblings[level]];
    hash = H(ctx('map-node'), ...pair);
  }
  demand(same(hash, root), 'a map proof under another root');
  return terminal && same(terminal.position, position) ? terminal.value : null;
}

export function directoryPosition(deployment, handle) {
  return H(ctx('directory-position'), deployment, ascii(handle));
}
export const directoryCommitment = (salt, entry) => H(ctx('directory-commitment'), salt, entry);
export const directoryValue = (version, commitment) => H(ctx('map-value'), u64(version), commitment);

// --- entries --------------------------------------------------------------------------------------

function checkAttestation(entry, attestation, trust) {
  if (trust.development) {
    demand(!attestation, 'an attestation where nobody may vouch');
    return;
  }
  demand(attestation, 'nobody vouches for the handle');
  const {statement, registrar_key: key, signature} = attestation;
  demand(
    trust.registrars.some((known) => same(known, key)),
    'a registrar whom nobody knows',
  );
  verify(key, 'registrar-attestation', statement, signature);
  const said = decodeCanonical('directory.v1.RegistrarStatement', statement);
  demand(
    same(said.deployment, entry.deployment) &&
      said.handle === entry.handle &&
      same(said.genesis_key, entry.genesis_key),
    "another handle's attestation",
  );
}

// A `SignedEntry` that holds by itself, as {..., member, bytes}. That its owner wanted a later version shows
// in `checkStep` alone.
export function checkEntry(signed, handle, trust) {
  const entry = decodeCanonical('directory.v1.DirectoryEntry', signed.entry);
  demand(same(entry.deployment, trust.deployment), 'an entry of another deployment');
  demand(entry.suite === 1, 'an unknown suite');
  checkHandle(entry.handle);
  demand(entry.handle === handle, "another handle's entry");
  for (const key of [entry.genesis_key, entry.identity_key]) checkEd25519Key(key);
  checkX25519Key(entry.encryption_key);
  demand(entry.recovery_key_digest.length === 32, 'not a digest');
  demand([0, 32].includes(entry.keyring_hash.length), 'not a hash');
  demand([0, 32].includes(signed.recovery_key.length), 'not a recovery key');
  if (entry.version === 1n) {
    demand(same(entry.identity_key, entry.genesis_key), 'a first entry under another key');
    demand(
      !entry.previous_entry_hash.length && !signed.change_signature.length && !signed.recovery_key.length,
      'a first entry that follows another',
    );
  } else {
    demand(
      entry.version > 1n && entry.previous_entry_hash.length === 32 && signed.change_signature.length === 64,
      'a later entry that follows none',
    );
  }
  verify(entry.identity_key, 'directory-entry', signed.entry, signed.signature);
  checkAttestation(entry, signed.registrar_attestation, trust);
  return {
    ...entry,
    member: memberId(entry.deployment, entry.genesis_key, entry.handle),
    bytes: signed.entry,
    signed,
    identity_key_id: keyId(entry.identity_key),
    encryption_key_id: keyId(entry.encryption_key),
  };
}

export const recoveryKeyDigest = (key) => H(ctx('recovery-key-digest'), key);
export const entryHash = (entry) => H(ctx('directory-entry-hash'), entry);

// `next` is the version after `previous`, and who held that one wanted it. Both by `checkEntry`.
export function checkStep(previous, next) {
  demand(next.version === previous.version + 1n, 'not the next version');
  demand(same(next.previous_entry_hash, entryHash(previous.bytes)), 'after another entry');
  demand(next.handle === previous.handle && same(next.genesis_key, previous.genesis_key), 'another member');
  const recovery = next.signed.recovery_key;
  if (recovery.length) {
    demand(same(recoveryKeyDigest(recovery), previous.recovery_key_digest), 'a recovery key of nobody');
  } else {
    demand(
      same(next.recovery_key_digest, previous.recovery_key_digest),
      'a new recovery key without the old one',
    );
  }
  verify(
    recovery.length ? recovery : previous.identity_key,
    'directory-entry-change',
    next.bytes,
    next.signed.change_signature,
  );
}

// --- entry proofs ---------------------------------------------------------------------------------

function checkHead(proof, trust, nowMs) {
  demand(proof, 'no head');
  const checkpoint = trust.openCheckpoint(proof.checkpoint, nowMs);
  verifyInclusion(proof.index, checkpoint.size, leafHash(proof.head_leaf), proof.inclusion, checkpoint.root);
  demand(same(proof.head_leaf.subarray(0, 2), HEAD_LEAF), 'not a head');
  const head = decodeCanonical('tlog.v1.Head', proof.head_leaf.subarray(2));
  demand(same(head.deployment, trust.deployment), 'a head of another deployment');
  demand(
    head.sequence >= 1n && head.directory_root.length === 32 && head.publication_root.length === 32,
    'a head without its roots',
  );
  requireFresh(head.time_unix_ms, nowMs, 'head');
  return {checkpoint, head};
}

// What an `EntryProof` shows of a handle: {checkpoint, head, entry, erasedVersion}. Whether the checkpoint extends
// an earlier one, and an entry an earlier one, the caller checks.
export function checkEntryProof(proof, handle, trust, nowMs) {
  checkHandle(handle);
  const {checkpoint, head} = checkHead(proof.head, trust, nowMs);
  const value = checkMapProof(
    proof.map_proof,
    directoryPosition(trust.deployment, handle),
    head.directory_root,
  );
  const erasedVersion = proof.erased_version;
  let entry = null;
  let expected = null;
  if (proof.signed_entry) {
    demand(erasedVersion === 0n && proof.salt.length === 32, 'an entry, and what goes with none');
    entry = checkEntry(proof.signed_entry, handle, trust);
    expected = directoryValue(entry.version, directoryCommitment(proof.salt, entry.bytes));
  } else {
    demand(proof.salt.length === 0 && erasedVersion !== 1n, 'no entry, and what goes with one');
    if (erasedVersion) expected = directoryValue(erasedVersion, zeros(32));
  }
  demand(expected ? value && same(value, expected) : value === null, 'the map holds something else');
  return {checkpoint, head, entry, erasedVersion};
}
