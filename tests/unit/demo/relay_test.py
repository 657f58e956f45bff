"""Claims about demo/relay.py. Run: python3 relay_test.py REPOSITORY"""

import os
import socket
import sys
import threading
import unittest

ROOT = sys.argv.pop(1)
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "demo"))

from relay import Relay  # noqa: E402

PATIENCE = 20


class Echo:
    """A server that sends back what it gets."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    @staticmethod
    def _answer(connection):
        with connection:
            while data := connection.recv(4096):
                connection.sendall(data)


class ARelay(unittest.TestCase):
    def setUp(self):
        echo = Echo()
        self.addCleanup(echo.close)
        self.relay = Relay(echo.port, hold_after=10)
        self.addCleanup(self.relay.__exit__)

    def dial(self):
        connection = socket.create_connection(("127.0.0.1", self.relay.port), timeout=PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def test_passes_on_and_counts_what_clients_send(self):
        one = self.dial()
        one.sendall(b"12345")
        self.assertEqual(one.recv(5, socket.MSG_WAITALL), b"12345")
        self.assertEqual(self.relay.sent_up, 5)
        self.assertFalse(self.relay.held.is_set())

    def test_holds_what_is_over_the_mark_until_it_is_cut_and_loses_it(self):
        one = self.dial()
        one.sendall(b"12345")
        self.assertEqual(one.recv(5, socket.MSG_WAITALL), b"12345")
        one.sendall(b"6789012345")
        self.assertTrue(self.relay.held.wait(PATIENCE))
        self.relay.cut()
        self.assertEqual(one.recv(1), b"")
        self.assertEqual(self.relay.sent_up, 5)

    def test_passes_on_without_a_stop_once_it_was_cut(self):
        self.relay.cut()
        one = self.dial()
        one.sendall(b"x" * 100)
        self.assertEqual(one.recv(100, socket.MSG_WAITALL), b"x" * 100)


if __name__ == "__main__":
    unittest.main()
