// Sealing and opening (docs/formats.md, "Envelope"). Members are what `checkEntry` returns; own keys {identity,
// encryption}, an Ed25519 and an X25519 key.

import {checkHandle} from './directory.mjs';
import {decodeCanonical, encode, enumOf} from './messages.mjs';
import {
  H,
  aeadOpen,
  aeadSeal,
  allZero,
  concat,
  ctx,
  hkdf,
  hpkeOpen,
  hpkeSeal,
  keyId,
  lp,
  random,
  demand,
  same,
  sign,
  verify,
  zeros,
} from './primitives.mjs';

const NOTHING = zeros(0);
const MOST_PADDED = 32_768;
const MOST_ATTACHMENTS = 16;
const BODY_FORMAT = enumOf('mail.v1.BodyFormat');

export function padme(size) {
  if (size < 2) return size;
  const log = Math.floor(Math.log2(size));
  const step = 2 ** (log - Math.floor(Math.log2(log)) - 1);
  return Math.ceil(size / step) * step;
}

export function paddedLength(size) {
  const rounded = Math.ceil(size / 256) * 256;
  return rounded <= 4_096 ? rounded : padme(size);
}

const contentCommitment = (contentKey) => hkdf(contentKey, NOTHING, 'content-commitment');
const encryptionKey = (contentKey) => hkdf(contentKey, NOTHING, 'content-key');

// --- content --------------------------------------------------------------------------------------

function characters(text) {
  const wellFormed = Buffer.from(text, 'utf8').toString('utf8') === text;
  demand(wellFormed, 'not Unicode');
  return [...text].length;
}

function checkAttachment({file_name: name, key, ciphertext_hash: hash}) {
  const bytes = Buffer.byteLength(name);
  demand(
    bytes >= 1 && bytes <= 255 && !/[/\0]/.test(name) && name !== '.' && name !== '..',
    'not a file name',
  );
  demand(key.length === 32 && hash.length === 32, 'not an attachment');
}

function checkContent(content) {
  demand(characters(content.subject) <= 200, 'a subject of more than 200 characters');
  demand(characters(content.body) <= 2_000, 'a body of more than 2,000 characters');
  demand(
    [BODY_FORMAT.BODY_FORMAT_PLAIN, BODY_FORMAT.BODY_FORMAT_HTML].includes(content.body_format),
    'no body format',
  );
  demand(content.attachments.length <= MOST_ATTACHMENTS, 'too many attachments');
  content.attachments.forEach(checkAttachment);
  checkHandle(content.sender_handle);
  checkHandle(content.recipient_handle);
  demand(!content.imported && content.sender_handle !== content.recipient_handle, 'an imported message');
}

// --- sealing --------------------------------------------------------------------------------------

const wrapAad = (header, id) => concat(H(header), id);
const signedBytes = (header, content) => concat(H(header), H(content));

// An `Envelope`, and the `header` that it holds. `made` names what is otherwise random, for test vectors.
export async function seal(message, sender, keys, recipient, made = {}) {
  const content = {
    body_format: BODY_FORMAT.BODY_FORMAT_PLAIN,
    sent_unix_ms: BigInt(Date.now()),
    subject: '',
    attachments: [],
    ...message,
    sender_handle: sender.handle,
    recipient_handle: recipient.handle,
  };
  checkContent(content);
  const signWith = (bytes) => sign(keys.identity, 'message', bytes);
  return sealContent(encode('mail.v1.Content', content), sender, recipient, {signWith, ...made});
}

const padTo = (signed, length) => concat(signed, zeros(length - signed.length));

// The same for content that nobody checked, and with `made.signWith(bytes)`, `made.pad(signed, length)`,
// `made.paddedLength(size)` and `made.commitment` for what is otherwise computed: for tests of who reads that.
export async function sealContent(contentBytes, sender, recipient, made) {
  const signedSize = encode('mail.v1.SignedContent', {content: contentBytes, signature: zeros(64)}).length;
  const contentKey = made.contentKey ?? random(32);
  const messageId = made.messageId ?? random(16);
  const header = {
    deployment: sender.deployment,
    suite: 1,
    message_id: messageId,
    thread_id: made.threadId ?? messageId,
    sender: sender.member,
    sender_identity_key_id: sender.identity_key_id,
    sender_encryption_key_id: sender.encryption_key_id,
    recipient: recipient.member,
    recipient_encryption_key_id: recipient.encryption_key_id,
    nonce: made.nonce ?? random(24),
    padded_length: (made.paddedLength ?? paddedLength)(4 + signedSize),
    commitment: made.commitment ?? contentCommitment(contentKey),
  };
  demand(header.padded_length <= MOST_PADDED, 'more than fits into an envelope');
  const headerBytes = encode('mail.v1.EnvelopeHeader', header);
  const signature = made.signWith(signedBytes(headerBytes, contentBytes));
  const signed = lp(encode('mail.v1.SignedContent', {content: contentBytes, signature}));
  const padded = (made.pad ?? padTo)(signed, header.padded_length);
  const wrap = (key, id) => hpkeSeal(key, 'wrap', wrapAad(headerBytes, id), contentKey);
  const envelope = {
    header: headerBytes,
    recipient_wrap: await wrap(recipient.encryption_key, header.recipient_encryption_key_id),
    sender_wrap: await wrap(sender.encryption_key, header.sender_encryption_key_id),
    ciphertext: aeadSeal(encryptionKey(contentKey), header.nonce, padded, headerBytes),
  };
  return {envelope, header};
}

// --- opening --------------------------------------------------------------------------------------

export function parseHeader(bytes, deployment) {
  const header = decodeCanonical('mail.v1.EnvelopeHeader', bytes);
  for (const [field, size] of [
    ['deployment', 16],
    ['message_id', 16],
    ['thread_id', 16],
    ['sender', 16],
    ['recipient', 16],
    ['sender_identity_key_id', 8],
    ['sender_encryption_key_id', 8],
    ['recipient_encryption_key_id', 8],
    ['nonce', 24],
    ['commitment', 32],
  ]) {
    demand(header[field].length === size, `${field} of another size`);
  }
  demand(same(header.deployment, deployment), 'another deployment');
  demand(header.suite === 1, 'an unknown suite');
  return header;
}

function unpad(padded) {
  const length = padded.readUInt32BE();
  demand(4 + length <= padded.length, 'a length that does not fit');
  demand(paddedLength(4 + length) === padded.length, 'padding that is not minimal');
  demand(allZero(padded.subarray(4 + length)), 'padding that is not zero');
  return padded.subarray(4, 4 + length);
}

// {header, content, replaced} of a `MailboxMessage` in the mailbox of the entry `own`, whose X25519 keys, earlier ones
// too, are `keys`. `members.entryOf(handle)` looks a handle up and verifies it; `members.signerOf(handle, id)` is
// {key, replaced}: the identity key with that id of its newest entry, or of one before. Nothing is returned before
// everything holds.
export async function open(message, own, keys, members) {
  const header = parseHeader(message.header, own.deployment);
  const received = same(header.recipient, own.member);
  demand(received !== same(header.sender, own.member), "not this mailbox's, or a message to oneself");
  demand(
    message.wrap.length === 80 && message.ciphertext.length === header.padded_length + 16,
    'a part of another size',
  );
  demand(header.padded_length >= 256 && header.padded_length <= MOST_PADDED, 'a padded length that none has');

  const contentKey = await unwrap(
    message,
    received ? header.recipient_encryption_key_id : header.sender_encryption_key_id,
    keys,
  );
  demand(same(contentCommitment(contentKey), header.commitment), 'another content key');
  const padded = aeadOpen(encryptionKey(contentKey), header.nonce, message.ciphertext, message.header);
  const signed = decodeCanonical('mail.v1.SignedContent', unpad(padded));
  const content = decodeCanonical('mail.v1.Content', signed.content);
  checkContent(content);

  const [ownHandle, otherHandle] = received
    ? [content.recipient_handle, content.sender_handle]
    : [content.sender_handle, content.recipient_handle];
  demand(ownHandle === own.handle, 'meant for, or from, somebody else');
  const other = await members.entryOf(otherHandle);
  demand(same(other.member, received ? header.sender : header.recipient), "another member's handle");
  const {key, replaced} = await members.signerOf(content.sender_handle, header.sender_identity_key_id);
  verify(key, 'message', signedBytes(message.header, signed.content), signed.signature);
  return {header, content, replaced};
}

async function unwrap({header, wrap}, id, keys) {
  const key = keys.find(({public: own}) => same(keyId(own), id));
  demand(key, 'sealed for a key that is not here');
  return hpkeOpen(key.private, 'wrap', wrapAad(header, id), wrap);
}
