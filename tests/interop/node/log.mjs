// The log (docs/formats.md, "Log leaves" and "Trust file"): C2SP signed-note, tlog-checkpoint and tlog-cosignature, and
// the proofs of RFC 6962. Sizes and indices are BigInts.

import {
  H,
  base64,
  checkEd25519Key,
  concat,
  demand,
  same,
  u8,
  utf8,
  verifyRaw,
  Refused,
} from './primitives.mjs';

const LOG = 1; // Signature types of a verification key.
const COSIGNATURE = 4;
const MOST_SIGNATURES = 100;
const LATEST_COSIGNATURE = (1n << 63n) - 1n;
const NAME = /^[^\p{White_Space}+]+$/u;
const OLDEST_MS = 600_000n;
const MOST_AHEAD_MS = 120_000n;

export function requireFresh(timeMs, nowMs, what) {
  demand(
    timeMs + OLDEST_MS >= nowMs && timeMs <= nowMs + MOST_AHEAD_MS,
    `${what}: stale, or from the future`,
  );
}

// --- signed notes ---------------------------------------------------------------------------------

// "name+id+base64(type ‖ key)"
export function parseVkey(text) {
  const [name, id, rest] = [/^([^+]*)\+([0-9a-f]{8})\+(.+)$/s.exec(text) ?? []].map((match) =>
    match.slice(1),
  )[0];
  demand(rest !== undefined && NAME.test(name), 'not a verification key');
  const typed = base64(rest);
  const type = typed[0];
  demand(type === LOG || type === COSIGNATURE, 'a verification key of an unknown type');
  const key = typed.subarray(1);
  checkEd25519Key(key);
  demand(
    same(H(Buffer.from(`${name}\n`), typed).subarray(0, 4), Buffer.from(id, 'hex')),
    'a verification key of another id',
  );
  return {name, id, type, key};
}

function parseSignatureLine(line) {
  const match = /^— (\S+) (\S+)$/u.exec(line);
  demand(match && NAME.test(match[1]), 'not a signature line');
  const bytes = base64(match[2]);
  demand(bytes.length > 4, 'a signature line without a signature');
  return {name: match[1], id: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4)};
}

function verifyNote(text, {type, key}, signature) {
  if (type === LOG) {
    verifyRaw(key, Buffer.from(text), signature, 'a known key, and not its signature');
    return null;
  }
  demand(signature.length === 72, 'not a cosignature');
  const timestamp = signature.readBigUInt64BE(0);
  demand(timestamp <= LATEST_COSIGNATURE, 'a cosignature of no time');
  verifyRaw(
    key,
    Buffer.from(`cosignature/v1\ntime ${timestamp}\n${text}`),
    signature.subarray(8),
    'a known witness, and not its signature',
  );
  return timestamp;
}

// The text of a note, and who of `keys` signed it: [{key, timestamp}], a timestamp in seconds for cosignatures. Every
// signature by one of them has to verify, and one at least has to be there.
export function openNote(bytes, keys) {
  const note = utf8(bytes);
  demand(!/[\u0000-\u0009\u000b-\u001f]/.test(note), 'a note with control characters');
  const split = note.lastIndexOf('\n\n');
  demand(split >= 0 && note.endsWith('\n'), 'not a signed note');
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  demand(lines.length <= MOST_SIGNATURES, 'too many signatures');
  const signers = [];
  const seen = new Set();
  for (const line of lines) {
    const {name, id, signature} = parseSignatureLine(line);
    const known = keys.filter((key) => key.name === name && key.id === id);
    demand(known.length < 2, 'two keys of one name and id');
    if (!known.length) continue;
    const timestamp = verifyNote(text, known[0], signature);
    if (!seen.has(line)) signers.push({key: known[0], timestamp});
    seen.add(line);
  }
  demand(signers.length, 'signed by nobody who is known');
  return {text, signers};
}

// --- checkpoints ----------------------------------------------------------------------------------

// {origin, size, root, cosignatures} of a checkpoint that `log` signed.
export function openCheckpoint(bytes, log, witnesses) {
  const {text, signers} = openNote(bytes, [log, ...witnesses]);
  demand(
    signers.some(({key}) => key === log),
    'not signed by the log',
  );
  const match = /^([^\n]+)\n(0|[1-9][0-9]{0,19})\n([^\n]+)\n$/.exec(text);
  demand(match, 'not a checkpoint');
  const [, origin, digits, encoded] = match;
  const size = BigInt(digits);
  const root = base64(encoded);
  demand(origin === log.name, "another log's checkpoint");
  demand(size < 1n << 64n && root.length === 32, 'not a checkpoint');
  demand(size > 0n || same(root, H()), 'an empty tree with a root');
  return {origin, size, root, cosignatures: signers.filter(({timestamp}) => timestamp !== null)};
}

// --- what is trusted ------------------------------------------------------------------------------

const MEMBERS = {any: () => 1, all: (count) => count};

// The part behind "tlog-policy": C2SP tlog-policy text.
function parsePolicy(lines) {
  const policy = {log: null, witnesses: [], groups: new Map(), quorum: null};
  for (const line of lines) {
    const [keyword, ...words] = line.trim().split(/[ \t]+/);
    if (!keyword || keyword.startsWith('#')) continue;
    demand(policy.quorum === null, 'a trust file goes on behind its quorum');
    if (keyword === 'log' && words.length <= 2 && !policy.log) {
      policy.log = parseVkey(words[0]);
    } else if (keyword === 'witness' && (words.length === 2 || words.length === 3)) {
      const witness = parseVkey(words[1]);
      demand(witness.type === COSIGNATURE && !policy.groups.has(words[0]), 'not a witness');
      policy.witnesses.push(witness);
      policy.groups.set(words[0], {witness});
    } else if (keyword === 'group' && words.length >= 3) {
      const [name, count, ...members] = words;
      const threshold = MEMBERS[count]?.(members.length) ?? Number(count);
      demand(threshold >= 1 && threshold <= members.length && !policy.groups.has(name), 'not a group');
      policy.groups.set(name, {threshold, members: members.map((member) => groupOf(policy, member))});
    } else {
      demand(keyword === 'quorum' && words.length === 1, 'a line that no trust file has');
      policy.quorum = words[0] === 'none' ? {threshold: 0, members: []} : groupOf(policy, words[0]);
    }
  }
  demand(policy.log?.type === LOG && policy.quorum, 'a trust file without a log or a quorum');
  return policy;
}

function groupOf(policy, name) {
  demand(policy.groups.has(name), 'a group that is not there');
  return policy.groups.get(name);
}

function reached(group, witnesses) {
  if (group.witness) return witnesses.has(group.witness);
  return group.members.filter((member) => reached(member, witnesses)).length >= group.threshold;
}

export class Trust {
  constructor(text) {
    const lines = text.split('\n');
    demand(lines.shift() === 'letterlock-trust/v1' && lines.at(-1) === '', 'not a trust file');
    const policyAt = lines.indexOf('tlog-policy');
    demand(policyAt >= 0, 'a trust file without a log');
    this.development = false;
    this.registrars = [];
    for (const line of lines.slice(0, policyAt)) {
      const [keyword, value] = line.split(' ');
      if (keyword === 'deployment' && /^[0-9a-f]{32}$/.test(value))
        this.deployment = Buffer.from(value, 'hex');
      else if (line === 'development') this.development = true;
      else if (keyword === 'registrar') this.registrars.push(base64(value));
      // Policies are for those who check exports.
      else
        demand(
          line.startsWith('#') || /^policy-(key|threshold)$/.test(keyword),
          'a line that no trust file has',
        );
    }
    demand(this.deployment, 'a trust file without a deployment');
    demand(
      this.development === (this.registrars.length === 0),
      'a trust file that does not say who registers',
    );
    this.policy = parsePolicy(lines.slice(policyAt + 1));
  }

  // A checkpoint that the log signed and that enough witnesses saw lately.
  openCheckpoint(bytes, nowMs) {
    const checkpoint = openCheckpoint(bytes, this.policy.log, this.policy.witnesses);
    const fresh = checkpoint.cosignatures.filter(({timestamp}) => isFresh(timestamp * 1000n, nowMs));
    demand(reached(this.policy.quorum, new Set(fresh.map(({key}) => key))), 'too few witnesses');
    return checkpoint;
  }
}

function isFresh(timeMs, nowMs) {
  try {
    requireFresh(timeMs, nowMs, 'cosignature');
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

// --- RFC 6962 -------------------------------------------------------------------------------------

export const leafHash = (leaf) => H(u8(0), leaf);
const nodeHash = (left, right) => H(u8(1), left, right);

// RFC 9162, section 2.1.3.2.
export function verifyInclusion(index, size, leaf, proof, root) {
  demand(index < size, 'beyond the tree');
  demand(leaf.length === 32 && root.length === 32, 'not a hash');
  let [node, last, hash] = [index, size - 1n, leaf];
  for (const sibling of proof) {
    demand(last > 0n && sibling.length === 32, 'an inclusion proof that does not fit');
    if (node & 1n || node === last) {
      hash = nodeHash(sibling, hash);
      while (!(node & 1n) && node > 0n) [node, last] = [node >> 1n, last >> 1n];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  demand(last === 0n && same(hash, root), 'not in the log');
}

// RFC 9162, section 2.1.4.2. Of equal size the roots are equal and the proof is empty; the empty tree is in every one.
export function verifyConsistency(oldSize, newSize, oldRoot, newRoot, proof) {
  demand(oldSize <= newSize, 'the log shrank');
  demand(oldRoot.length === 32 && newRoot.length === 32, 'not a hash');
  if (oldSize === newSize || oldSize === 0n) {
    demand(proof.length === 0, 'a consistency proof of nothing');
    demand(oldSize === 0n ? same(oldRoot, H()) : same(oldRoot, newRoot), 'the log forked');
    return;
  }
  const path = (oldSize & (oldSize - 1n)) === 0n ? [oldRoot, ...proof] : [...proof];
  demand(path.length && path.every((hash) => hash.length === 32), 'a consistency proof that does not fit');
  let [node, last] = [oldSize - 1n, newSize - 1n];
  while (node & 1n) [node, last] = [node >> 1n, last >> 1n];
  let [old, now] = [path[0], path[0]];
  for (const sibling of path.slice(1)) {
    demand(last > 0n, 'a consistency proof that does not fit');
    if (node & 1n || node === last) {
      old = nodeHash(sibling, old);
      now = nodeHash(sibling, now);
      while (!(node & 1n) && node > 0n) [node, last] = [node >> 1n, last >> 1n];
    } else {
      now = nodeHash(now, sibling);
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  demand(last === 0n && same(old, oldRoot) && same(now, newRoot), 'the log forked');
}
