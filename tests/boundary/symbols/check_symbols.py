#!/usr/bin/env python3
"""Reads what a built program carries, and refuses what its plane (planes.toml) may not have.

    check_symbols.py --plane public PROGRAM
    check_symbols.py --plane public --must-refuse letterlock::vault::,crypto_aead_ PROGRAM

The second form is the control: it passes only if the program is refused, and for each of these reasons.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

SODIUM = re.compile(r"^(crypto_|sodium_|randombytes)")


def symbols_of(program):
    """Every symbol of the program: its own table (demangled) and what it takes from shared libraries."""
    names = set()
    for options in (["--demangle"], ["--demangle", "--dynamic"]):
        run = subprocess.run(["nm", "--format=posix", *options, program], capture_output=True, text=True, check=True)
        # NAME TYPE [VALUE SIZE]; a demangled name may hold spaces, and an undefined one a version.
        for line in run.stdout.splitlines():
            # mold names its stubs for functions of shared libraries `NAME$plt` and `NAME$pltgot`.
            match = re.match(r"^(.+?)(?:\$plt(?:got)?)?(?:@@?\S+)? [A-Za-z?](?: |$)", line)
            if match:
                names.add(match[1])
    return names


def without_prefixes(name):
    """`vtable for X`, `guard variable for X` and the like are X's."""
    return re.sub(r"^(?:(?:[a-z-]+ )+(?:for|to) )?", "", name)


def problems_of(program, plane):
    """What is wrong with the program, each as one line."""
    names = symbols_of(program)
    for pattern in plane["required"]:
        if not any(re.match(pattern, without_prefixes(name)) for name in names):
            yield f"shows no symbol {pattern}: stripped?"
    for name in sorted(names):
        bare = without_prefixes(name)
        # Anywhere in the name: an instantiation such as std::vector<letterlock::vault::Row> tells as much.
        if any(re.search(rf"(?<![\w:]){pattern}", bare) for pattern in plane["denied"]):
            yield f"has {name}"
        elif SODIUM.match(bare) and not any(re.fullmatch(pattern, bare) for pattern in plane["sodium_allowed"]):
            yield f"uses {name}, which its plane may not use of libsodium"
    content = Path(program).read_bytes()
    for text in plane["strings_denied"]:
        if text.encode() in content:
            yield f"contains the text {text}"


def main():
    parser = argparse.ArgumentParser(description="checks a program's symbols against its plane")
    parser.add_argument("program", type=Path)
    parser.add_argument("--plane", required=True)
    parser.add_argument("--must-refuse", metavar="TEXT,TEXT")
    arguments = parser.parse_args()

    planes = tomllib.loads((Path(__file__).resolve().parent / "planes.toml").read_text())
    problems = list(problems_of(arguments.program, planes[arguments.plane]))
    if arguments.must_refuse:
        unseen = [text for text in arguments.must_refuse.split(",") if not any(text in p for p in problems)]
        print(f"{arguments.program.name}: {len(problems)} refusals as of the {arguments.plane} plane")
        for text in unseen:
            print(f"{arguments.program.name}: not refused for {text}")
        return 1 if unseen else 0
    for problem in problems:
        print(f"{arguments.program.name}: {problem}")
    print(f"{arguments.program.name}: {len(problems)} refusals as of the {arguments.plane} plane")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
