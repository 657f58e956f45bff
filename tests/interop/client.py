"""A member's client of its own: written from proto/ and docs/formats.md, without a look at the C++.

It keeps its account in memory, and keys as plain bytes: a test's account is no secret. See python_client_test.py for what
it does to real daemons."""

import base64
import os
import time
import tomllib

import grpc

import attachments
import envelopes
import keyring
import proofs
from letterlock.directory.v1 import directory_service_pb2, directory_service_pb2_grpc, entry_pb2
from letterlock.mail.v1 import (
    attachment_service_pb2, attachment_service_pb2_grpc, device_pb2, device_service_pb2_grpc,
    enrollment_service_pb2, enrollment_service_pb2_grpc, envelope_pb2, mail_service_pb2, mail_service_pb2_grpc, mailbox_pb2,
    session_service_pb2, session_service_pb2_grpc)
from letterlock.tlog.v1 import leaf_pb2, tlog_service_pb2, tlog_service_pb2_grpc
from log import Trust, check_consistency, check_inclusion
from primitives import (
    H, canonical, ctx, deployment_id, ed25519_key, lp, parse_canonical, public, require, sign,
    x25519_key)

CALL_SECONDS = 30


def now_ms():
    return int(time.time() * 1000)


class Servers:
    """The two daemons that a client.toml names, each under the only root that counts for it."""

    def __init__(self, config):
        folder = os.path.dirname(config)

        def read(name):
            with open(os.path.join(folder, name), "rb") as file:
                return file.read()

        settings = tomllib.loads(read(os.path.basename(config)).decode())
        self.trust = Trust.parse(read(settings["trust"]).decode())
        self._channels = []

        def dial(server):
            name = server.get("server_name") or server["address"].rpartition(":")[0]
            channel = grpc.secure_channel(
                server["address"], grpc.ssl_channel_credentials(read(server["ca_file"])),
                [("grpc.ssl_target_name_override", name)])
            self._channels.append(channel)
            return channel, name

        directory, _ = dial(settings["directory"])
        self.directory = directory_service_pb2_grpc.DirectoryServiceStub(directory)
        self.log = tlog_service_pb2_grpc.TlogServiceStub(directory)
        mail, self.mail_name = dial(settings["mail"])
        self.enrollment = enrollment_service_pb2_grpc.EnrollmentServiceStub(mail)
        self.session = session_service_pb2_grpc.SessionServiceStub(mail)
        self.mail = mail_service_pb2_grpc.MailServiceStub(mail)
        self.attachments = attachment_service_pb2_grpc.AttachmentServiceStub(mail)
        self.devices = device_service_pb2_grpc.DeviceServiceStub(mail)

    def close(self):
        for channel in self._channels:
            channel.close()


class Client:
    """One member with one device."""

    def __init__(self, servers, handle):
        self._servers = servers
        self.trust = servers.trust
        self.handle = handle
        self.identity = ed25519_key(os.urandom(32))
        self._encryption = x25519_key(os.urandom(32))
        self._earlier_identities, self._earlier_encryption = [], []
        self._device = ed25519_key(os.urandom(32))
        self.state_key = os.urandom(32)
        self.kit = os.urandom(32)
        self._certificate = None
        self._checkpoint = None
        self.entry = None
        self._token = None
        self.sync_token = ""
        self.mailbox = {}  # (sender, message id): MessageSummary

    @classmethod
    def of_account(cls, servers, account):
        """The member of a key file, on the device that it is of."""
        made = cls(servers, account.handle)
        made.identity, made._device = ed25519_key(account.identity_seed), ed25519_key(account.device_seed)
        made._encryption, made.state_key = x25519_key(account.encryption_key), account.state_key
        made._earlier_identities = [ed25519_key(seed) for seed in account.earlier_identity_seeds]
        made._earlier_encryption = [x25519_key(key) for key in account.earlier_encryption_keys]
        made.entry = made.entry_of(account.handle)
        require((made.entry.member, made.entry.identity_key) == (account.member, public(made.identity)), "the account")
        return made

    # --- the directory ----------------------------------------------------------------------------

    def lookup(self, handle):
        """What the directory shows for a handle; all of it is verified, and that the log only grew."""
        return self.lookup_with_proof(handle)[0]

    def lookup_with_proof(self, handle):
        """(what it shows, the EntryProof), for who shows it to others."""
        proof = self._servers.directory.Lookup(
            directory_service_pb2.LookupRequest(handle=handle), timeout=CALL_SECONDS).proof
        return self._take(proof, handle), proof

    def entry_of(self, handle):
        found = self.lookup(handle)
        require(found.entry, "nobody has that handle")
        return found.entry

    def _take(self, proof, handle):
        found = proofs.check_entry_proof(proof, handle, self.trust, now_ms())
        self._extend(found.checkpoint)
        return found

    def _extend(self, checkpoint):
        old = self._checkpoint
        if old is not None and old != checkpoint:
            require(old.size < checkpoint.size, "the log shrank or forked")
            check_consistency(old, checkpoint, self._servers.log.GetConsistencyProof(
                tlog_service_pb2.GetConsistencyProofRequest(old_size=old.size, new_size=checkpoint.size),
                timeout=CALL_SECONDS).hashes)
        self._checkpoint = checkpoint

    def check_genesis(self):
        """Leaf 0 is what names the deployment, and it names the log that the trust file does."""
        leaf = self._servers.log.GetEntries(
            tlog_service_pb2.GetEntriesRequest(first=0, count=1), timeout=CALL_SECONDS).entries[0]
        path = self._servers.log.GetInclusionProof(
            tlog_service_pb2.GetInclusionProofRequest(index=0, tree_size=self._checkpoint.size),
            timeout=CALL_SECONDS).hashes
        check_inclusion(leaf, 0, path, self._checkpoint)
        require(leaf[:2] == proofs.GENESIS_LEAF, "the genesis leaf")
        require(deployment_id(leaf[2:]) == self.trust.deployment, "another deployment")
        genesis = parse_canonical(leaf_pb2.GenesisStatement, leaf[2:])
        require(genesis.origin == self.trust.log.name and genesis.development == self.trust.development, "the genesis")

    def create(self):
        """Publishes version 1 of the entry, checks what the directory made of it, and opens a mailbox."""
        require(self.lookup(self.handle).entry is None, "the handle is taken")
        recovery = public(keyring.recovery_key(self.kit, self.trust.deployment))
        return self._publish(entry_pb2.SignedEntry(entry=self._entry(
            version=1, genesis_key=public(self.identity), recovery_key_digest=H(ctx("recovery-key-digest") + recovery))))

    def _entry(self, **fields):
        """An entry under today's keys."""
        return canonical(entry_pb2.DirectoryEntry(
            deployment=self.trust.deployment, suite=envelopes.SUITE, handle=self.handle, time_unix_ms=now_ms(),
            identity_key=public(self.identity), encryption_key=public(self._encryption), **fields))

    def _publish(self, signed):
        signed.signature = sign(self.identity, "directory-entry", signed.entry)
        proof = self._servers.directory.Publish(
            directory_service_pb2.PublishRequest(signed_entry=signed), timeout=CALL_SECONDS).proof
        found = self._take(proof, self.handle)
        require(found.entry.signed == signed.entry, "another entry than the published one")
        self.entry = found.entry
        return self._enroll(proof)

    # --- the mail server --------------------------------------------------------------------------

    def _enroll(self, proof, certificate=None):
        certificate = self._certificate = certificate or canonical(device_pb2.DeviceCertificate(
            deployment=self.trust.deployment, member=self.entry.member, device_key=public(self._device),
            issued_unix_ms=now_ms()))
        return self._servers.enrollment.Enroll(enrollment_service_pb2.EnrollRequest(
            proof=proof, device_certificate=certificate,
            device_signature=sign(self.identity, "device-certificate", certificate)), timeout=CALL_SECONDS)

    def open_session(self, server_name=None):
        """`server_name` is what the device signs for: the one it dialled, unless a test says another."""
        member, device = self.entry.member, public(self._device)
        self._token = self._servers.session.CreateSession(session_service_pb2.CreateSessionRequest(
            member=member, device_key=device, **self._answer(member, self._device, "session", server_name)),
            timeout=CALL_SECONDS).token

    def _answer(self, member, key, context, server_name=None):
        """A challenge, signed by the key that it was asked for."""
        server_name = server_name or self._servers.mail_name
        challenge = self._servers.session.CreateChallenge(
            session_service_pb2.CreateChallengeRequest(member=member, device_key=public(key)),
            timeout=CALL_SECONDS).challenge
        signature = sign(key, context, self.trust.deployment + lp(b"letterlock-maild") + lp(server_name.encode())
                         + member + public(key) + challenge)
        return {"challenge": challenge, "server_name": server_name, "signature": signature}

    def _authorized(self, method, request):
        token = base64.urlsafe_b64encode(self._token).rstrip(b"=").decode()
        return method(request, metadata=[("authorization", "Bearer " + token)], timeout=CALL_SECONDS)

    def call(self, method, request):
        return self._authorized(getattr(self._servers.mail, method), request)

    def seal(self, to, subject, body, thread_id=None, identity=None, files=()):
        """An envelope for a handle. `identity` signs: the own key, unless a test says another.

        `files`: AttachmentReferences of what was uploaded."""
        content = envelopes.text(self.handle, to, subject, body)
        content.attachments.extend(files)
        return envelopes.seal(content, self.trust.deployment, self.entry, identity or self.identity,
                              self.entry_of(to), thread_id)

    def send(self, envelope, files=()):
        return self.call("Send", mail_service_pb2.SendRequest(
            envelope=envelope, attachments=[reference.ciphertext_hash for reference in files]))

    def sync(self):
        """Brings `mailbox` up to date; returns how many changes that took."""
        taken = 0
        while True:
            answer = self.call("Sync", mail_service_pb2.SyncRequest(token=self.sync_token, max_changes=1))
            for change in answer.changes:
                taken += 1
                if change.WhichOneof("change") == "message":
                    header = parse_canonical(envelope_pb2.EnvelopeHeader, change.message.header)
                    self.mailbox[header.sender, header.message_id] = change.message
                else:
                    self.mailbox.pop((change.destroyed.sender, change.destroyed.message_id), None)
            self.sync_token = answer.token
            if not answer.more:
                return taken

    def read(self, sender, message_id):
        """(MessageState, EnvelopeHeader, Content), opened and verified; Refused otherwise."""
        reference = mailbox_pb2.MessageReference(sender=sender, message_id=message_id)
        result, = self.call("BatchGet", mail_service_pb2.BatchGetRequest(references=[reference])).results
        require(result.HasField("message"), "no such message")
        state, header, content = self._open(result.message)
        require((header.sender, header.message_id) == (sender, message_id), "another message than was asked for")
        return state, header, content

    def _open(self, message):
        header, content = envelopes.open_envelope(
            message.header, message.wrap, message.ciphertext, self.entry, [self._encryption, *self._earlier_encryption],
            self.entry_of)
        return message.state, header, content

    def fetch(self, folder=mailbox_pb2.FOLDER_UNSPECIFIED, after=0):
        """All messages of a folder, or of the mailbox, as `read` gives them, oldest first."""
        for answer in self.call("Fetch", mail_service_pb2.FetchRequest(folder=folder, after_sequence=after)):
            for message in answer.messages:
                yield self._open(message)

    def watch(self):
        """The call: iterate over it for notices of what `sync` has not told yet; cancel() it."""
        return self.call("Watch", mail_service_pb2.WatchRequest(token=self.sync_token))

    def delete(self, sender, message_id):
        reference = mailbox_pb2.MessageReference(sender=sender, message_id=message_id)
        result, = self.call("Delete", mail_service_pb2.DeleteRequest(references=[reference])).results
        return result.deleted

    # --- attachments ------------------------------------------------------------------------------

    def upload(self, file_name, data):
        """Seals a file and takes it to the mail server; its AttachmentReference."""
        reference, ciphertext = attachments.seal(file_name, data)
        self.put(reference, ciphertext)
        return reference

    def put(self, reference, ciphertext, offset=0, until=None):
        """Uploads a ciphertext from an offset on, to its end or, as if the call broke, only as far as `until`."""
        start = attachment_service_pb2.UploadStart(
            ciphertext_hash=reference.ciphertext_hash, size=len(ciphertext), offset=offset)
        part = ciphertext[offset:until]

        def parts():
            yield attachment_service_pb2.UploadRequest(start=start)
            for at in range(0, len(part), attachments.CHUNK):
                yield attachment_service_pb2.UploadRequest(data=part[at:at + attachments.CHUNK])

        self._authorized(self._servers.attachments.Upload, parts())

    def uploaded(self, reference):
        """What GetUpload says of it."""
        return self._authorized(self._servers.attachments.GetUpload, attachment_service_pb2.GetUploadRequest(
            ciphertext_hash=reference.ciphertext_hash))

    def download(self, reference):
        """The file that a reference in a verified message names."""
        request = attachment_service_pb2.DownloadRequest(ciphertext_hash=reference.ciphertext_hash)
        pieces = self._authorized(self._servers.attachments.Download, request)
        return attachments.open_attachment(reference, b"".join(piece.data for piece in pieces))
