// The client in this folder and `letterlock` write to each other. How it is run: stage.mjs.

import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Code} from './calls.mjs';
import {Client, mailboxKey} from './client.mjs';
import {enumOf} from './messages.mjs';
import {Refused, random, same, zeros} from './primitives.mjs';
import {BODY, FIRST, Folder, ada, adaId, adaReads, failed, member, sendAsAda, servers} from './stage.mjs';

const Delivery = enumOf('mail.v1.DeliveryState');

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
