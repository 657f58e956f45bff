"""What a member sees on her devices: searches, marks that each device learns of, and mail as it comes."""

import os
import re
import shutil
import stat

import log_view
from deployment import Failure, Member, finish
from strangers import ASKED, ASKER

LABEL = "to-be-answered"
WORDS = ("thread", "thank")


def _listed(member, folder, *words):
    return {message["id"]: message for message in member.json(folder, *words, "--most", "100000")["messages"]}


def search(post):
    """Online; and with both servers stopped, from what the device keeps sealed."""
    story = post.story
    story.step(f"Search for `{' '.join(WORDS)}`: with the servers, and without them")
    key, member = next(iter(post.members.items()))
    expected = {posted.id for posted in post.posted if key in (posted.sender, posted.recipient) and _says(posted)}
    found = set(_listed(member, "search", *WORDS))
    if found != expected or not found:
        raise Failure(f"the search finds {len(found)} messages, not the {len(expected)} that hold the words")
    post.deployment.stop()
    offline = set(_listed(member, "search", "--offline", *WORDS))
    story.as_member(member, "search", "--offline", *WORDS, "--most", "4")
    story.say(member.text("search", "--offline", *WORDS, "--most", "4").rstrip())
    post.deployment.start()
    if offline != expected:
        raise Failure("the search without servers finds something else")
    story.done(f"{len(found)} messages hold both words, and the same ones are found with both servers stopped")


def _says(posted):
    text = f"{posted.subject} {posted.body}".casefold()
    return all(re.search(rf"(?<!\w){word}(?!\w)", text) for word in WORDS)


def _link(post, one):
    """A second device of the member: a link file, and its code by another way."""
    story, other = post.story, Member(post.deployment, one.handle, os.path.basename(one.account) + ".second")
    link, code = other.account + ".link", other.account + ".code"
    story.step("Link a second device: all keys go over in a file under a code that is shown once")
    story.as_member(one, "devices", "link", link)
    made = one.json("devices", "link", link)
    if stat.S_IMODE(os.stat(link).st_mode) != 0o600:
        raise Failure("others may read the link file")
    with open(code, "w", encoding="utf-8") as file:
        file.write(made["code"] + "\n")
    words = ["devices", "link", "--join", link, "--code-file", code]
    story.as_member(other, *words)
    joined = other.json(*words)
    post.hidden |= log_view.spellings("device key", bytes.fromhex(joined["device_key"])) | {("link code", made["code"])}
    for path in (link, code):
        os.unlink(path)
    story.as_member(one, "devices", "list")
    story.say(one.text("devices", "list").rstrip())
    story.done(f"{joined['name']} is a device of {one.handle}'s, with a key of its own; file and code are destroyed")
    return other, joined["name"]


def _revoke(post, one, other, name):
    story = post.story
    story.step("Revoke the second device")
    kept = _listed(other, "inbox", "--offline")
    story.as_member(one, "devices", "revoke", name)
    story.say(one.text("devices", "revoke", name).rstrip())
    story.as_member(other, "inbox")
    refused = other.refused("inbox")
    story.say(f"letterlock: {refused}")
    if "takes this device no more" not in refused or not kept:
        raise Failure("the revoked device is not told so")
    if _listed(other, "inbox", "--offline") != kept:
        raise Failure("revoking reached into the device")
    shutil.rmtree(other.account)
    story.done("it gets no mail any more; what it had it still shows offline, which no server can end")


def mark_on_one_see_on_the_other(post):
    story = post.story
    key = max(post.members, key=lambda key: len(post.received(key)))
    one = post.members[key]
    other, name = _link(post, one)
    story.step("Mark, label, put away and delete on one device; the other device learns it when it next asks")
    post.labels.add(LABEL)
    before = _listed(other, "inbox")
    read, labelled, archived, deleted = list(before)[:4]
    for words in (["mark", "read", read], ["mark", "unread", labelled], ["label", "--add", LABEL, labelled],
                  ["archive", archived], ["delete", deleted]):
        story.as_member(one, *words)
        one.json(*words)
    if _listed(other, "inbox", "--offline") != before:
        raise Failure("a device knows what nobody has told it")
    after = _listed(other, "inbox")
    seen = {
        "the mark": after[read]["read"] and not after[labelled]["read"],
        "the label": after[labelled]["message_labels"] == [LABEL],
        "the archive": archived not in after and archived in _listed(other, "archived"),
        "the deletion": deleted not in after and deleted not in _listed(other, "archived"),
        "the rest": {*after, archived, deleted} == set(before),
    }
    story.say(other.text("inbox", "--most", "4").rstrip())
    for what, is_so in seen.items():
        if not is_so:
            raise Failure(f"the other device does not have {what} right")
    post.delete(key, deleted)
    sender = post.members[next(posted.sender for posted in post.posted if posted.id == deleted)]
    if deleted not in _listed(sender, "sent"):
        raise Failure("a deletion went beyond the own mailbox")
    story.done("the second device saw each of it in its next listing; the sender of what was deleted has hers")
    _revoke(post, one, other, name)


def watch(post):
    story, watcher = post.story, post.members[ASKED]
    story.step("Watch: a message is shown when it comes, without asking again and again")
    story.as_member(watcher, "watch", "--once")
    words = ["watch", "--once", "--seconds", "60"]
    program = watcher.start(*words)
    for line in program.stderr:
        if line.startswith(b"Waiting for mail"):
            break
    else:
        raise Failure("the watch did not begin")
    post.send(ASKER, ASKED, "The wax has arrived", "Red, as you said. I have just put it on the table.")
    shown = finish(program, words).decode()
    post.settle()
    story.say(shown.rstrip())
    if "The wax has arrived" not in shown:
        raise Failure("the watch did not show what came")
    story.done("the watcher was told of the message by the server's notice, which holds no content, and opened it")
