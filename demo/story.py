"""What the demonstration prints: numbered steps, the commands of each, what it has shown and what it has not."""

import shlex
import sys
import time

# What stays open however well all of it goes. SECURITY.md has it in full.
NOT_SHOWN = (
    "UNWITNESSED: no witness outside vouches that everybody sees one log.",
    "SELF-REGISTERED: nobody vouches for who is behind a handle.",
    "The mail server's memory while it runs: it knows who writes to whom, as routing needs, and which of her mail a "
    "member has read, put away or labelled (labels are text that it reads; on the disk they are sealed as all rows).",
    "Sizes (padded), times, and the number and order of rows per pseudonymous mailbox: the disk shows them.",
    "That a search finds nothing proves nothing by itself: the controls show what it would have found.",
    "What members do with what they have read or taken out. SECURITY.md lists what does not hold.",
)


class Story:
    def __init__(self, folder, binaries):
        self._folder = folder
        self._binaries = binaries
        self._number = 0
        self._began = time.monotonic()
        self._step_began = self._began
        self._commands = []
        self._shown = []  # (finding, commands of its step)

    def step(self, title):
        self._number += 1
        self._step_began = time.monotonic()
        self._commands = []
        print(f"\n== {self._number}. {title}", flush=True)

    def shell(self):
        """What the printed commands need, to be typed again."""
        print(f"\nD={self._folder} BIN={self._binaries}")
        print('as() { "$BIN/letterlock" --config "$D/mail/client/client.toml" --account "$D/members/$1" \\')
        print('  --passphrase-file "$D/members/$1.passphrase" "${@:2}"; }')

    def command(self, arguments, stdin=None):
        """A command that was run, as one can type it (with --keep its folder is still there)."""
        words = [word.replace(self._folder, "$D").replace(self._binaries, "$BIN") for word in arguments]
        text = " ".join(word if "$" in word else shlex.quote(word) for word in words)
        text = (f"printf %s {shlex.quote(stdin)} | " if stdin is not None else "") + text
        self._commands.append(text)
        print("   $ " + text, flush=True)

    def as_member(self, member, *arguments, stdin=None):
        self.command(["as", member.handle, *arguments], stdin)

    def say(self, text=""):
        for line in text.splitlines() or [""]:
            print(f"     {line}".rstrip(), flush=True)

    def progress(self, text):
        if sys.stdout.isatty():
            print(f"\r     {text}\x1b[K", end="", flush=True)

    def done(self, finding):
        """What a step has shown; stands in the summary too, with the step's commands."""
        if sys.stdout.isatty():
            print("\r\x1b[K", end="")
        self._shown.append((finding, self._commands))
        self.say(f"{finding}  [{time.monotonic() - self._step_began:.1f} s]")

    def summarise(self, kept):
        print(f"\n== Shown, in {time.monotonic() - self._began:.0f} s, and by which commands")
        for number, (finding, commands) in enumerate(self._shown, 1):
            self.say(f"{number:>2}. {finding}")
            for command in commands:
                self.say(f"      $ {command}")
        print("\n== Not shown")
        for line in NOT_SHOWN:
            self.say(f"- {line}")
        if kept:
            print(f"\nEverything is kept in {self._folder}. The daemons are stopped; the commands of step 2 that start "
                  "them\nwork again, and so do the members' commands then.")
        else:
            print("\nNo process and no file is left. With --keep the folder stays ($D above).")
