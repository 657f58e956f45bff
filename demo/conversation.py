"""The mail itself: the archive's messages in their order and threads, the replies, and the servers that die between."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deployment import Failure, run


def together(do, things):
    """What it gives for each; as many at a time as there are processors, for most of a command's time is Argon2's."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(do, things))


@dataclass(frozen=True)
class Posted:
    """A message that was sent: what it said, and what the server said of it."""

    id: str
    thread: str
    sender: str  # keys of members
    recipient: str
    subject: str
    body: str


class Post:
    """Sends, and has each message read back by its recipient while the next one is sent."""

    def __init__(self, deployment, members, story):
        self.deployment = deployment
        self.members = members
        self.story = story
        self.posted = []
        self.attached = {}  # message id: the paths of the files that went with it
        self.imported = {}  # key of a member: the messages that she brought along
        self.hidden = set()  # what else nobody may find: (what, text)
        self.labels = set()
        self.told_operator = ""  # all that status and metrics said
        self._deleted = set()  # (key of a member, message id)
        self._readers = ThreadPoolExecutor(max_workers=1)
        self._readings = []

    def words(self, recipient, subject, html=False, answers=None):
        """What sends: a reply where `answers` is the message to answer. The body is standard input."""
        what = ["reply", answers.id] if answers else ["send", self.members[recipient].handle]
        return [*what, "--subject", subject, *(["--html"] if html else [])]

    def send(self, sender, recipient, subject, body, html=False, answers=None, meanwhile=None):
        command = self.members[sender].command("--json", *self.words(recipient, subject, html, answers))
        return self.take(run(command, body.encode(), meanwhile=meanwhile), sender, recipient, subject, body, answers)

    def take(self, answer, sender, recipient, subject, body, answers=None):
        """What the server answered to a message that was sent: from now on it must be there."""
        receipt = json.loads(answer)
        if receipt["delivery"] not in ("delivered", "pending"):
            raise Failure(f"a message was {receipt['delivery']}")
        if receipt["to"] != self.members[recipient].handle:
            raise Failure("a reply went to somebody else")
        if answers and receipt["thread"] != answers.thread:
            raise Failure("a reply left its thread")
        posted = Posted(receipt["id"], receipt["thread"], sender, recipient, subject, body)
        self.posted.append(posted)
        self._readings.append(self._readers.submit(self._read_back, posted))
        return posted

    def _read_back(self, posted):
        read = self.members[posted.recipient].json("read", posted.id)
        said = {"subject": posted.subject, "body": posted.body, "from": self.members[posted.sender].handle,
                "to": self.members[posted.recipient].handle, "id": posted.id, "thread": posted.thread}
        for key, value in said.items():
            if read[key] != value:
                raise Failure(f"{key} of {posted.id[:8]} came back changed: {read[key]!r} instead of {value!r}")

    def join(self, handle):
        """Another member, known by her handle."""
        member = self.members[handle] = self.deployment.member(handle)
        member.id = member.json("account", "create", handle, "--recovery-kit", member.account + ".kit")["member"]
        return member

    def received(self, key):
        return [posted for posted in self.posted if posted.recipient == key]

    def mail_of(self, key):
        """All that must be in a mailbox."""
        return [posted for posted in self.posted
                if key in (posted.sender, posted.recipient) and (key, posted.id) not in self._deleted]

    def delete(self, key, message):
        self._deleted.add((key, message))

    def settle(self):
        """Waits until all that was sent has been read back; raises what went wrong."""
        for reading in self._readings:
            reading.result()
        self._readings.clear()


def _thread_of(posted, sender, recipient):
    """The newest message of a conversation that a message between these two can answer."""
    for message in reversed(posted):
        if {message.sender, message.recipient} == {sender, recipient}:
            return message
    return None


def send_all(post, messages):
    story = post.story
    story.step(f"Send the {len(messages)} messages in date order, each read back by its recipient")
    conversations, threads, shown = {}, 0, set()
    restart_at, kill_at = len(messages) // 3, 2 * len(messages) // 3
    for number, message in enumerate(messages):
        if number == restart_at:
            _restart(post)
        so_far = conversations.setdefault(message.conversation, [])
        answers = _thread_of(so_far, message.sender.key, message.recipient.key)
        threads += answers is None
        meanwhile = (lambda: _kill(post)) if number == kill_at else None
        kind = "reply" if answers else "send"
        if kind not in shown and len(message.body) < 100:
            shown.add(kind)
            story.as_member(post.members[message.sender.key],
                            *post.words(message.recipient.key, message.subject, message.is_html, answers),
                            stdin=message.body)
        so_far.append(post.send(message.sender.key, message.recipient.key, message.subject, message.body,
                                message.is_html, answers, meanwhile))
        story.progress(f"{number + 1} of {len(messages)}")
    post.settle()
    _show_one(post)
    story.done(f"{len(messages)} messages in {threads} threads, each opened and verified by its recipient and the "
               "same to the byte; the mail server was stopped once and killed once in between")


def _restart(post):
    post.settle()
    post.deployment.maild.stop()
    post.deployment.maild.start()
    post.story.say(f"the mail server was stopped (SIGTERM) and started again, pid {post.deployment.maild.pid}")


def _kill(post):
    """What happens while a message is on its way: the client has to repeat itself."""
    maild = post.deployment.maild
    time.sleep(0.2)  # Argon2 takes about as long: the call is about to be made, or in flight
    maild.kill()
    time.sleep(0.5)
    maild.start()
    post.story.say(f"the mail server was killed (SIGKILL) during a send and started again, pid {maild.pid}")


def _show_one(post):
    wide = [posted for posted in post.posted if not posted.body.isascii() and 10 < len(posted.body) < 200]
    posted = (wide or post.posted)[-1]
    reader = post.members[posted.recipient]
    post.story.as_member(reader, "read", posted.id[:12])
    post.story.say(reader.text("read", posted.id[:12]).rstrip())


def reply_all(post):
    story = post.story
    story.step("Each member replies to the newest message of hers")
    replies = 0
    for key, member in post.members.items():
        newest = next((posted for posted in reversed(post.posted) if key in (posted.recipient, posted.sender)), None)
        if newest is None:
            continue
        other = newest.sender if newest.recipient == key else newest.recipient
        body = f"Thank you, I have read it. This is {member.handle} in the thread {newest.thread}."
        post.send(key, other, "Re: our conversation", body, answers=newest)
        replies += 1
    post.settle()
    someone = next(iter(post.members.values()))
    story.as_member(someone, "inbox", "--most", "8")
    story.say(someone.text("inbox", "--most", "8").rstrip())
    story.done(f"{replies} replies in their threads, read back and the same to the byte")


def check_exactly_once(post):
    story = post.story
    story.step("Count: every message that was acknowledged is in both mailboxes, once")
    together(lambda key: _check_mailbox(post, key), post.members)
    story.done(f"{len(post.posted)} messages, {2 * len(post.posted)} copies: none lost, none twice, none refused")


def _check_mailbox(post, key):
    member = post.members[key]
    for folder, side in (("inbox", "recipient"), ("sent", "sender")):
        listing = member.json(folder, "--most", "100000")
        there = sorted(message["id"] for message in listing["messages"])
        sent = sorted(posted.id for posted in post.posted if getattr(posted, side) == key)
        if there != sent or listing["refused"]:
            raise Failure(f"{member.handle}'s {folder} holds {len(there)} messages instead of {len(sent)}")
