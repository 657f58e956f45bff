"""What somebody who runs the servers has: the folders of both planes, byte by byte."""

import os
import shutil
import socket
import ssl

import conversation
import log_view
import scanner
from deployment import Failure, run

CONTROL = "This row was written without a seal, so that the search has something to find: if it did not, it proved nothing."


def tls_versions(deployment):
    """What both servers negotiate, and that they refuse TLS 1.2."""
    protocols, refused = set(), 0
    clients = os.path.dirname(deployment.config)
    for port, ca in ((deployment.directoryd.port, "directory-ca.pem"), (deployment.maild.port, "mail-ca.pem")):
        for most in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            context = ssl.create_default_context(cafile=os.path.join(clients, ca))
            context.set_alpn_protocols(["h2"])
            context.maximum_version = most
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
                    with context.wrap_socket(plain, server_hostname="localhost") as connection:
                        protocols.add(connection.version())
            except ssl.SSLError:
                refused += most == ssl.TLSVersion.TLSv1_2
    if protocols != {"TLSv1.3"} or refused != 2:
        raise Failure(f"the servers speak {sorted(protocols)}, and refuse TLS 1.2 {refused} times of 2")
    return "TLS 1.3", "TLS 1.2 is refused"


# What the directory is there to show.
PUBLIC = ("handle", "member id", "identity key", "encryption key")


def needles_of(post, messages):
    """All that is nobody's business, in every spelling of ids and keys: (needles, what is too short to be one)."""
    texts = set(post.hidden)
    for message in messages:
        texts |= {("name", message.sender.name), ("name", message.recipient.name)}
    for posted in post.posted:
        texts |= {("subject", posted.subject), ("body", posted.body)}
        texts |= log_view.spellings("message id", bytes.fromhex(posted.id))
    texts |= {("handle", member.handle) for member in post.members.values()}
    texts.update(*conversation.together(log_view.secrets_of_member, post.members.values()))
    return scanner.usable(texts)


def _search(story, title, needles, *roots):
    paths = scanner.files(*roots)
    size, hits = scanner.scan(paths, needles)
    story.say(f"{title}: {len(paths)} files, {size / 1e6:.1f} MB, {len(hits)} hits")
    return hits


def _must_be_none(hits, where):
    if hits:
        found = "\n  ".join(f"{hit.needle.what} in {hit.path} at {hit.offset}" for hit in hits[:10])
        raise Failure(f"{len(hits)} hits in {where}, where there must be none:\n  {found}")


def show(post, needles, skipped):
    story, deployment = post.story, post.deployment
    story.step("Search all that the operator has for everything that was written, sent, attached or named")
    kinds = {what: sum(needle.what == what for needle in needles) for what in sorted({n.what for n in needles})}
    story.say("searched for, in pieces of 16 bytes: " + ", ".join(f"{count} × {what}" for what, count in kinds.items()))
    if skipped:
        short = ", ".join(repr(needle.text.decode(errors="replace")) for needle in skipped)
        story.say(f"not searched for, because fewer than {scanner.LEAST} bytes turn up by chance: {short}")

    maild_log, directoryd_log = deployment.maild.log, deployment.directoryd.log
    hits = _search(story, "mail plane while it runs (write-ahead log, tables, keys, log)", needles,
                   deployment.mail, maild_log)
    deployment.stop()
    hits += _search(story, "mail plane after its stop", needles, deployment.mail, maild_log)
    hits += _search(story, "log of the directory's daemon", needles, directoryd_log)
    _must_be_none(hits, "the mail plane and the logs")
    _show_labels(post)
    _show_public_plane(deployment, needles, story)
    _show_control(deployment, needles, story)
    _show_row(deployment, story)
    story.done("0 hits in the mail server's store, keys and log; the same search finds a planted row at once")


def _show_labels(post):
    """Not counted as hidden: the running server reads them. On the disk they are in sealed rows."""
    labels, _ = scanner.usable({("label", label) for label in post.labels})
    _search(post.story, "labels, which the mail server reads while it runs, in its files", labels, post.deployment.mail)


def _show_public_plane(deployment, needles, story):
    private = [needle for needle in needles if needle.what not in PUBLIC]
    _must_be_none(_search(story, "public plane, for all that is only the members'", private, deployment.public),
                  "the public plane")
    public = [needle for needle in needles if needle.what in PUBLIC]
    hits = _search(story, "public plane, for handles, ids and public keys (the directory is there to show them)", public,
                   deployment.public)
    _must_be_none([hit for hit in hits if f"{os.sep}tile{os.sep}" in hit.path], "the log itself")
    story.say("the log's tiles hold none of them: its leaves are heads, not entries")


def _show_control(deployment, needles, story):
    folder = os.path.join(deployment.folder, "control")
    tool = deployment.program("plaintext-control")
    run([tool, "plant", folder], stdin=CONTROL.encode())
    story.command([tool, "plant", folder], CONTROL)
    planted, _ = scanner.usable([("planted row", CONTROL)])
    hits = _search(story, "control: a store of the same engine with one row planted unsealed", planted + needles, folder)
    if [hit.needle.what for hit in hits] != ["planted row"]:
        raise Failure("the search does not find a row that is there in the clear: it proves nothing")
    story.say(f"found at byte {hits[0].offset} of {os.path.relpath(hits[0].path, deployment.folder)}")


def _show_row(deployment, story):
    store = os.path.join(deployment.mail, "store")
    copy = os.path.join(deployment.folder, "store-copy")
    shutil.copytree(store, copy)  # opening a store writes to it
    tool = deployment.program("plaintext-control")
    story.command([tool, "row", copy])
    row = dict(line.split(" ", 1) for line in run([tool, "row", copy]).decode().splitlines())
    value = bytes.fromhex(row["value"])
    for path in scanner.files(store):
        with open(path, "rb") as file:
            place = file.read().find(value[:64])
        if place >= 0:
            story.say(f"one message as the disk has it: byte {place} of {os.path.relpath(path, deployment.folder)}")
            break
    else:
        raise Failure("the row is in no file of the store")
    story.say(f"mailbox {row['tag']} (random), table {row['table']}, row {int(row['key'], 16)}; "
              f"{len(value)} bytes: version, generation, nonce, then nothing but ciphertext")
    for line in scanner.hexdump(value[:160], place):
        story.say(line)
