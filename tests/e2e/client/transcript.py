"""Replays a transcript: commands of members against real daemons, with all that they print.

    python3 transcript.py --bin DIR TRANSCRIPT

A transcript is text:

    # A comment.
    alice$ send bob --subject hello --body hi     letterlock, as alice; words as a shell splits them, NAME=VALUE first
    < "a line\\n"                                  her standard input, a JSON string
    sent <hex:first> to bob: delivered            what it prints, line by line
    ! a line                                      on standard error; compared only where one is given
    = 3                                           the exit code, where it is not 0
    % stop maild                                  something else happens: see `Stage`

In expected lines <hex>, <base64>, <n>, <date>, <kit>, <code> and <device> stand for what differs from run to run, and <hex:name>
also remembers it: ${name} in later lines (${esc} and ${rlo} are an escape and a right-to-left override). The line
... stands for any lines, within a line for any text. The two lines that label a
development deployment are left out of standard error unless a `!` line names one.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "demo"))

from deployment import Deployment, Failure  # noqa: E402
from stage import Stage  # noqa: E402

PLACEHOLDERS = {
    "hex": r"[0-9a-f]+",
    "base64": r"[A-Za-z0-9+/]+={0,2}",
    "n": r"[0-9]+",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}",
    "kit": r"[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){12}",
    "code": r"[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}",
    "device": r"[bdfghjklmnprstvzaiou]{5}-[bdfghjklmnprstvzaiou]{5}",
}
LABELS = ("UNWITNESSED:", "SELF-REGISTERED:")


class Step:
    """One command with all that is expected of it."""

    def __init__(self, line, kind, text):
        self.line, self.kind, self.text = line, kind, text
        self.stdin = b""
        self.out, self.err = [], []
        self.code = 0


def parse(path):
    steps = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            command = re.fullmatch(r"([a-z0-9.-]+)\$ (.*)", line)
            if line.startswith("#"):
                continue
            if command:
                steps.append(Step(number, command[1], command[2]))
            elif line.startswith("% "):
                steps.append(Step(number, "%", line[2:]))
            elif not steps:
                if line:
                    raise Failure(f"line {number}: output before any command")
            elif line.startswith("< "):
                steps[-1].stdin = json.loads(line[2:]).encode()
            elif line.startswith("= "):
                steps[-1].code = int(line[2:])
            elif line.startswith("!"):
                steps[-1].err.append(line[2:])
            else:
                steps[-1].out.append(line)
    for step in steps:
        # Empty lines between steps are layout.
        while step.out and step.out[-1] == "":
            step.out.pop()
    return steps


class Replay:
    def __init__(self, stage):
        self._stage = stage
        self._names = {"esc": "\x1b", "rlo": "\u202e"}

    def run(self, step):
        text = self._fill(step.text)
        if step.kind == "%":
            self._names.update(self._stage.act(shlex.split(text)) or {})
            return
        output = self._stage.command(step.kind, shlex.split(text), step.stdin)
        self._compare(step, output)

    def _fill(self, text):
        return re.sub(r"\$\{([a-z0-9]+)\}", lambda match: self._names[match[1]], text)

    def _compare(self, step, output):
        out, err, code = output
        complaints = []
        if code != step.code:
            complaints.append(f"exit code {code}, not {step.code}")
        if not self._matches(step.out, out):
            complaints.append("standard output differs")
        if step.err:
            labelled = any(line.startswith(LABELS) for line in step.err)
            shown = [line for line in err if labelled or not line.startswith(LABELS)]
            if not self._matches(step.err, shown):
                complaints.append("standard error differs")
        if complaints:
            indent = lambda lines: "".join(f"\n    {line}" for line in lines)
            raise Failure(f"line {step.line}: {step.kind}$ {step.text}\n  {'; '.join(complaints)}\n"
                          f"  printed:{indent(out)}\n  on standard error:{indent(err)}")

    def _matches(self, expected, lines):
        """Whether the lines are the expected ones; remembers what <...:name> stood for."""
        pattern = ""
        for line in expected:
            pattern += r"(?:.*\n)*?" if line == "..." else self._pattern(self._fill(line)) + r"\n"
        match = re.fullmatch(pattern, "".join(line + "\n" for line in lines))
        if match:
            self._names.update(match.groupdict())
        return match is not None

    @staticmethod
    def _pattern(line):
        out, at = "", 0
        for mark in re.finditer(r"<(hex|base64|n|date|kit|code|device)(?::([a-z0-9]+))?>|\.\.\.", line):
            if mark[0] == "...":
                out += re.escape(line[at : mark.start()]) + ".*"
                at = mark.end()
                continue
            group = f"(?P<{mark[2]}>" if mark[2] else "(?:"
            out += re.escape(line[at : mark.start()]) + group + PLACEHOLDERS[mark[1]] + ")"
            at = mark.end()
        return out + re.escape(line[at:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("transcript")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="letterlock-e2e-")
    try:
        steps = parse(options.transcript)
        deployment = Deployment(os.path.abspath(options.bin), folder)
        stage = Stage(deployment)
        try:
            replay = Replay(stage)
            for step in steps:
                replay.run(step)
            stage.end()
        finally:
            deployment.kill()
    except Failure as failure:
        print(f"{os.path.basename(options.transcript)}: {failure}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder)
    print(f"{len(steps)} steps as written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
