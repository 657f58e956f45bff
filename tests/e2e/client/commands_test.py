"""Claims about the transcripts as a whole. Run: python3 commands_test.py --bin DIRECTORY"""

import argparse
import glob
import os
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def commands(program, path=()):
    """Yields the words of each command that does something, from the program's own help."""
    text = subprocess.run([program, *path, "--help"], capture_output=True, check=True).stdout.decode()
    below = text.split("\nSubcommands:\n")
    if len(below) == 1:
        yield path
        return
    for command in re.findall(r"^  ([a-z][\w-]*)", below[1].split("\n\n")[0], re.MULTILINE):
        yield from commands(program, (*path, command))


def lines_of_members():
    """Yields the words of each command that some transcript runs, without global options."""
    for path in glob.glob(os.path.join(HERE, "transcripts", "*.txt")):
        with open(path, encoding="utf-8") as file:
            for line in file:
                typed = re.fullmatch(r"[a-z0-9.-]+\$ (.*)\n", line)
                if typed:
                    words = shlex.split(typed[1])
                    while words and words[0].startswith("--"):
                        del words[: 1 if words[0] == "--json" else 2]
                    yield words


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    program = os.path.join(parser.parse_args().bin, "letterlock")
    run = list(lines_of_members())
    known = list(commands(program))
    without = [" ".join(command) for command in known
               if not any(tuple(words[: len(command)]) == command for words in run)]
    if without or len(known) < 20:
        print(f"of {len(known)} commands these are in no transcript: {', '.join(without)}", file=sys.stderr)
        return 1
    print(f"{len(known)} commands, each in a transcript")
    return 0


if __name__ == "__main__":
    sys.exit(main())
