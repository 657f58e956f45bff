"""What strangers may do to each other: ask, be answered, be turned away, be blocked; and what it costs them."""

from deployment import Failure

ASKER, ASKED, PUSHY = "ines-the-asker", "bruno-the-asked", "victor-the-pushy"


def _must(condition, what):
    if not condition:
        raise Failure(what)


def _listed(member, folder):
    return [message["id"] for message in member.json(folder, "--most", "1000")["messages"]]


def _credits(member):
    return member.json("limits")["credits"]["available"]


def _refused(post, sender, subject, body):
    """Tries to write to the asked one; why the server takes it not."""
    words = ["send", ASKED, "--subject", subject, "--body", body]
    post.hidden |= {("subject", subject), ("body", body)}
    post.story.as_member(post.members[sender], *words)
    return post.members[sender].refused(*words)


def arrive(post):
    """The server was started with these rules before (demo.py)."""
    post.story.step("Three strangers come; the rules are the default ones now: a first contact costs a credit and waits")
    post.story.command(post.deployment.maild.command)
    for handle in (ASKER, ASKED, PUSHY):
        post.join(handle)
    asker = post.members[ASKER]
    post.story.as_member(asker, "limits")
    post.story.say(asker.text("limits").rstrip())
    limits = asker.json("limits")
    _must(limits["messages"]["used"] == 0 and limits["credits"]["available"] > 2, "a newcomer has used something up")
    post.story.done(f"{limits['credits']['available']} credits for first contacts, "
                    f"{limits['max_unanswered']} messages until the first answer, "
                    f"{limits['sends_per_day']['limit']} messages a day: the server's own word")


def ask_and_accept(post):
    story, asker, asked = post.story, post.members[ASKER], post.members[ASKED]
    story.step("A first contact waits among the requests, costs a credit, and is accepted")
    before = _credits(asker)
    subject, body = "A question between strangers", "We have never met. May I ask you about sealing wax?"
    story.as_member(asker, "send", ASKED, "--subject", subject, stdin=body)
    first = post.send(ASKER, ASKED, subject, body)
    post.settle()
    _must(_credits(asker) == before - 1, "a first contact cost something else than one credit")
    story.as_member(asked, "requests")
    story.say(asked.text("requests").rstrip())
    _must(_listed(asked, "requests") == [first.id] and not _listed(asked, "inbox"), "the request is not where it belongs")
    story.as_member(asked, "respond", "accept", ASKER)
    story.say(asked.text("respond", "accept", ASKER).rstrip())
    _must(_listed(asked, "inbox") == [first.id] and not _listed(asked, "requests"), "the request did not move")
    _must(_credits(asker) == before, "the credit did not come back")
    post.send(ASKED, ASKER, "Re: A question between strangers", "Ask away: red wax, always red.", answers=first)
    post.settle()
    story.done("the request moved to the inbox, the credit came back, the answer went to the inbox at once")


def ask_and_decline(post):
    story, pushy, asked = post.story, post.members[PUSHY], post.members[ASKED]
    story.step("Another first contact is declined: no follow-up, and the server keeps to it")
    before = _credits(pushy)
    request = post.send(PUSHY, ASKED, "Buy cheap candles now", "Candles, candles, candles, and a discount until Friday.")
    post.settle()
    story.as_member(asked, "respond", "decline", PUSHY)
    story.say(asked.text("respond", "decline", PUSHY).rstrip())
    _must(_listed(asked, "archived") == [request.id] and not _listed(asked, "requests"), "a declined request stayed")
    _must(_credits(pushy) == before, "the credit did not come back")
    why = _refused(post, PUSHY, "Candles again", "The discount ends today.")
    _must("declined" in why, f"refused for another reason: {why}")
    story.say(f"refused: {why}")
    story.done("a declined sender cannot go on; who declined may still write first")


def block(post):
    story, asker, asked = post.story, post.members[ASKER], post.members[ASKED]
    story.step("A correspondent is blocked, and unblocked")
    story.as_member(asked, "block", ASKER)
    story.say(asked.text("block", ASKER).rstrip())
    story.as_member(asked, "blocks")
    story.say(asked.text("blocks").rstrip())
    _must([one.get("handle") for one in asked.json("blocks")["blocks"]] == [ASKER], "the list of blocks is another one")
    why = _refused(post, ASKER, "Still there?", "No answer for a minute!")
    _must("takes nothing" in why, f"refused for another reason: {why}")
    story.say(f"{ASKER} is refused: {why}")
    story.as_member(asked, "unblock", ASKER)
    asked.text("unblock", ASKER)
    _must(not asked.json("blocks")["blocks"], "a block stayed")
    post.send(ASKER, ASKED, "After the block", "There you are again, good.")
    post.settle()
    story.done("nothing of a blocked member is taken, it is after the block; the list of blocks is the member's own")
