#!/usr/bin/env python3
"""Letterlock at work, from nothing: a deployment, members, their mail, and what an operator has of it.

Run it as ./dev demo, which builds the programs first. Needs nothing but Python's standard library.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile

sys.dont_write_bytecode = True

import archive
import conversation
import desk
import devices
import files
import log_view
import moving
import operating
import operator_view
import recovery
import strangers
from deployment import Deployment, Failure
from story import Story

HERE = os.path.dirname(os.path.abspath(__file__))


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


def _look_up(one, other):
    answer = one.json("lookup", other.handle)
    if not answer["found"] or answer["member"] != other.id:
        raise Failure(f"{other.handle} was not found as the member who she is")


def look_each_other_up(messages, members, story):
    story.step("Members look each other up, verify the proofs and pin what they saw")
    pairs = sorted({(message.sender.key, message.recipient.key) for message in messages})
    conversation.together(lambda pair: _look_up(members[pair[0]], members[pair[1]]), pairs)
    one, other = (members[key] for key in pairs[0])
    story.as_member(one, "lookup", other.handle)
    story.say(one.text("lookup", other.handle).rstrip())
    nobody = next(iter(members.values()))
    answer = nobody.json("lookup", "nobody-has-this-handle", expect=3)
    if answer["found"]:
        raise Failure("the directory knows a handle that nobody has")
    story.done(f"{len(pairs)} lookups proved; that a handle is not there is proved, too")


def show_the_mail_plane(post):
    """Everything that members and operators do besides writing and reading."""
    deployment = post.deployment
    for daemon in (deployment.maild, deployment.directoryd):
        daemon.flags += ["--metrics.listen", "127.0.0.1:0"]
    deployment.maild.flags += ["--limits.correspondence", "by-request"]
    desk.name_a_desk(post)
    devices.search(post)  # starts both anew
    strangers.arrive(post)
    strangers.ask_and_accept(post)
    strangers.ask_and_decline(post)
    strangers.block(post)
    desk.report_and_judge(post)
    files.send_and_save(post)
    devices.mark_on_one_see_on_the_other(post)
    devices.watch(post)
    recovery.lose_and_recover(post)
    moving.bring_along(post)
    moving.take_out(post)
    operating.ask_how_they_are(post)
    operating.renew_certificates(post)
    operating.call_the_doctor(post)


def tell(options, folder):
    story = Story(folder, options.bin)
    story.shell()
    messages, handles = read_archive(options.input, story)
    deployment = Deployment(options.bin, folder)
    for daemon in (deployment.maild, deployment.directoryd):
        daemon.flags = ["--log_level", "debug", "--tls.refresh", "200ms"]
    try:
        make_deployment(deployment, story)
        members = make_accounts(deployment, handles, story)
        look_each_other_up(messages, members, story)
        post = conversation.Post(deployment, members, story)
        conversation.send_all(post, messages)
        conversation.reply_all(post)
        conversation.check_exactly_once(post)
        show_the_mail_plane(post)
        needles, skipped = operator_view.needles_of(post, messages)
        log_view.show(post, needles)
        operator_view.show(post, needles, skipped)
    finally:
        deployment.kill()
    story.summarise(options.keep)


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
