// The client in this folder and `letterlock` write to each other through real daemons.
//
//     node client_test.mjs PROGRAM CLIENT-TOML FOLDER FIRST-FOLDER
//
// PROGRAM is letterlock; the daemons that CLIENT-TOML names run; FOLDER is there and takes accounts; FIRST-FOLDER
// (inbox or requests) is where a first contact arrives.

import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {CallFailed, Code, Servers} from './calls.mjs';
import {Client, mailboxKey} from './client.mjs';
import {checkEntry} from './directory.mjs';
import {decode, encode, enumOf} from './messages.mjs';
import {sealContent} from './envelopes.mjs';
import {Member} from './letterlock.mjs';
import {H, Refused, ascii, concat, ed25519Key, random, same, sign, zeros} from './primitives.mjs';
import {signWithTorsion, signWithoutNonce} from './forgeries.mjs';

const [program, config, folder, firstFolder] = process.argv.slice(2);
const BODY = 'Both ways,\n\u674e \u660e: \u00e9\u0301 \u{1f511} <b>&amp;\ttabs\n';
const Folder = enumOf('mail.v1.Folder');
const FIRST = {inbox: Folder.FOLDER_INBOX, requests: Folder.FOLDER_REQUESTS}[firstFolder];
const Delivery = enumOf('mail.v1.DeliveryState');

let servers;
let ada; // Uses letterlock; everybody else uses this folder's client.
let adaId;

before(async () => {
  assert.ok(FIRST, 'inbox or requests');
  servers = new Servers(config);
  ada = new Member(program, config, folder, 'ada');
  await ada.create();
  adaId = Buffer.from((await ada.json(['account', 'show'])).member, 'hex');
});
after(() => servers.close());

async function member(handle) {
  const made = new Client(servers, handle);
  assert.equal((await made.create()).created, true);
  return made;
}

const sendAsAda = (words, body = BODY) => ada.json(words, {stdin: body});
const adaReads = (id, options) => ada.json(['read', id.toString('hex')], options);

function failed(code, reason) {
  return (error) => {
    assert.ok(error instanceof CallFailed, error.stack);
    assert.deepEqual([Code[error.code], error.reason], [Code[code], reason]);
    assert.match(error.requestId, /./, 'an operator can find it');
    return true;
  };
}

// The client finds what ada sent, and reads it as she wrote it.
async function assertReads(reader, receipt, subject, inFolder) {
  const messageId = Buffer.from(receipt.id, 'hex');
  assert.ok(reader.holds(adaId, messageId));
  const {header, content, state} = await reader.read(adaId, messageId);
  assert.deepEqual([content.subject, content.body], [subject, BODY]);
  assert.deepEqual([content.sender_handle, content.recipient_handle], ['ada', reader.handle]);
  assert.equal(header.thread_id.toString('hex'), receipt.thread);
  assert.equal(state.folder, inFolder);
}

test('an account that both see alike', async () => {
  const pia = new Client(servers, 'pia');
  assert.equal((await pia.lookup('pia')).entry, null);
  assert.deepEqual(await pia.create(), {created: true, entry_version: 1n});
  await pia.checkGenesis();
  const seen = await ada.json(['lookup', 'pia']);
  for (const field of ['member', 'identity_key', 'encryption_key']) {
    assert.equal(seen[field], pia.entry[field].toString('hex'));
  }
  assert.ok(same((await pia.entryOf('ada')).member, adaId));
  await assert.rejects(new Client(servers, 'pia').create(), Refused, 'the handle is taken');
});

test('this client writes; letterlock reads, accepts and answers', async () => {
  const quin = await member('quin');
  await quin.sync();
  const {envelope, header} = await quin.seal('ada', {subject: 'From JavaScript \u2713', body: BODY});
  const sent = await quin.send(envelope);
  assert.equal(sent.state, Delivery.DELIVERY_STATE_DELIVERED);
  assert.deepEqual(await quin.send(envelope), sent, 'the same bytes again get the first answer');

  const id = header.message_id.toString('hex');
  const read = await adaReads(header.message_id);
  const said = {
    subject: 'From JavaScript \u2713',
    body: BODY,
    from: 'quin',
    to: 'ada',
    signature: 'verified',
    id,
    thread: id,
    sender: quin.entry.member.toString('hex'),
  };
  assert.deepEqual(Object.fromEntries(Object.keys(said).map((key) => [key, read[key]])), said);

  const receipt = await sendAsAda(['reply', id, '--subject', 'From C++']);
  assert.equal(receipt.thread, id);
  assert.ok((await quin.sync()) >= 2);
  await assertReads(quin, receipt, 'From C++', Folder.FOLDER_INBOX);
  const own = await quin.read(quin.entry.member, header.message_id);
  assert.deepEqual([own.content.body, own.state.folder], [BODY, Folder.FOLDER_SENT]);

  const again = await quin.seal('ada', {body: 'in the thread'}, {threadId: header.thread_id});
  await quin.send(again.envelope);
  const follow = await adaReads(again.header.message_id);
  assert.deepEqual([follow.thread, follow.body, follow.subject], [id, 'in the thread', '']);
});

test('letterlock writes first', async () => {
  const rae = await member('rae');
  const receipt = await sendAsAda(['send', 'rae', '--subject', 'First']);
  assert.equal(receipt.delivery, 'delivered');
  await rae.sync();
  await assertReads(rae, receipt, 'First', FIRST);
});

test('a watch tells of mail that comes after it, and holds nothing else', async () => {
  const wil = await member('wil');
  await wil.sync();
  const notices = wil.watch();
  const next = notices[Symbol.asyncIterator]().next();
  const receipt = await sendAsAda(['send', 'wil', '--subject', 'Watched']);
  assert.deepEqual(await next, {done: false, value: {}});
  notices.cancel();
  assert.equal(await wil.sync(), 1);
  await assertReads(wil, receipt, 'Watched', FIRST);
});

test('a list comes in pages, newest first', async () => {
  const lee = await member('lee');
  const {envelope, header} = await lee.seal('ada', {body: 'one'});
  await lee.send(envelope);
  await sendAsAda(['reply', header.message_id.toString('hex'), '--subject', 'two']);
  await lee.send((await lee.seal('ada', {body: 'three'}, {threadId: header.thread_id})).envelope);
  const listed = [];
  for await (const {state} of lee.list(Folder.FOLDER_UNSPECIFIED, 1)) listed.push(state);
  assert.deepEqual(
    listed.map((state) => state.folder),
    [Folder.FOLDER_SENT, Folder.FOLDER_INBOX, Folder.FOLDER_SENT],
  );
  assert.ok(listed[0].sequence > listed[1].sequence && listed[1].sequence > listed[2].sequence);
});

test('sync follows what came and what was deleted', async () => {
  const sol = await member('sol');
  assert.equal(await sol.sync(), 0);
  const receipt = await sendAsAda(['send', 'sol', '--subject', 'One']);
  assert.equal(await sol.sync(), 1);
  assert.equal(await sol.sync(), 0);
  const reference = {sender: adaId, message_id: Buffer.from(receipt.id, 'hex')};
  assert.deepEqual([...sol.mailbox.keys()], [mailboxKey(adaId, reference.message_id)]);
  const {results} = await sol.call('Delete', {references: [reference]});
  assert.deepEqual(results, [{deleted: true}]);
  assert.equal(await sol.sync(), 1);
  assert.equal(sol.mailbox.size, 0);
  await assert.rejects(sol.read(adaId, reference.message_id), Refused);
});

test('keys that were changed by who held the old ones are followed, both ways', async () => {
  const kim = await member('kim');
  const lou = await member('lou');
  const early = await kim.seal('lou', {body: 'before'});
  await kim.send(early.envelope);
  await lou.entryOf('kim'); // Pinned.
  assert.deepEqual(await kim.rotate(), {created: false, entry_version: 2n});
  assert.deepEqual(await kim.rotate(), {created: false, entry_version: 3n});
  assert.equal((await lou.entryOf('kim')).version, 3n);

  const later = await lou.seal('kim', {body: 'after'}, {threadId: early.header.thread_id});
  await lou.send(later.envelope);
  assert.equal((await kim.read(lou.entry.member, later.header.message_id)).content.body, 'after');
  for (const [reader, sender, {header}, replaced] of [
    [lou, kim, early, true],
    [kim, kim, early, true],
    [lou, lou, later, false],
  ]) {
    assert.equal((await reader.read(sender.entry.member, header.message_id)).replaced, replaced);
  }
});

test('letterlock follows changed keys', async () => {
  const tia = await member('tia');
  const early = await tia.seal('ada', {body: 'before'});
  await tia.send(early.envelope);
  assert.equal((await adaReads(early.header.message_id)).signature, 'verified');
  await tia.rotate();
  assert.equal((await ada.json(['lookup', 'tia'])).identity_key_changed, true);
  assert.equal((await adaReads(early.header.message_id)).signature, 'verified-under-replaced-key');
  const receipt = await sendAsAda([
    'reply',
    early.header.message_id.toString('hex'),
    '--subject',
    'To the new key',
  ]);
  await tia.sync();
  await assertReads(tia, receipt, 'To the new key', Folder.FOLDER_INBOX);
});

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
  // What is written well is shown; and may go on being written, where somebody has to accept that.
  await eva.read(mal.entry.member, await send(eva.entry, content({})));
  await adaReads(await send(toAda, content({})));
  if (firstFolder === 'requests') {
    await eva.call('Respond', {member: mal.entry.member, answer: enumOf('mail.v1.Answer').ANSWER_ACCEPT});
    await ada.json(['respond', 'accept', 'mal']);
  }
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

test("a session for another server's name is refused, one that ended is made anew", async () => {
  const uma = await member('uma');
  await assert.rejects(uma.openSession('relay.example'), failed(Code.UNAUTHENTICATED, 'WRONG_SERVER_NAME'));
  for (const token of [random(65), random(3)]) {
    uma.useToken(token);
    assert.equal(await uma.sync(), 0);
  }
});

test('errors name their reason and their field', async () => {
  const vic = await member('vic');
  const {envelope} = await vic.seal('ada', {body: 'one'});
  await vic.send(envelope);
  await assert.rejects(
    vic.send({...envelope, recipient_wrap: zeros(80)}),
    failed(Code.ALREADY_EXISTS, 'ID_REUSED'),
  );
  await assert.rejects(vic.call('List', {page_size: 201}), (error) => {
    failed(Code.INVALID_ARGUMENT, 'FIELD_RANGE')(error);
    assert.equal(error.field, 'page_size');
    return true;
  });
  await assert.rejects(vic.call('Sync', {token: 'nonsense'}), failed(Code.INVALID_ARGUMENT, 'PAGE_TOKEN'));
});
