"""A wire that can be cut: passes TCP connections on, counts what clients send, and stops in the middle when told to."""

import socket
import threading

BUFFER = 65_536


class Relay:
    """Listens on a port of its own. Passes on until `hold_after` bytes went up, then waits for cut()."""

    def __init__(self, target_port, hold_after):
        self._target = ("127.0.0.1", target_port)
        self._hold_after = hold_after
        self._cut = threading.Event()
        self._lock = threading.Lock()
        self._sockets = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.sent_up = 0  # bytes of clients that were passed on
        self.held = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        self.cut()

    def cut(self):
        """Breaks all connections; new ones are passed on without another stop."""
        self._cut.set()
        with self._lock:
            for one in self._sockets:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it broke by itself

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=10)
            except OSError:
                client.close()  # as if the server itself were not there
                continue
            server.settimeout(None)
            with self._lock:
                self._sockets |= {client, server}
            for source, target, upward in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, target, upward), daemon=True).start()

    def _pump(self, source, target, upward):
        try:
            while data := source.recv(BUFFER):
                if upward and not self._may_pass(len(data)):
                    break
                target.sendall(data)
        except OSError:
            pass  # one side has gone: so does the other
        finally:
            for one in (source, target):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                with self._lock:
                    self._sockets.discard(one)
                one.close()

    def _may_pass(self, size):
        with self._lock:
            if self._cut.is_set() or self.sent_up + size <= self._hold_after:
                self.sent_up += size
                return True
        self.held.set()
        self._cut.wait()
        return False
