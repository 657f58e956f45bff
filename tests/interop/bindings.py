"""Makes Python of proto/ as long as it is needed: with protoc, and the plugin of protobuf-compiler-grpc."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")


@contextlib.contextmanager
def generated():
    """While it is open, `import letterlock.mail.v1...` works."""
    schemas = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(PROTO, "letterlock"))
               for name in names if name.endswith(".proto")]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["protoc", "--proto_path=" + PROTO, "--python_out=" + folder, "--grpc_python_out=" + folder,
             "--plugin=protoc-gen-grpc_python=" + shutil.which("grpc_python_plugin"), *sorted(schemas)],
            check=True, timeout=60)
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            sys.path.remove(folder)
