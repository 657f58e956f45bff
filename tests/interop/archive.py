"""docs/formats.md, "Imported messages": a row of another service's archive, sealed by a member to herself."""

import datetime
import hmac
import re

from letterlock.mail.v1 import envelope_pb2
from primitives import ctx, hkdf, lp

COLUMNS = ("conversation", "from", "to", "date", "subject", "content", "folder")
_HTML = re.compile(r"<(p|div|html|br|a|span)(?![A-Za-z0-9])")


def ids(state_key, source, row):
    """(message id, thread id) of a row: a dict of the columns."""
    key = hkdf(state_key, b"", ctx("import"))

    def made(name, data):
        return hmac.digest(key, ctx(name) + lp(source.encode()) + lp(data), "sha256")[:16]

    columns = b"".join(lp(row[column].encode()) for column in COLUMNS)
    return made("import-message", columns), made("import-thread", row["conversation"].encode())


def linkedin(row, handle):
    """The Content of a row of LinkedIn's messages.csv, whose DATE is like 2025-03-12 16:25:23 UTC."""
    sent = datetime.datetime.strptime(row["date"], "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=datetime.timezone.utc)
    html = _HTML.match(row["content"]) is not None
    imported = envelope_pb2.ImportedMessage(
        source="linkedin", conversation=row["conversation"], to=[row["to"]], date=row["date"], folder=row["folder"])
    setattr(imported, "from", row["from"])
    return envelope_pb2.Content(
        subject=row["subject"], body=row["content"],
        body_format=envelope_pb2.BODY_FORMAT_HTML if html else envelope_pb2.BODY_FORMAT_PLAIN,
        sent_unix_ms=int(sent.timestamp() * 1000), sender_handle=handle, recipient_handle=handle, imported=imported)
