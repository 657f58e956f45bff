"""Reads a message archive (CSV, columns found by their header names) and gives its people handles."""

import csv
import datetime
import hashlib
import re
import unicodedata
import urllib.parse
from dataclasses import dataclass

COLUMNS = {
    "conversation": "CONVERSATION ID",
    "sender": "FROM",
    "sender_url": "SENDER PROFILE URL",
    "recipient": "TO",
    "recipient_url": "RECIPIENT PROFILE URLS",
    "date": "DATE",
    "subject": "SUBJECT",
    "body": "CONTENT",
}

MOST_SUBJECT = 200  # characters, as docs/formats.md has it
MOST_BODY = 2000
HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")


class ArchiveError(Exception):
    """The file as a whole is no archive."""


@dataclass(frozen=True)
class Person:
    """Somebody in the archive: known by the profile address, by the name alone where there is none."""

    key: str
    name: str
    url: str


@dataclass(frozen=True)
class Message:
    line: int
    conversation: str
    sender: Person
    recipient: Person
    date: datetime.datetime
    subject: str
    body: str

    @property
    def is_html(self):
        return bool(re.match(r"<(p|div|html|br|a|span)\b", self.body))


@dataclass(frozen=True)
class BadRow:
    line: int
    why: str


def read(path):
    """Returns (messages in date order, bad rows in file order). Raises ArchiveError."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return _read(path, file)
    except OSError as error:
        raise ArchiveError(f"{path}: {error.strerror}") from error


def _read(path, file):
    messages, bad = [], []
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, None)
        columns = _columns(header)
        while True:
            line = reader.line_num + 1
            row = next(reader, None)
            if row is None:
                break
            if not row:
                continue
            try:
                messages.append(_message(line, row, columns, len(header)))
            except ValueError as error:
                bad.append(BadRow(line, str(error)))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: after line {reader.line_num}: {error}") from error
    # Archives list the newest first: among equal dates the later row is the older message.
    messages.sort(key=lambda m: (m.date, -m.line))
    return messages, bad


def _columns(header):
    if header is None:
        raise ArchiveError("the archive is empty")
    places = {}
    for place, name in enumerate(header):
        name = name.strip().upper()
        if name in places:
            raise ArchiveError(f"the column {name} is there twice")
        places[name] = place
    missing = [name for name in COLUMNS.values() if name not in places]
    if missing:
        raise ArchiveError(f"columns that are missing: {', '.join(missing)}")
    return {field: places[name] for field, name in COLUMNS.items()}


def _message(line, row, columns, width):
    if len(row) != width:
        raise ValueError(f"{len(row)} fields instead of {width}")
    field = {name: row[place] for name, place in columns.items()}
    if not field["conversation"].strip():
        raise ValueError("no conversation id")
    if len(re.findall(r"https?://", field["recipient_url"])) > 1:
        raise ValueError("several recipients; a letter has one")
    if len(field["subject"]) > MOST_SUBJECT:
        raise ValueError(f"the subject has {len(field['subject'])} characters; at most {MOST_SUBJECT}")
    if len(field["body"]) > MOST_BODY:
        raise ValueError(f"the body has {len(field['body'])} characters; at most {MOST_BODY}")
    if "\0" in field["subject"] or "\0" in field["body"]:
        raise ValueError("a zero character")
    sender = _person(field["sender"], field["sender_url"], "sender")
    recipient = _person(field["recipient"], field["recipient_url"], "recipient")
    if sender.key == recipient.key:
        raise ValueError("the sender is the recipient; a letter goes to somebody else")
    return Message(
        line=line,
        conversation=field["conversation"],
        sender=sender,
        recipient=recipient,
        date=_date(field["date"]),
        subject=field["subject"],
        body=field["body"],
    )


def _date(text):
    text = text.strip().removesuffix(" UTC")
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            pass
    raise ValueError("the date is not one like 2025-03-12 16:25:23 UTC")


def _person(name, url, role):
    name, url = name.strip(), url.strip()
    if not name and not url:
        raise ValueError(f"no {role}")
    if not url:
        return Person("name:" + unicodedata.normalize("NFC", name), name, "")
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.lower().removeprefix("www.")
    return Person(f"url:{host}{parts.path.rstrip('/')}", name, url)


def handles(messages):
    """A handle for each person, in the order of first appearance: from the profile address, otherwise from the name."""
    given = {}
    for message in messages:
        for person in (message.sender, message.recipient):
            if person.key not in given:
                given[person.key] = _free_handle(_slug_of(person), set(given.values()))
    return given


def _slug_of(person):
    path = urllib.parse.urlsplit(person.url).path.rstrip("/")
    slug = _slug(urllib.parse.unquote(path.rsplit("/", 1)[-1])) or _slug(person.name)
    # Names in other scripts may leave nothing: a digest still tells two such people apart.
    return slug or "member-" + hashlib.sha256(person.key.encode()).hexdigest()[:8]


def _slug(text):
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-._")[:63]
    return slug if HANDLE.fullmatch(slug) else ""


def _free_handle(slug, taken):
    handle, number = slug, 1
    while handle in taken:
        number += 1
        handle = f"{slug[:58]}-{number}"
    return handle
