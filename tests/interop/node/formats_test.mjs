// tests/vectors/letterlock and tests/vectors/merkle, whole, as far as a member's client reads them.

import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';
import {ed25519} from '@noble/curves/ed25519';
import {
  checkEntry,
  checkEntryProof,
  checkMapProof,
  checkStep,
  directoryCommitment,
  directoryPosition,
  directoryValue,
  mapRoot,
  memberId,
} from './directory.mjs';
import {open, paddedLength, seal} from './envelopes.mjs';
import {
  Trust,
  leafHash,
  openCheckpoint,
  openNote,
  parseVkey,
  verifyConsistency,
  verifyInclusion,
} from './log.mjs';
import {decode, decodeCanonical} from './messages.mjs';
import {
  H,
  Refused,
  ascii,
  checkEd25519Key,
  checkX25519Key,
  concat,
  ctx,
  ed25519Key,
  keyId,
  lp,
  sign,
  u8,
  verify,
  x25519Key,
  zeros,
} from './primitives.mjs';
import {signWithTorsion, signWithoutNonce} from './forgeries.mjs';

const hex = (text) => Buffer.from(text ?? '', 'hex');
// Integers that JavaScript's numbers don't hold become text.
const load = (name) =>
  JSON.parse(
    readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8').replace(
      /: (\d{17,})/g,
      ': "$1"',
    ),
  );
const vectors = (name) => load(`letterlock/${name}`);
const refuses = (call, name) => assert.throws(call, Refused, name);

test('identifiers', () => {
  const {
    genesis_statement: statement,
    deployment_of_statement: expected,
    deployment,
    members,
  } = vectors('identifiers');
  assert.equal(H(ctx('deployment'), hex(statement)).subarray(0, 16).toString('hex'), expected);
  assert.ok(members.length);
  for (const member of members) {
    const identity = ed25519Key(hex(member.identity_seed));
    assert.equal(identity.public.toString('hex'), member.identity_public);
    assert.equal(x25519Key(hex(member.encryption_private)).public.toString('hex'), member.encryption_public);
    assert.equal(keyId(identity.public).toString('hex'), member.identity_key_id);
    assert.equal(memberId(hex(deployment), identity.public, member.handle).toString('hex'), member.member);
  }
});

test('device certificates and sessions', () => {
  const {member, certificate, signature} = vectors('device_certificate');
  assert.equal(
    sign(ed25519Key(hex(member.identity_seed)), 'device-certificate', hex(certificate)).toString('hex'),
    signature,
  );
  decodeCanonical('mail.v1.DeviceCertificate', hex(certificate));
  const session = vectors('session');
  const device = ed25519Key(hex(session.member.device_seed));
  const signed = concat(
    hex(session.deployment),
    lp(ascii('letterlock-maild')),
    lp(ascii(session.server_name)),
    hex(session.member.member),
    device.public,
    hex(session.challenge),
  );
  assert.equal(sign(device, 'session', signed).toString('hex'), session.signature);
});

// --- envelopes ------------------------------------------------------------------------------------

function memberOf({handle, member, ...keys}, deployment) {
  const identity = ed25519Key(hex(keys.identity_seed));
  const encryption = x25519Key(hex(keys.encryption_private));
  return {
    entry: {
      deployment,
      handle,
      member: hex(member),
      genesis_key: identity.public,
      identity_key: identity.public,
      identity_key_id: keyId(identity.public),
      encryption_key: encryption.public,
      encryption_key_id: keyId(encryption.public),
    },
    keys: {identity, encryption},
  };
}

function membersOf(...members) {
  const entryOf = async (handle) => members.find(({entry}) => entry.handle === handle).entry;
  return {
    entryOf,
    signerOf: async (handle) => ({key: (await entryOf(handle)).identity_key, replaced: false}),
  };
}

function contentOf({attachments, ...message}) {
  const binary = (one) => ({
    ...one,
    key: hex(one.key),
    ciphertext_hash: hex(one.ciphertext_hash),
    size: BigInt(one.size),
  });
  return {...message, sent_unix_ms: BigInt(message.sent_unix_ms), attachments: attachments.map(binary)};
}

test('padding', () => {
  const {padding} = vectors('envelope');
  for (const [size, padded] of padding) assert.equal(paddedLength(size), padded, String(size));
});

test('envelopes are made as the vectors are, and both copies open', async () => {
  const {deployment, sender, recipient, envelopes} = vectors('envelope');
  const ada = memberOf(sender, hex(deployment));
  const ben = memberOf(recipient, hex(deployment));
  const members = membersOf(ada, ben);
  for (const vector of envelopes) {
    const made = {
      contentKey: hex(vector.content_key),
      nonce: hex(vector.nonce),
      messageId: hex(vector.message_id),
      threadId: hex(vector.thread_id),
    };
    const {envelope} = await seal(contentOf(vector.message), ada.entry, ada.keys, ben.entry, made);
    assert.equal(envelope.header.toString('hex'), vector.header, vector.name);
    assert.equal(envelope.ciphertext.toString('hex'), vector.ciphertext, vector.name);
    for (const [reader, wrap] of [
      [ben, vector.recipient_wrap],
      [ada, vector.sender_wrap],
    ]) {
      const copy = {header: envelope.header, ciphertext: envelope.ciphertext, wrap: hex(wrap)};
      const {content} = await open(copy, reader.entry, [reader.keys.encryption], members);
      assert.equal(content.body, vector.message.body);
      for (const part of ['header', 'ciphertext', 'wrap']) {
        const changed = {...copy, [part]: concat(copy[part].subarray(0, -1), u8(copy[part].at(-1) ^ 1))};
        await assert.rejects(
          open(changed, reader.entry, [reader.keys.encryption], members),
          Refused,
          `${vector.name}: ${part}`,
        );
      }
    }
  }
});

test('two contents do not share an envelope', async () => {
  const {deployment, sender, recipient, two_texts: two} = vectors('envelope');
  const ada = memberOf(sender, hex(deployment));
  const ben = memberOf(recipient, hex(deployment));
  const copy = {header: hex(two.header), ciphertext: hex(two.ciphertext)};
  const opened = [
    [ben, two.recipient_wrap],
    [ada, two.sender_wrap],
  ].map(([reader, wrap]) =>
    open({...copy, wrap: hex(wrap)}, reader.entry, [reader.keys.encryption], membersOf(ada, ben)),
  );
  assert.ok(
    (await Promise.allSettled(opened)).some(
      ({reason}) => reason instanceof Refused && /content key/.test(reason.message),
    ),
  );
});

// --- keys and signatures --------------------------------------------------------------------------

test('keys of small order are refused', () => {
  for (const point of [zeros(32), concat(u8(1), zeros(31))]) {
    refuses(() => checkX25519Key(point));
    refuses(() => checkEd25519Key(point));
  }
});

test('signatures that libraries disagree about are refused', () => {
  const key = ed25519Key(H(ascii('a key')));
  const message = ascii('m');
  verify(key.public, 'message', message, sign(key, 'message', message));
  for (const forge of [signWithTorsion, signWithoutNonce]) {
    const signature = forge(key, 'message', message);
    const library = ed25519.verify(signature, concat(ctx('message'), message), key.public);
    assert.ok(library, `${forge.name}: the library alone takes it`);
    refuses(() => verify(key.public, 'message', message, signature), forge.name);
  }
});

// --- the log --------------------------------------------------------------------------------------

test('verification keys and notes', () => {
  const {vkeys, notes, refused} = vectors('note');
  for (const {name, type, vkey} of vkeys.accepted) {
    const key = parseVkey(vkey);
    assert.deepEqual([key.name, String(key.type)], [name, String(type)]);
  }
  for (const {name, vkey} of vkeys.refused) refuses(() => parseVkey(vkey), name);
  for (const {name, keys, note, text, signatures} of notes) {
    const known = keys.map(parseVkey);
    const opened = openNote(Buffer.from(note), known);
    assert.equal(opened.text, text, name);
    assert.deepEqual(
      opened.signers.map(({key, timestamp}) => [known.indexOf(key), String(timestamp ?? '')]),
      signatures.map(({key, timestamp}) => [key, String(timestamp ?? '')]),
      name,
    );
  }
  for (const {name, keys, note} of refused)
    refuses(() => openNote(Buffer.from(note), keys.map(parseVkey)), name);
});

test('checkpoints', () => {
  const {checkpoints, refused} = vectors('checkpoint');
  const opened = ({logs, witnesses, note}) =>
    openCheckpoint(Buffer.from(note), parseVkey(logs[0]), witnesses.map(parseVkey));
  for (const vector of checkpoints) {
    const {origin, size, root, cosignatures} = opened(vector);
    assert.deepEqual(
      [origin, size, root.toString('hex')],
      [vector.origin, BigInt(vector.size ?? 0), vector.root],
      vector.name,
    );
    assert.deepEqual(
      cosignatures.map(({timestamp}) => timestamp),
      (vector.cosignatures ?? []).map(({timestamp}) => BigInt(timestamp)),
    );
  }
  for (const vector of refused) refuses(() => opened(vector), vector.name);
});

test('Merkle proofs', () => {
  const bytes = (list) => (list ?? []).map((one) => Buffer.from(one, 'base64'));
  const holds = (name, wanted, call) => (wanted ? call() : refuses(call, name));
  for (const one of load('merkle/inclusion').cases) {
    const [leaf, root] = bytes([one.leafHash ?? '', one.root ?? '']);
    holds(one.name, !one.wantErr, () =>
      verifyInclusion(BigInt(one.leafIdx), BigInt(one.treeSize), leaf, bytes(one.proof), root),
    );
  }
  for (const one of load('merkle/consistency').cases) {
    const [old, now] = bytes([one.root1 ?? '', one.root2 ?? '']);
    // For equal sizes the file leaves open what a root is; here it is a hash.
    holds(one.name, !one.wantErr && old.length === 32, () =>
      verifyConsistency(BigInt(one.size1), BigInt(one.size2), old, now, bytes(one.proof)),
    );
  }
});

test('leaves', () => {
  const {leaves, refused_heads: refused, deployment} = vectors('leaf');
  const names = {head: 'tlog.v1.Head', genesis: 'tlog.v1.GenesisStatement'};
  for (const {type, message, body, leaf, leaf_hash: hash} of leaves) {
    decodeCanonical(names[message], hex(body));
    assert.equal(concat(u8(type), u8(1), hex(body)).toString('hex'), leaf);
    assert.equal(leafHash(hex(leaf)).toString('hex'), hash);
  }
  for (const {name, body} of refused) refuses(() => decodeCanonical('tlog.v1.Head', hex(body)), name);
  assert.equal(
    H(ctx('deployment'), hex(deployment.genesis_statement)).subarray(0, 16).toString('hex'),
    deployment.deployment,
  );
});

// --- the directory --------------------------------------------------------------------------------

test('maps and their proofs', () => {
  const {maps, refused, directory} = vectors('map');
  for (const {name, leaves, root, proofs} of maps) {
    assert.equal(
      mapRoot(leaves.map(({position, value}) => [hex(position), hex(value)])).toString('hex'),
      root,
      name,
    );
    for (const {position, proof, value} of proofs) {
      assert.equal(checkMapProof(hex(proof), hex(position), hex(root))?.toString('hex'), value, name);
    }
  }
  for (const {name, proof, root, position} of refused) {
    refuses(() => checkMapProof(hex(proof), hex(position), hex(root)), name);
  }
  for (const one of directory) {
    assert.equal(directoryPosition(hex(one.deployment), one.handle).toString('hex'), one.position);
    const commitment = directoryCommitment(hex(one.salt), hex(one.entry));
    assert.equal(commitment.toString('hex'), one.commitment);
    assert.equal(directoryValue(BigInt(one.version), commitment).toString('hex'), one.value);
    assert.equal(directoryValue(BigInt(one.version), zeros(32)).toString('hex'), one.erased_value);
  }
});

test('entry proofs', () => {
  const {trusts, lookups, refused} = vectors('directory');
  const check = (one) =>
    checkEntryProof(
      decode('directory.v1.EntryProof', hex(one.proof)),
      one.handle,
      new Trust(trusts[one.trust]),
      BigInt(one.now_ms),
    );
  for (const one of lookups) {
    const {checkpoint, head, entry, erasedVersion} = check(one);
    assert.equal(checkpoint.size, BigInt(one.checkpoint_size), one.name);
    assert.deepEqual(
      [head.sequence, head.directory_root.toString('hex')],
      [BigInt(one.head_sequence), one.head_root],
    );
    assert.equal(entry ? 'entry' : erasedVersion ? 'erased' : 'absent', one.state, one.name);
    if (erasedVersion) assert.equal(erasedVersion, BigInt(one.version));
    for (const field of entry ? ['member', 'identity_key', 'encryption_key'] : []) {
      assert.equal(entry[field].toString('hex'), one[field], one.name);
    }
  }
  for (const one of refused) refuses(() => check(one), one.name);
});

test('steps from one entry to the next', () => {
  const {trusts, transitions} = vectors('directory');
  const trust = new Trust(trusts.production);
  for (const {name, code, previous, signed_entry: signed} of transitions) {
    const before = decodeCanonical('directory.v1.DirectoryEntry', hex(previous));
    const after = decode('directory.v1.SignedEntry', hex(signed));
    const step = () => checkStep({...before, bytes: hex(previous)}, checkEntry(after, 'ada', trust));
    if (code === 'OK') step();
    else refuses(step, name);
  }
});
