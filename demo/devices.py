"""What a member sees on her devices: searches, marks that each device learns of, and mail as it comes."""

import os
import re
import shutil

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


def mark_on_one_see_on_the_other(post):
    story, deployment = post.story, post.deployment
    story.step("Mark, label, put away and delete on one device; the other device learns it when it next asks")
    post.labels.add(LABEL)
    key = max(post.members, key=lambda key: len(post.received(key)))
    one = post.members[key]
    shutil.copytree(one.account, one.account + ".second")
    other = Member(deployment, one.handle, os.path.basename(one.account) + ".second")
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
    shutil.rmtree(other.account)
    story.done("a second copy of the account saw each of it in its next listing; the sender of what was deleted has hers")


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
