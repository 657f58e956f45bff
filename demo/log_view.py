"""What the servers' logs hold, written at the lowest level there is: no member, nothing of hers, no key, no token."""

import base64
import json
import os
import re
import secrets
import shutil

import scanner
from deployment import Failure

# Of 16 random bytes or more there is this much in any of the usual encodings.
RANDOM = re.compile(rb"[0-9a-fA-F]{17,}|[A-Za-z0-9+/_-]{22,}")
METHOD = re.compile(rb'"method":"/letterlock\.[a-z.0-9]+/[A-Za-z]+"|"method":"/grpc\.health\.v1\.Health/[A-Za-z]+"')
TIME = re.compile(rb'"time":"[0-9T:.-]+Z"')


def spellings(what, data):
    """One value as a log might have it."""
    data = data.encode() if isinstance(data, str) else data
    return {(what, data), (what, data.hex()), (what, base64.b64encode(data).rstrip(b"=")),
            (what, base64.urlsafe_b64encode(data).rstrip(b"="))}


def secrets_of_member(member):
    """Of one member: ids and keys in each spelling, her passphrase and recovery kit."""
    shown = member.json("account", "show")
    found = set()
    for what, value in (("member id", "member"), ("identity key", "identity_key"),
                        ("encryption key", "encryption_key"), ("device key", "device_key")):
        found |= spellings(what, bytes.fromhex(shown[value]))
    with open(member.passphrase_file, encoding="utf-8") as file:
        found |= spellings("passphrase", file.read().strip())
    with open(member.account + ".kit", encoding="utf-8") as file:
        kit = re.search(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){12}", file.read())
    return found | {("recovery kit", kit[0])}


def suspicious(data, known):
    """Runs in a log that look random and are none of `known`: keys, tokens and digests do, whoever's they are."""
    data = TIME.sub(b"", METHOD.sub(b"", data))
    for text in known:
        data = data.replace(text.encode(), b"")
    return [run[0] for run in RANDOM.finditer(data) if any(48 <= byte < 58 for byte in run[0])]


def show(post, needles):
    story, deployment = post.story, post.deployment
    story.step("Read both servers' logs, written at the lowest level there is: no member, nothing of hers, no key, no token")
    known = (deployment.deployment_id, deployment.folder)
    for daemon in (deployment.maild, deployment.directoryd):
        hits, unknown = search(daemon.log, needles, known)
        if hits or unknown:
            raise Failure(f"the log of {daemon.name} holds {sorted(hits)} and {len(unknown)} random-looking values")
        story.command(["grep", "-c", "debug", daemon.log])
        counts = ", ".join(f"{count} {level}" for level, count in sorted(_levels(daemon.log).items()))
        story.say(f"{daemon.name}: lines {counts}: 0 hits, and nothing that looks like a key or a token")
        _control(post, daemon, needles, known)
    _search_what_operators_are_told(post, needles)
    story.done("logs, status and metrics name nobody; the same search finds one planted line of each kind, and a token "
               "that nobody told it")


def _levels(path):
    """How many lines of each level."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            level = json.loads(line)["level"]
            found[level] = found.get(level, 0) + 1
    if "debug" not in found:
        raise Failure(f"{path} has no line of the lowest level")
    return found


def _control(post, daemon, needles, known):
    """The same log with one line of each kind in it, and a token: all of them must be found."""
    planted = {needle.what: needle.text for needle in needles}
    copy = os.path.join(post.deployment.folder, "planted.log")
    shutil.copyfile(daemon.log, copy)
    with open(copy, "ab") as file:
        for text in planted.values():
            file.write(b'{"event":"' + text + b'"}\n')
        file.write(b'{"token":"' + base64.b64encode(secrets.token_bytes(48)) + b'"}\n')
    hits, unknown = search(copy, needles, known)
    if not set(planted) <= hits or not unknown:
        raise Failure(f"the search of the logs misses {sorted(set(planted) - hits) or 'a token'}: it proves nothing")
    os.unlink(copy)


def _search_what_operators_are_told(post, needles):
    path = os.path.join(post.deployment.folder, "told-operator.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(post.told_operator)
    _, hits = scanner.scan([path], needles)
    if hits or not post.told_operator:
        raise Failure(f"status or metrics hold {sorted({hit.needle.what for hit in hits})}")


def search(path, needles, known):
    """(kinds of needles that were found, random-looking values) of one log."""
    with open(path, "rb") as file:
        data = file.read()
    _, hits = scanner.scan([path], needles)
    return {hit.needle.what for hit in hits}, suspicious(data, known)
