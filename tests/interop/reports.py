"""docs/formats.md, "Report": a recipient shows one message to the abuse desk, and the desk checks it."""

import envelopes
import proofs
from letterlock.mail.v1 import disclosure_pb2
from primitives import canonical, ctx, hpke_open, hpke_seal, key_id, parse_canonical, require

MOST = 65536


def _aad(deployment, reporter, h, desk_key):
    return deployment + reporter + h.sender + h.message_id + key_id(desk_key)


def seal(disclosure, h, desk):
    """A Disclosure of the message with header `h`, sealed to the desk's verified entry."""
    aad = _aad(h.deployment, h.recipient, h, desk.encryption_key)
    sealed = hpke_seal(desk.encryption_key, ctx("report"), aad, canonical(disclosure))
    require(len(sealed) <= MOST, "a report that is too large")
    return sealed


def open_report(report, desk, encryption_key, trust):
    """(Disclosure, EnvelopeHeader, Content) of a Report before the desk; Refused unless the sender it names wrote that.

    `desk` is its verified entry, `encryption_key` its private key. The proof in it is judged as of its own head:
    reports grow old, and a sender's keys may change."""
    require(report.desk_encryption_key_id == key_id(desk.encryption_key), "a report for another key")
    aad = (trust.deployment + report.reporter + report.reference.sender + report.reference.message_id
           + report.desk_encryption_key_id)
    disclosure = parse_canonical(
        disclosure_pb2.Disclosure, hpke_open(encryption_key, ctx("report"), aad, report.sealed_disclosure))
    h = envelopes.parse_header(disclosure.header, trust.deployment, disclosure.ciphertext)
    require((h.recipient, h.sender, h.message_id) ==
            (report.reporter, report.reference.sender, report.reference.message_id), "another message")
    require(disclosure.reason and len(disclosure.note) <= 2000, "a reason, or a note")
    signed, content = envelopes.open_content(disclosure.header, h, disclosure.ciphertext, disclosure.content_key)
    proof = disclosure.sender_proof
    found = proofs.check_entry_proof(proof, content.sender_handle, trust, proofs.time_of_head(proof.head))
    require(found.entry, "a sender who has no entry")
    require(not disclosure.sender_history, "a sender whose keys changed: this client does not follow that")
    envelopes.check_sender(disclosure.header, h, signed, content, found.entry)
    return disclosure, h, content
