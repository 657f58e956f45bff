"""A member shows one message to the abuse desk, who is a member like others and believes nobody's word."""

from deployment import Failure
from strangers import ASKED, PUSHY

DESK = "demo-abuse-desk"
NOTE = "This stranger will not stop about those candles."


def name_a_desk(post):
    """The operator names a member, from the next start on: reports are sealed to her key."""
    desk = post.join(DESK)
    post.deployment.maild.flags += ["--reports.desk_handle", DESK, "--reports.desk_member", desk.id]


def report_and_judge(post):
    story = post.story
    story.step("Report one message to the abuse desk, which verifies claim by claim who wrote it to whom")
    desk, reporter = post.members[DESK], post.members[ASKED]
    message = next(posted for posted in post.posted if posted.sender == PUSHY)
    words = ["report", message.id[:12], "--reason", "spam", "--note", NOTE, "--yes"]
    post.hidden.add(("note", NOTE))
    story.as_member(reporter, *words)
    story.say(reporter.text(*words).rstrip())
    why = reporter.refused(*words)
    if "reported this message before" not in why:
        raise Failure(f"a second report was refused for another reason: {why}")
    before_desk = desk.json("desk", "list")["reports"]
    if [report["id"] for report in before_desk] != [message.id]:
        raise Failure("before the desk lies something else than the one report")
    number = str(before_desk[0]["number"])
    story.as_member(desk, "desk", "verify", number)
    story.say(desk.text("desk", "verify", number).rstrip())
    verdict, shown = desk.json("desk", "verify", number), desk.json("desk", "show", number)
    if not verdict["verified"] or {claim["result"] for claim in verdict["claims"]} != {"PASS"}:
        raise Failure("the desk does not find the report right")
    if (shown["subject"], shown["body"], shown["from"]) != (message.subject, message.body, PUSHY):
        raise Failure("the desk reads something else than what was written")
    if desk.json("inbox")["messages"]:
        raise Failure("the desk got more than the one message")
    story.done(f"the desk holds one message, and {len(verdict['claims'])} claims about it pass; it has no other message, "
               "and the same one can't be reported twice")
