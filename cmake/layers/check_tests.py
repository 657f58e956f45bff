#!/usr/bin/env python3
"""Every tests/**/*_test.cc is built and registered: a test that nobody runs claims what nobody checks.

    check_tests.py [--root DIR]                     a CMakeLists.txt names it (needs no build)
    check_tests.py [--root DIR] --registered FILE   the configured build registered it
"""

import argparse
import re
import sys
from pathlib import Path


def named_by_cmake(root):
    """The sources that a letterlock_test(...) of some CMakeLists.txt names, relative to the root."""
    named = set()
    for path in sorted((root / "tests").rglob("CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        for call in re.findall(r"letterlock_test\s*\(([^)]*)\)", text):
            folder = path.parent.relative_to(root)
            named.update((folder / word.strip('"')).as_posix() for word in call.split() if "_test.cc" in word)
    return named


def main():
    parser = argparse.ArgumentParser(description="checks that every *_test.cc is registered")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent.parent)
    parser.add_argument("--registered", type=Path)
    arguments = parser.parse_args()

    if arguments.registered:
        registered = set(arguments.registered.read_text().split())
    else:
        registered = named_by_cmake(arguments.root)
    found = sorted((arguments.root / "tests").rglob("*_test.cc"))
    present = [path.relative_to(arguments.root).as_posix() for path in found]
    missing = [path for path in present if path not in registered]
    for path in missing:
        print(f"{path}:1: not registered by any letterlock_test")
    print(f"tests: {len(present)} sources, {len(missing)} not registered")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
