// What strangers and servers can make that nobody may believe: this client and `letterlock` refuse it alike. How it is run:
// stage.mjs; where first contacts arrive in the inbox, for strangers write often.

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {CallFailed, Code} from './calls.mjs';
import {Client} from './client.mjs';
import {checkEntry} from './directory.mjs';
import {sealContent} from './envelopes.mjs';
import {signWithTorsion, signWithoutNonce} from './forgeries.mjs';
import {decode, encode} from './messages.mjs';
import {H, Refused, ascii, concat, ed25519Key, random, sign, zeros} from './primitives.mjs';
import {ada, adaReads, failed, member, servers} from './stage.mjs';

test("another key than the directory's signs for nobody", async () => {
  const tom = await member('tom');
  const ned = await member('ned');
  const keys = {...tom.keys, identity: ed25519Key(random(32))};
  const toAda = await tom.seal('ada', {body: "not by tom's key"}, {keys});
  await tom.send(toAda.envelope);
  const {error} = await adaReads(toAda.header.message_id, {expect: 4});
  assert.equal(error.problem, 'verification-failed');
  const listed = await Promise.all(['inbox', 'requests'].map((name) => ada.json([name])));
  const id = toAda.header.message_id.toString('hex');
  assert.ok(!listed.flatMap(({messages}) => messages).some((one) => one.id === id));
  assert.ok(listed.flatMap(({refused}) => refused).some((one) => one.id === id));

  const toNed = await tom.seal('ned', {body: "not by tom's key"}, {keys});
  await tom.send(toNed.envelope);
  await assert.rejects(ned.read(tom.entry.member, toNed.header.message_id), Refused);
});

test('what a stranger can write that nobody may be shown, neither side shows', async () => {
  const mal = await member('mal');
  const eva = await member('eva');
  await member('sue');
  const written = {
    body: 'a body',
    body_format: 1,
    sent_unix_ms: 1n,
    sender_handle: 'mal',
  };
  const signWith = (bytes) => sign(mal.identity, 'message', bytes);
  const content = (changes) => (to) => [
    encode('mail.v1.Content', {...written, recipient_handle: to, ...changes}),
    {},
  ];
  const sealed = (made) => (to) => [content({})(to)[0], made];
  const unknownField = Buffer.from('a00601', 'hex');
  const forgeries = {
    "in another member's name": content({sender_handle: 'sue'}),
    "in the reader's own name": (to) => content({sender_handle: to})(to),
    'meant for somebody else': content({recipient_handle: 'mal-2'}),
    'no handle': content({sender_handle: ''}),
    'a subject of 201 characters': content({subject: 's'.repeat(201)}),
    'a body of 2,001 characters': content({body: 'b'.repeat(2001)}),
    'no format': content({body_format: 0}),
    'a format that nobody knows': content({body_format: 3}),
    'a message to oneself': (to) => content({imported: {source: 'linkedin'}, sender_handle: to})(to),
    "another archive's message": content({imported: {source: 'linkedin'}}),
    'an attachment with a path': content({
      attachments: [{file_name: 'a/b', key: zeros(32), ciphertext_hash: zeros(32), chunk_count: 1}],
    }),
    'an attachment with a short key': content({
      attachments: [{file_name: 'a', key: zeros(31), ciphertext_hash: zeros(32), chunk_count: 1}],
    }),
    'a field that nobody knows': (to) => [concat(content({})(to)[0], unknownField), {}],
    'a default that is written': (to) => [concat(Buffer.from('0a00', 'hex'), content({})(to)[0]), {}],
    'text that is not UTF-8': (to) => [concat(Buffer.from('0a01ff', 'hex'), content({})(to)[0]), {}],
    'another commitment': sealed({commitment: random(32)}),
    'padding that is not zero': sealed({
      pad: (bytes, length) => concat(bytes, zeros(length - bytes.length - 1), Buffer.from('1')),
    }),
    'more padding than needed': sealed({paddedLength: () => 512}),
    'a length that does not fit': sealed({pad: (bytes, length) => Buffer.alloc(length, 0xff)}),
    'a signature over something else': sealed({signWith: (bytes) => signWith(concat(bytes, bytes))}),
    'a signature that holds with the cofactor': sealed({
      signWith: (bytes) => signWithTorsion(mal.identity, 'message', bytes),
    }),
    'a signature without a nonce': sealed({
      signWith: (bytes) => signWithoutNonce(mal.identity, 'message', bytes),
    }),
  };
  const send = async (reader, make) => {
    const [bytes, made] = make(reader.handle);
    const {envelope, header} = await sealContent(bytes, mal.entry, reader, {signWith, ...made});
    await mal.send(envelope);
    return header.message_id;
  };
  const toAda = await mal.entryOf('ada');
  // What is written well is shown.
  await eva.read(mal.entry.member, await send(eva.entry, content({})));
  await adaReads(await send(toAda, content({})));
  const ids = {};
  for (const [name, make] of Object.entries(forgeries)) {
    const toEva = await send(eva.entry, make);
    await assert.rejects(eva.read(mal.entry.member, toEva), Refused, name);
    ids[(await send(toAda, make)).toString('hex')] = name;
  }
  const listed = await Promise.all(['inbox', 'requests'].map((name) => ada.json([name])));
  const refused = listed.flatMap((listing) => listing.refused.map(({id}) => ids[id]));
  assert.deepEqual(refused.filter(Boolean).sort(), Object.values(ids).sort());
});

test('what one side does not believe of an entry, the other refuses, too', async () => {
  const ula = new Client(servers, 'ula');
  const signed = ula.signedEntry();
  const signedBy = (forge) => ({...signed, signature: forge(ula.identity, 'directory-entry', signed.entry)});
  const asRead = (entry) => decode('directory.v1.SignedEntry', encode('directory.v1.SignedEntry', entry));
  const vouchedFor = {...signed, registrar_attestation: {registrar_key: ula.identity.public}};
  for (const [wrong, code, reason] of [
    [signedBy(signWithTorsion), Code.INVALID_ARGUMENT, 'BAD_SIGNATURE'],
    [signedBy(signWithoutNonce), Code.INVALID_ARGUMENT, 'BAD_SIGNATURE'],
    [vouchedFor, Code.INVALID_ARGUMENT, 'REGISTRAR_INVALID'],
  ]) {
    assert.throws(() => checkEntry(asRead(wrong), 'ula', servers.trust), Refused);
    await assert.rejects(ula.publish(wrong), failed(code, reason));
  }
  checkEntry(asRead(signed), 'ula', servers.trust);
  await ula.publish(signed);
});

test('a log that is not the one from before is refused', async () => {
  const fay = await member('fay');
  fay.checkpoint = {...fay.checkpoint, root: H(ascii('another tree'))};
  await assert.rejects(fay.lookup('ada'), Refused, 'forked');
  fay.checkpoint = {size: 1n << 40n, root: zeros(32)};
  await assert.rejects(
    fay.lookup('ada'),
    (error) => error instanceof CallFailed || error instanceof Refused,
    'shrank',
  );
});

test('a directory that shows an older entry than before is refused', async () => {
  const gus = await member('gus');
  const hal = await member('hal');
  const {proof} = await hal.lookup('gus');
  await gus.rotate();
  assert.equal((await hal.entryOf('gus')).version, 2n);
  const directory = {
    unary: async (service, method, request) =>
      method === 'Lookup' ? {proof} : servers.directory.unary(service, method, request),
  };
  hal.servers = {...servers, directory};
  await assert.rejects(hal.entryOf('gus'), /older than a known one/);
  assert.equal((await (await member('ivy')).entryOf('gus')).version, 2n);
});

test('a mail server that answers with something else is refused', async () => {
  const joe = await member('joe');
  const kay = await member('kay');
  const sent = [];
  for (const body of ['one', 'two']) {
    sent.push(await joe.seal('kay', {body}, sent.length ? {threadId: sent[0].header.thread_id} : {}));
    await joe.send(sent.at(-1).envelope);
  }
  const ids = sent.map(({header}) => header.message_id);
  const asKept = ({header, recipient_wrap: wrap, ciphertext}) => ({header, wrap, ciphertext});
  const answering =
    ({envelope}) =>
    async () => ({results: [{message: asKept(envelope)}]});
  const honest = kay.call;
  kay.call = answering(sent[1]);
  await assert.rejects(kay.read(joe.entry.member, ids[0]), /another message than was asked for/);
  kay.call = honest;
  assert.equal((await kay.read(joe.entry.member, ids[0])).content.body, 'one');
  kay.call = answering(await joe.seal('kay', {body: 'another one'}, {messageId: ids[0]}));
  await assert.rejects(kay.read(joe.entry.member, ids[0]), /other bytes under a known sender and id/);
});
