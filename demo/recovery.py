"""A device is lost, and the account taken back with its recovery kit."""

import os
import shutil

import log_view
from deployment import Failure, Member
from strangers import ASKED, ASKER


def lose_and_recover(post):
    story, owner = post.story, post.members[ASKER]
    story.step("Lose the device, and take the account back with the recovery kit")
    before = {folder: _ids(owner, folder) for folder in ("inbox", "sent")}
    post.hidden |= log_view.secrets_of_member(owner)  # those of before must not be found either
    thief = _steal(post, owner)
    words = ["account", "recover", ASKER, "--from-kit", owner.account + ".kit"]
    story.as_member(owner, *words)
    story.say(owner.text(*words).rstrip())
    if {folder: _ids(owner, folder) for folder in before} != before:
        raise Failure("the mail of before is not all there")
    old = post.received(ASKER)[0]
    if owner.json("read", old.id)["body"] != old.body:
        raise Failure("the mail of before does not open")
    post.send(ASKED, ASKER, "Are you back?", "I hear that somebody has taken your notebook.")
    post.settle()
    for arguments in (["inbox"], ["send", ASKED, "--subject", "It is me", "--body", "Really."]):
        _must_fail(post, thief, arguments)
    shutil.rmtree(thief.account)
    story.done(f"{sum(map(len, before.values()))} messages of before open with the kit alone, new mail comes; the lost "
               "device is signed out and its keys are in force no more")


def _ids(member, folder):
    return {message["id"] for message in member.json(folder, "--most", "100000")["messages"]}


def _steal(post, owner):
    """Her device is somebody else's now, with passphrase and all."""
    folder = os.path.basename(owner.account) + ".stolen"
    os.rename(owner.account, os.path.join(post.deployment.members, folder))
    return Member(post.deployment, owner.handle, folder)


def _must_fail(post, thief, arguments):
    for code in (1, 6):
        try:
            error = thief.json(*arguments, expect=code)["error"]
        except Failure:
            continue
        post.story.say(f"the lost device, `{arguments[0]}`: {error['message']}")
        return
    raise Failure(f"the lost device can still `{arguments[0]}`")
