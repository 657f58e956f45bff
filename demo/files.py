"""Files that go with messages: sealed here, fetched and compared there, and an upload that the server does not survive."""

import os
import time

import scanner
from deployment import Failure, finish
from relay import Relay
from strangers import ASKED, ASKER

CONTRACT, PICTURE = "draft-contract.txt", "picture-of-the-seal.bin"
# Every 60 bytes of the large file say it: no plain piece of a block could hide.
LINE = "Line {:06d}: nobody but the two of us reads this clause.\n"
PHRASE = "nobody but the two of us reads this clause"
LINES = 110_000  # some 6 MB
PICTURE_BYTES = 100_000
HOLD_AFTER = 4_000_000
STORED_BY_THEN = 2_000_000
PATIENCE = 20


def send_and_save(post):
    story = post.story
    story.step("Send files; the mail server is killed in the middle of the upload, and the upload goes on")
    paths = _make_files(post)
    size = sum(os.path.getsize(path) for path in paths)
    asker, asked = post.members[ASKER], post.members[ASKED]
    words = ["send", ASKED, "--subject", "Two files for you", "--body", "Please read them before Tuesday.",
             "--attach", paths[0], "--attach", paths[1]]
    story.as_member(asker, *words)
    with Relay(post.deployment.maild.port, HOLD_AFTER) as wire:
        stored = _send_and_be_killed(post, asker, words, wire)
        # What the server had is not sent again: sending anew would have put HOLD_AFTER + size on the wire.
        if wire.sent_up > size + HOLD_AFTER - STORED_BY_THEN // 2:
            raise Failure(f"{wire.sent_up} bytes were sent for files of {size}: the upload began anew")
        story.say(f"killed with {stored / 1e6:.1f} MB of it on its disk, started again; "
                  f"{wire.sent_up / 1e6:.1f} MB were sent in all for {size / 1e6:.1f} MB of files")
    _save_and_compare(post, asked, paths)
    story.done(f"{len(paths)} files, {size / 1e6:.1f} MB, came out the same to the byte, after an upload that went on "
               "where the server's death had broken it")


def _make_files(post):
    folder = os.path.join(post.deployment.folder, "files")
    os.mkdir(folder)
    paths = [os.path.join(folder, name) for name in (CONTRACT, PICTURE)]
    with open(paths[0], "w", encoding="utf-8") as file:
        file.writelines(LINE.format(number) for number in range(LINES))
    picture = os.urandom(PICTURE_BYTES)
    with open(paths[1], "wb") as file:
        file.write(picture)
    post.hidden |= {("attachment", PHRASE), ("attachment", picture[:1024]), ("attachment", picture[-1024:]),
                    ("file name", CONTRACT), ("file name", PICTURE)}
    return paths


def _send_and_be_killed(post, sender, words, wire):
    """Runs the command over the wire, kills the server when half is through. Returns what it had on disk by then."""
    maild = post.deployment.maild
    before = _store_size(post)
    program = sender.through(_client_config(post, wire.port)).start("--json", *words)
    if not wire.held.wait(PATIENCE):
        raise Failure("the upload did not come to its middle")
    until = time.monotonic() + PATIENCE
    while _store_size(post) - before < STORED_BY_THEN:
        if time.monotonic() > until:
            raise Failure("the mail server did not store what it was sent")
        time.sleep(0.02)
    maild.kill()
    stored = _store_size(post) - before
    wire.cut()
    maild.start()
    post.take(finish(program, words), ASKER, ASKED, words[3], words[5])
    return stored


def _store_size(post):
    return sum(os.path.getsize(path) for path in scanner.files(os.path.join(post.deployment.mail, "store")))


def _client_config(post, port):
    """A client.toml that differs in the mail server's port alone."""
    with open(post.deployment.config, encoding="utf-8") as file:
        text = file.read()
    path = os.path.join(os.path.dirname(post.deployment.config), "client-over-the-wire.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(f'"127.0.0.1:{post.deployment.maild.port}"', f'"127.0.0.1:{port}"'))
    return path


def _save_and_compare(post, member, paths):
    target = os.path.join(post.deployment.folder, "saved")
    os.mkdir(target)
    words = ["save", post.posted[-1].id[:12], "--to", target]
    post.story.as_member(member, *words)
    post.story.say(member.text(*words).rstrip().replace(post.deployment.folder, "$D"))
    for path in paths:
        with open(path, "rb") as sent, open(os.path.join(target, os.path.basename(path)), "rb") as saved:
            if sent.read() != saved.read():
                raise Failure(f"{os.path.basename(path)} came back changed")
    post.attached[post.posted[-1].id] = paths
