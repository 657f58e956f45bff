"""What the tests of the Python client stand on: real daemons, `ada` who uses letterlock, and bindings of the protos.

A test's arguments: --bin FOLDER [unittest's]"""

import argparse
import atexit
import contextlib
import json
import os
import sys
import unittest

import bindings
import daemons
from deployment import run

_BINDINGS = contextlib.ExitStack()
_BINDINGS.enter_context(bindings.generated())
atexit.register(_BINDINGS.close)

import client  # noqa: E402
import grpc  # noqa: E402
import owner  # noqa: E402

BODY = "Both ways,\n\u674e \u660e: \u00e9\u0301 \U0001f511 <b>&amp;\ttabs\n"
_ARGUMENTS = argparse.Namespace(bin=None)


def main():
    """Runs the tests of the program that calls it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    _, rest = parser.parse_known_args(namespace=_ARGUMENTS)
    unittest.main(argv=[sys.argv[0], *rest])


class Deployed(unittest.TestCase):
    """One deployment for all tests of a class: `ada` uses letterlock, the others the Python client."""

    CORRESPONDENCE = "open"

    @classmethod
    def setUpClass(cls):
        cls.deployment = cls.enterClassContext(daemons.running(_ARGUMENTS.bin, cls.CORRESPONDENCE))
        cls.servers = client.Servers(cls.deployment.config)
        cls.addClassCleanup(cls.servers.close)
        cls.ada = cls.deployment.member("ada")
        cls.ada.json("account", "create", "ada", "--recovery-kit", os.path.join(cls.deployment.members, "kit"))
        cls.ada_id = bytes.fromhex(cls.ada.json("account", "show")["member"])

    def member(self, handle):
        made = owner.Owner(self.servers, handle)
        self.assertTrue(made.create().created)
        made.open_session()
        return made

    def send_as_ada(self, *words, body=BODY):
        return json.loads(run(self.ada.command("--json", *words), body.encode()))

    def assert_reads(self, reader, receipt, subject, body, folder):
        """The Python client finds what ada sent, and reads it as she wrote it."""
        message_id = bytes.fromhex(receipt["id"])
        state, header, content = reader.read(self.ada_id, message_id)
        self.assertEqual((content.subject, content.body), (subject, body))
        self.assertEqual((content.sender_handle, content.recipient_handle), ("ada", reader.handle))
        self.assertEqual(header.thread_id.hex(), receipt["thread"])
        self.assertEqual(state.folder, folder)
        self.assertIn((self.ada_id, message_id), reader.mailbox)

    def refused(self, code, reason, call, *arguments):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code(), code)
        details = dict(caught.exception.trailing_metadata())["grpc-status-details-bin"]
        self.assertIn(reason.encode(), details)
