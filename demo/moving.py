"""Mail that comes along from elsewhere, and all mail taken out again."""

import collections
import json
import mailbox
import os

import archive
from deployment import Failure
from strangers import ASKED

BUNDLED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "messages.csv")


def bring_along(post):
    story, member = post.story, post.members[ASKED]
    story.step("Bring along mail from elsewhere: an archive, sealed to the member's own key; a second time adds nothing")
    messages, _ = archive.read(BUNDLED)
    words = ["import", "linkedin", BUNDLED]
    story.as_member(member, *words)
    story.say(member.text(*words).rstrip())
    again = member.json(*words)
    there = member.json("imported", "--most", "100000")["messages"]
    if (again["imported"], again["present"], again["bad"]) != (0, len(messages), []) or len(there) != len(messages):
        raise Failure(f"{len(there)} of {len(messages)} messages are there after importing them twice")
    if {message["signature"] for message in there} != {"imported"}:
        raise Failure("imported mail passes for verified mail")
    post.imported[ASKED] = messages
    post.hidden |= {("name", person.name) for message in messages for person in (message.sender, message.recipient)}
    post.hidden |= {(what, getattr(message, what)) for message in messages for what in ("subject", "body")}
    story.done(f"{len(messages)} messages came along, marked as NOT VERIFIED; the second time 0")


def take_out(post):
    story = post.story
    story.step("Take all mail out again, and compare it with what was sent")
    counts = [_take_out_of(post, key) for key in (ASKED, next(iter(post.members)))]
    story.done(f"{sum(count for count, _ in counts)} messages and {sum(files for _, files in counts)} files of "
               f"{len(counts)} members: JSON Lines and mbox hold what was sent, to the character; not sealed any more")


def _take_out_of(post, key):
    member = post.members[key]
    folder = os.path.join(post.deployment.folder, "takeout-" + member.handle)
    post.story.as_member(member, "takeout", folder)
    taken = member.json("takeout", folder)
    with open(os.path.join(folder, "messages.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    if taken["refused"] or taken["messages"] != len(lines):
        raise Failure("the takeout does not hold what it says")
    _compare_messages(post, key, lines)
    entries = list(mailbox.mbox(os.path.join(folder, "mail.mbox"), create=False))
    if [entry.get_payload(decode=True).decode() for entry in entries] != [line["body"] for line in lines]:
        raise Failure("the mbox says something else than the JSON Lines")
    return len(lines), _compare_files(post, folder, lines)


def _compare_messages(post, key, lines):
    sent = {posted.id: (posted.subject, posted.body, post.members[posted.sender].handle,
                        post.members[posted.recipient].handle) for posted in post.mail_of(key)}
    taken = {line["id"]: (line["subject"], line["body"], line["from"], line["to"])
             for line in lines if line["folder"] != "imported"}
    if sent != taken:
        raise Failure(f"{len(taken)} messages were taken out that are not the {len(sent)} of this mailbox")
    imported = collections.Counter((line["subject"], line["body"]) for line in lines if line["folder"] == "imported")
    brought = collections.Counter((message.subject, message.body) for message in post.imported.get(key, []))
    if imported != brought:
        raise Failure("what was brought along came out changed")


def _compare_files(post, folder, lines):
    files = 0
    for line in lines:
        sent = post.attached.get(line["id"], [])
        if len(sent) != len(line.get("files", [])):
            raise Failure("the takeout lacks files")
        for path, taken in zip(sent, line.get("files", [])):
            with open(path, "rb") as one, open(os.path.join(folder, taken["path"]), "rb") as other:
                if one.read() != other.read():
                    raise Failure(f"{os.path.basename(path)} came out changed")
            files += 1
    return files
