"""Writing or checking vector files: bytes stand there in hexadecimal."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent


def run(files):
    """`files` maps names to functions that make their content. With --check, only compares."""
    stale = []
    for name, make in files.items():
        text = json.dumps(make(), indent=1, ensure_ascii=False, default=bytes.hex) + "\n"
        path = HERE / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(name)
    if stale:
        sys.exit("not what the generator makes: " + " ".join(stale))
