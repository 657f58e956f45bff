#!/usr/bin/env python3
"""Letterlock at work, from nothing: a deployment, members, their mail, and what an operator has of it.

Run it as ./dev demo, which builds the programs first. Needs nothing but Python's standard library.
"""

import argparse
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import archive
import conversation
import operator_view
from deployment import Deployment, Failure

HERE = os.path.dirname(os.path.abspath(__file__))


class Story:
    """What is printed: numbered steps, their commands and findings."""

    def __init__(self, folder, binaries):
        self._folder = folder
        self._binaries = binaries
        self._number = 0
        self._began = time.monotonic()
        self._step_began = self._began
        self.shown = []

    def step(self, title):
        self._number += 1
        self._step_began = time.monotonic()
        print(f"\n== {self._number}. {title}", flush=True)

    def shell(self):
        """What the printed commands need, to be typed again."""
        print(f"\nD={self._folder} BIN={self._binaries}")
        print('as() { "$BIN/letterlock" --config "$D/mail/client/client.toml" --account "$D/members/$1" \\')
        print('  --passphrase-file "$D/members/$1.passphrase" "${@:2}"; }')

    def command(self, arguments, stdin=None):
        """A command that was run, as one can type it (with --keep its folder is still there)."""
        words = [word.replace(self._folder, "$D").replace(self._binaries, "$BIN") for word in arguments]
        text = " ".join(word if "$" in word else shlex.quote(word) for word in words)
        print("   $ " + (f"printf %s {shlex.quote(stdin)} | " if stdin is not None else "") + text, flush=True)

    def as_member(self, member, *arguments, stdin=None):
        self.command(["as", member.handle, *arguments], stdin)

    def say(self, text=""):
        for line in text.splitlines() or [""]:
            print(f"     {line}".rstrip(), flush=True)

    def progress(self, text):
        if sys.stdout.isatty():
            print(f"\r     {text}\x1b[K", end="", flush=True)

    def done(self, finding):
        """What a step has shown; stands in the summary too."""
        if sys.stdout.isatty():
            print("\r\x1b[K", end="")
        self.shown.append(finding)
        self.say(f"{finding}  [{time.monotonic() - self._step_began:.1f} s]")

    def seconds(self):
        return time.monotonic() - self._began


def read_archive(path, story):
    story.step(f"Read the archive {os.path.relpath(path)}")
    messages, bad = archive.read(path)
    for row in bad:
        story.say(f"line {row.line} is left out: {row.why}")
    if not messages:
        raise Failure("the archive holds no message that can be sent")
    handles = archive.handles(messages)
    conversations = len({message.conversation for message in messages})
    story.done(f"{len(messages)} messages in {conversations} conversations of {len(handles)} people; "
               f"{len(bad)} rows left out")
    return messages, handles


def make_deployment(deployment, story):
    story.step("Make a deployment: two planes that share nothing, each with keys of its own")
    for command in deployment.init():
        story.command(command)
    protocol, refused = operator_view.tls_versions(deployment)
    story.done(f"deployment {deployment.deployment_id[:16]}… runs; both servers speak {protocol}, {refused}")


def make_accounts(deployment, handles, story):
    story.step("Make accounts: keys are made on each member's device, the entry is proved to be in the log")
    members = {}
    for key, handle in handles.items():
        member = deployment.member(handle)
        words = ["account", "create", handle, "--recovery-kit", member.account + ".kit"]
        if not members:
            story.as_member(member, *words)
        made = member.json(*words)
        members[key] = member
        member.id = made["member"]
        story.progress(f"{len(members)} of {len(handles)}: {handle}")
    story.done(f"{len(members)} accounts: {', '.join(member.handle for member in members.values())}")
    return members


def look_each_other_up(messages, members, story):
    story.step("Members look each other up, verify the proofs and pin what they saw")
    pairs = sorted({(message.sender.key, message.recipient.key) for message in messages})
    for number, (sender, recipient) in enumerate(pairs, 1):
        answer = members[sender].json("lookup", members[recipient].handle)
        if not answer["found"] or answer["member"] != members[recipient].id:
            raise Failure(f"{members[recipient].handle} was not found as the member who she is")
        if number == 1:
            story.as_member(members[sender], "lookup", members[recipient].handle)
            story.say(members[sender].text("lookup", members[recipient].handle).rstrip())
        story.progress(f"{number} of {len(pairs)}")
    nobody = next(iter(members.values()))
    answer = nobody.json("lookup", "nobody-has-this-handle", expect=3)
    if answer["found"]:
        raise Failure("the directory knows a handle that nobody has")
    story.done(f"{len(pairs)} lookups proved; that a handle is not there is proved, too")


def summarise(deployment, story, keep):
    print(f"\n== Shown, in {story.seconds():.0f} s")
    for finding in story.shown:
        story.say(f"- {finding}")
    print("\n== Not shown")
    for line in (
        "UNWITNESSED: no witness outside vouches that everybody sees one log.",
        "SELF-REGISTERED: nobody vouches for who is behind a handle.",
        "The mail server's memory while it runs: it knows who writes to whom, as routing needs.",
        "Sizes (padded), times, and the number and order of rows per pseudonymous mailbox: the disk shows them.",
        "What members do with what they have read. SECURITY.md lists what does not hold.",
    ):
        story.say(f"- {line}")
    if keep:
        print(f"\nEverything is kept in {deployment.folder}. The daemons are stopped; the commands of step 2 that "
              "start them\nwork again, and so do the members' commands then.")
    else:
        print("\nNo process and no file is left. With --keep the folder stays ($D above).")


def tell(options, folder):
    story = Story(folder, options.bin)
    story.shell()
    messages, handles = read_archive(options.input, story)
    deployment = Deployment(options.bin, folder)
    try:
        make_deployment(deployment, story)
        members = make_accounts(deployment, handles, story)
        look_each_other_up(messages, members, story)
        post = conversation.Post(deployment, members, story)
        conversation.send_all(post, messages)
        conversation.reply_all(post)
        conversation.check_exactly_once(post)
        operator_view.show(deployment, members, handles, post, messages, story)
    finally:
        deployment.kill()
    summarise(deployment, story, options.keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="the folder of the programs, e.g. build/release/bin")
    parser.add_argument("--input", default=os.path.join(HERE, "messages.csv"), help="another archive (CSV)")
    parser.add_argument("--keep", action="store_true", help="keep the folder; the daemons are stopped all the same")
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    # A stop ends in `finally`, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="letterlock-demo-")
    keep = options.keep
    try:
        tell(options, folder)
        return 0
    except (Failure, archive.ArchiveError) as failure:
        print(f"\nFAILED: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        if keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
