// A member's client: docs/client-guide.md, "From nothing to a message". What has to outlive a process (keys, pins, the
// checkpoint, an envelope without an answer) is in memory alone: it lives as long as a test.

import {bearer, patiently} from './calls.mjs';
import {checkEntry, checkEntryProof, checkStep, entryHash, recoveryKeyDigest} from './directory.mjs';
import {open, parseHeader, seal} from './envelopes.mjs';
import {leafHash, verifyConsistency, verifyInclusion} from './log.mjs';
import {decodeCanonical, encode} from './messages.mjs';
import {
  H,
  ascii,
  concat,
  ctx,
  ed25519Key,
  hkdf,
  lp,
  random,
  demand,
  same,
  sign,
  u8,
  x25519Key,
} from './primitives.mjs';

const DIRECTORY = 'directory.v1.DirectoryService';
const LOG = 'tlog.v1.TlogService';
const now = () => BigInt(Date.now());
export const mailboxKey = (sender, messageId) => `${sender.toString('hex')}/${messageId.toString('hex')}`;

export class Client {
  #token = null;

  constructor(servers, handle) {
    this.servers = servers;
    this.trust = servers.trust;
    this.handle = handle;
    this.checkpoint = null; // The newest that was seen.
    this.pins = new Map(); // Handle -> entry.
    this.identity = ed25519Key(random(32));
    this.encryption = x25519Key(random(32));
    this.earlierEncryption = []; // Old mail stays sealed for them.
    this.device = ed25519Key(random(32));
    this.recovery = ed25519Key(hkdf(random(32), this.trust.deployment, 'recovery-key'));
    this.taken = new Map(); // (sender, id) -> hash of the header.
    this.mailbox = new Map(); // (sender, id) -> summary, as Sync told.
    this.syncToken = '';
  }

  // --- the directory ------------------------------------------------------------------------------

  // The log only grows: a checkpoint extends the newest that was seen, or is extended by it.
  async #remember(checkpoint) {
    const known = this.checkpoint;
    if (known) {
      const [older, newer] = known.size <= checkpoint.size ? [known, checkpoint] : [checkpoint, known];
      const ask = older.size > 0n && older.size < newer.size;
      const {hashes} = ask
        ? await this.servers.directory.unary(LOG, 'GetConsistencyProof', {
            old_size: older.size,
            new_size: newer.size,
          })
        : {hashes: []};
      verifyConsistency(older.size, newer.size, older.root, newer.root, hashes);
    }
    // Another call may have come further meanwhile.
    if (!this.checkpoint || checkpoint.size > this.checkpoint.size) this.checkpoint = checkpoint;
  }

  async #pin(entry) {
    const pinned = this.pins.get(entry.handle);
    if (pinned) {
      demand(same(pinned.member, entry.member), 'another member under a known handle');
      demand(entry.version >= pinned.version, 'an entry older than a known one');
      if (entry.version === pinned.version) {
        demand(same(pinned.bytes, entry.bytes), 'another entry of a known version');
      } else {
        await this.#followSteps(pinned, entry);
      }
    }
    this.pins.set(entry.handle, entry);
  }

  // The entries of a handle between two versions of it, oldest first. `Lookup` gives at most 64 at a time.
  async #entriesBetween(handle, after, until) {
    const entries = [];
    let version = after + 1n;
    while (version < until) {
      const asked = {handle, history_from: version};
      const {history} = await this.servers.directory.unary(DIRECTORY, 'Lookup', asked);
      demand(history.length > 0, 'the steps are missing');
      for (const signed of history) {
        const entry = checkEntry(signed, handle, this.trust);
        demand(entry.version === version, 'not the step that was asked for');
        if (version < until) entries.push(entry);
        ++version;
      }
    }
    return entries;
  }

  // Each entry from the pinned one on was wanted by who held the one before.
  async #followSteps(pinned, entry) {
    let last = pinned;
    for (const next of [
      ...(await this.#entriesBetween(entry.handle, pinned.version, entry.version)),
      entry,
    ]) {
      checkStep(last, next);
      last = next;
    }
  }

  // Who has signed as `handle`: {key, replaced}, the newest entry's identity key or, since replaced, one before it. All
  // entries are the member's whose id the newest one gives: version 1 is in that id, and each wanted the next.
  async signerOf(handle, id) {
    const entry = await this.entryOf(handle);
    if (same(entry.identity_key_id, id)) return {key: entry.identity_key, replaced: false};
    const earlier = await this.#entriesBetween(handle, 0n, entry.version);
    [...earlier, entry].reduce((before, after) => (checkStep(before, after), after));
    const signer = earlier.find((one) => same(one.identity_key_id, id));
    demand(signer && same(earlier[0].member, entry.member), "signed with a key that is not the sender's");
    return {key: signer.identity_key, replaced: true};
  }

  async #check(proof, handle) {
    const shown = checkEntryProof(proof, handle, this.trust, now());
    await this.#remember(shown.checkpoint);
    if (shown.entry) await this.#pin(shown.entry);
    return {...shown, proof};
  }

  // {entry, erasedVersion, head, checkpoint, proof}; `entry` is null where nobody has the handle.
  async lookup(handle) {
    const {proof} = await patiently(() => this.servers.directory.unary(DIRECTORY, 'Lookup', {handle}));
    return this.#check(proof, handle);
  }

  async entryOf(handle) {
    const {entry} = await this.lookup(handle);
    demand(entry, 'nobody has the handle');
    return entry;
  }

  // That the trust file's deployment and log belong together: the genesis leaf names both.
  async checkGenesis() {
    const {checkpoint} = await this.lookup(this.handle);
    const {
      entries: [leaf],
    } = await this.servers.directory.unary(LOG, 'GetEntries', {first: 0n, count: 1});
    const {hashes} = await this.servers.directory.unary(LOG, 'GetInclusionProof', {
      index: 0n,
      tree_size: checkpoint.size,
    });
    verifyInclusion(0n, checkpoint.size, leafHash(leaf), hashes, checkpoint.root);
    demand(same(leaf.subarray(0, 2), concat(u8(1), u8(1))), 'leaf 0 is not the genesis');
    const statement = leaf.subarray(2);
    demand(
      same(H(ctx('deployment'), statement).subarray(0, 16), this.trust.deployment),
      "another deployment's log",
    );
    const genesis = decodeCanonical('tlog.v1.GenesisStatement', statement);
    demand(genesis.origin === this.trust.policy.log.name, 'a genesis of another log');
  }

  // The entry that the account stands on, or what is to follow it, signed. `changes` are fields of it.
  signedEntry(changes = {}) {
    const first = {
      deployment: this.trust.deployment,
      suite: 1,
      handle: this.handle,
      version: 1n,
      genesis_key: this.identity.public,
      identity_key: this.identity.public,
      encryption_key: this.encryption.public,
      recovery_key_digest: recoveryKeyDigest(this.recovery.public),
      time_unix_ms: now(),
    };
    const entry = encode('directory.v1.DirectoryEntry', {...first, ...changes});
    return {entry, signature: sign(this.identity, 'directory-entry', entry)};
  }

  async publish(signed) {
    const {proof} = await patiently(() =>
      this.servers.directory.unary(DIRECTORY, 'Publish', {signed_entry: signed}),
    );
    const shown = await this.#check(proof, this.handle);
    demand(shown.entry && same(shown.entry.bytes, signed.entry), 'the directory published something else');
    return shown;
  }

  // --- the account --------------------------------------------------------------------------------

  get entry() {
    return this.pins.get(this.handle);
  }
  get keys() {
    return {identity: this.identity, encryption: this.encryption};
  }

  async create() {
    const {entry, erasedVersion} = await this.lookup(this.handle);
    demand(!entry && erasedVersion === 0n, 'the handle is taken');
    const {proof} = await this.publish(this.signedEntry());
    return this.enroll(proof);
  }

  // New identity and encryption keys, by the word of the old identity key.
  async rotate() {
    const [old, before] = [this.identity, this.entry];
    this.identity = ed25519Key(random(32));
    this.earlierEncryption.push(this.encryption);
    this.encryption = x25519Key(random(32));
    const signed = this.signedEntry({
      version: before.version + 1n,
      genesis_key: before.genesis_key,
      previous_entry_hash: entryHash(before.bytes),
    });
    signed.change_signature = sign(old, 'directory-entry-change', signed.entry);
    const {proof} = await this.publish(signed);
    return this.enroll(proof);
  }

  enroll(proof, intermediate = []) {
    const certificate = encode('mail.v1.DeviceCertificate', {
      deployment: this.trust.deployment,
      member: this.entry.member,
      device_key: this.device.public,
      issued_unix_ms: now(),
    });
    const request = {
      proof,
      device_certificate: certificate,
      intermediate,
      device_signature: sign(this.identity, 'device-certificate', certificate),
    };
    return patiently(() => this.servers.mail.unary('mail.v1.EnrollmentService', 'Enroll', request));
  }

  async openSession(serverName = this.servers.mail.serverName) {
    const who = {member: this.entry.member, device_key: this.device.public};
    const service = 'mail.v1.SessionService';
    const {challenge} = await this.servers.mail.unary(service, 'CreateChallenge', who);
    const signed = concat(
      this.trust.deployment,
      lp(ascii('letterlock-maild')),
      lp(ascii(serverName)),
      who.member,
      who.device_key,
      challenge,
    );
    const {token} = await this.servers.mail.unary(service, 'CreateSession', {
      ...who,
      challenge,
      server_name: serverName,
      signature: sign(this.device, 'session', signed),
    });
    this.#token = token;
  }

  // As if this were the session's.
  useToken(token) {
    this.#token = token;
  }

  // A call of the own mailbox; where the token is not good any more, once more with a new one.
  async call(method, request, service = 'mail.v1.MailService') {
    const once = () =>
      patiently(() => this.servers.mail.unary(service, method, request, bearer(this.#token)));
    if (!this.#token) await this.openSession();
    try {
      return await once();
    } catch (error) {
      if (!error.newSession) throw error;
      await this.openSession();
      return once();
    }
  }

  // --- mail ---------------------------------------------------------------------------------------

  // Looks the recipient up and seals; returns {envelope, header}. Keep the envelope until Send has answered.
  async seal(handle, message, made) {
    return seal(message, this.entry, made?.keys ?? this.keys, await this.entryOf(handle), made);
  }

  send(envelope) {
    return this.call('Send', {envelope});
  }

  // {header, content, replaced, state} of one message of the own mailbox, opened and verified.
  async read(sender, messageId) {
    const {
      results: [{message}],
    } = await this.call('BatchGet', {references: [{sender, message_id: messageId}]});
    demand(message, 'no such message');
    return this.#open(message, {sender, message_id: messageId});
  }

  async #open(message, reference) {
    const opened = await open(message, this.entry, [this.encryption, ...this.earlierEncryption], this);
    const {sender, message_id: messageId} = opened.header;
    demand(
      same(sender, reference.sender) && same(messageId, reference.message_id),
      'another message than was asked for',
    );
    const key = mailboxKey(sender, messageId);
    const digest = H(message.header).toString('hex');
    demand((this.taken.get(key) ?? digest) === digest, 'other bytes under a known sender and id');
    this.taken.set(key, digest);
    return {...opened, state: message.state};
  }

  // Applies what changed; returns how many changes that were.
  async sync() {
    let count = 0;
    for (let more = true; more;) {
      const answer = await this.call('Sync', {token: this.syncToken});
      for (const {message, destroyed} of answer.changes) {
        if (message) {
          const {sender, message_id: messageId} = parseHeader(message.header, this.trust.deployment);
          this.mailbox.set(mailboxKey(sender, messageId), message);
        } else {
          this.mailbox.delete(mailboxKey(destroyed.sender, destroyed.message_id));
        }
      }
      count += answer.changes.length;
      this.syncToken = answer.token;
      more = answer.more;
    }
    return count;
  }

  holds(sender, messageId) {
    return this.mailbox.has(mailboxKey(sender, messageId));
  }

  // A folder's summaries, newest first, page by page.
  async *list(folder, pageSize) {
    for (let token = '', more = true; more; more = token !== '') {
      const answer = await this.call('List', {folder, page_size: pageSize, page_token: token});
      yield* answer.messages;
      token = answer.next_page_token;
    }
  }

  // Notices from the state that Sync told last; `cancel()` the stream when enough is known.
  watch() {
    return this.servers.mail.serverStream(
      'mail.v1.MailService',
      'Watch',
      {token: this.syncToken},
      bearer(this.#token),
    );
  }
}
