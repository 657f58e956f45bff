"""What can happen in a transcript besides a member's command: each method named do_... is a `%` line."""

import email.header
import json
import mailbox
import os
import pty
import random
import re
import select
import shutil
import subprocess
import threading
import time

from deployment import COMMAND_SECONDS, Failure, run

PASSPHRASE = "correct horse battery staple\n"


class Stage:
    """The deployment's folder is the working directory; members' accounts are folders in it."""

    def __init__(self, deployment):
        self._deployment = deployment
        self._folder = deployment.folder
        self._clocks = {}  # of members whose clock is off: by how many seconds

    # --- members ------------------------------------------------------------------------------

    def _environment(self, member):
        passphrase = self._path(member + ".passphrase")
        if not os.path.exists(passphrase):
            with open(passphrase, "w", encoding="utf-8") as file:
                file.write(PASSPHRASE)
        return {"PATH": os.environ["PATH"], "HOME": self._folder, "TZ": "UTC", "LANG": "C.UTF-8",
                **{key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS")},
                "LETTERLOCK_CONFIG": self._deployment.config, "LETTERLOCK_ACCOUNT": self._path(member),
                "LETTERLOCK_TEST_CLOCK": str(self._clocks.get(member, 0))}

    def _start(self, member, words, passphrase=True, **options):
        environment, words = self._environment(member), list(words)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):  # as in a shell
            name, value = words.pop(0).split("=", 1)
            environment[name] = value
        if passphrase and "--passphrase-file" not in words:
            words = ["--passphrase-file", self._path(member + ".passphrase"), *words]
        program = "letterlock-test-clock-off" if member in self._clocks else "letterlock"
        return subprocess.Popen(
            [self._deployment.program(program), *words], cwd=self._folder, env=environment,
            # No terminal to ask at, also where the tests are run at one.
            **{"start_new_session": True, **options})

    def command(self, member, words, stdin):
        """Runs letterlock as a member; returns (lines of output, lines of error, exit code)."""
        program = self._start(
            member, words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = program.communicate(stdin, timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()
            raise Failure(f"{words} did not end within {COMMAND_SECONDS} s") from None
        return out.decode().splitlines(), err.decode().splitlines(), program.returncode

    # --- what happens -------------------------------------------------------------------------

    def act(self, words):
        return getattr(self, "do_" + words[0].replace("-", "_"))(*words[1:])

    def end(self):
        """All daemons that run must also stop well."""
        self._deployment.stop()

    def _path(self, name):
        return os.path.join(self._folder, name)

    def _daemon(self, name):
        return {"maild": self._deployment.maild, "directoryd": self._deployment.directoryd}[name]

    def do_deploy(self, *registrar):
        """deploy [registrar]: makes and starts the deployment; with a registrar whose key is `registrar.key`."""
        self._deployment.init(self._path("registrar.key") if registrar else None)

    def do_start(self, daemon):
        self._daemon(daemon).start()

    def do_stop(self, daemon):
        self._daemon(daemon).stop()

    def do_kill(self, daemon):
        self._daemon(daemon).kill()

    def do_copy(self, source, target):
        """copy SOURCE TARGET: a file or a folder; TARGET is replaced."""
        source, target = self._path(source), self._path(target)
        if os.path.isdir(source):
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)

    def do_swap(self, one, other):
        one, other = self._path(one), self._path(other)
        os.rename(one, one + ".swap")
        os.rename(other, one)
        os.rename(one + ".swap", other)

    def do_remove(self, path):
        os.unlink(self._path(path))

    def do_lose(self, member):
        """lose MEMBER: her device is gone, with all that was on it."""
        shutil.rmtree(self._path(member))

    def do_flip(self, path, offset):
        """flip FILE OFFSET: one bit of one byte."""
        with open(self._path(path), "r+b") as file:
            file.seek(int(offset))
            byte = file.read(1)[0]
            file.seek(int(offset))
            file.write(bytes([byte ^ 1]))

    def do_write(self, path, text):
        """write FILE TEXT: with Python's escapes, \\n and \\xe9."""
        with open(self._path(path), "wb") as file:
            file.write(text.encode("ascii").decode("unicode_escape").encode("latin-1"))

    def do_append(self, path, text):
        """append FILE TEXT: with Python's escapes."""
        with open(self._path(path), "ab") as file:
            file.write(text.encode("ascii").decode("unicode_escape").encode("latin-1"))

    def do_repeat(self, path, text, number):
        with open(self._path(path), "w", encoding="utf-8") as file:
            file.write(text * int(number))

    def do_fill(self, path):
        """fill FILE: its text becomes ${content}."""
        with open(self._path(path), encoding="utf-8") as file:
            return {"content": file.read()}

    def do_replace(self, path, old, new):
        with open(self._path(path), encoding="utf-8") as file:
            text = file.read()
        if old not in text:
            raise Failure(f"{path} does not hold {old!r}")
        with open(self._path(path), "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def do_random(self, path, size):
        """random FILE SIZE: bytes that nobody knows."""
        with open(self._path(path), "wb") as file:
            file.write(os.urandom(int(size)))

    def do_same(self, one, other):
        """same FILE FILE: both hold the same bytes."""
        with open(self._path(one), "rb") as first, open(self._path(other), "rb") as second:
            if first.read() != second.read():
                raise Failure(f"{one} and {other} differ")

    def do_archive(self, path):
        """archive FILE: the demonstration's."""
        here = os.path.dirname(os.path.abspath(__file__))
        shutil.copy(os.path.join(here, "..", "..", "..", "demo", "messages.csv"), self._path(path))

    def do_takeout_holds(self, folder, number):
        """takeout-holds DIR N: both files hold N messages, and the same ones."""
        with open(self._path(folder + "/messages.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        entries = list(mailbox.mbox(self._path(folder + "/mail.mbox"), create=False))
        if not len(lines) == len(entries) == int(number):
            raise Failure(f"{len(lines)} lines and {len(entries)} entries, not {number}")
        for line, entry in zip(lines, entries):
            body = entry.get_payload(decode=True).decode()
            subject = "".join(text.decode(charset or "ascii") if isinstance(text, bytes) else text
                              for text, charset in email.header.decode_header(entry["Subject"] or ""))
            if body != line["body"] or subject != line["subject"]:
                raise Failure(f"{entry['Message-ID']} differs between the two files")

    def do_folder(self, path):
        os.mkdir(self._path(path))

    def do_mode(self, path, mode):
        """mode FILE 600: what its permission bits must be."""
        found = oct(os.stat(self._path(path)).st_mode & 0o777)[2:]
        if found != mode:
            raise Failure(f"{path} has mode {found}, not {mode}")

    def do_count(self, folder, number):
        """count FOLDER N: how many files must be in it."""
        path = self._path(folder)
        found = len(os.listdir(path)) if os.path.isdir(path) else 0
        if found != int(number):
            raise Failure(f"{folder} holds {found} files, not {number}")

    def do_absent(self, path):
        if os.path.exists(self._path(path)):
            raise Failure(f"{path} is there")

    def do_thief(self, member):
        """thief MEMBER: somebody with her key file and passphrase publishes a new entry in her name."""
        run([self._deployment.program("letterlock-test-thief"), self._deployment.config,
             self._path(member + "/account.key"), self._path(member + ".passphrase")])

    def do_attest(self, handle, genesis_key, target):
        """attest HANDLE KEY FILE: what the registrar says of them."""
        with open(self._path(target), "wb") as file:
            file.write(run([self._deployment.program("letterlock-admin"), "registrar", "attest", "--key",
                            self._path("registrar.key"), "--deployment", self._deployment.deployment_id,
                            "--handle", handle, "--genesis-key", genesis_key]).strip())

    def do_together(self, number, member, *words):
        """together N MEMBER WORDS: N commands on one account at a time; all must end well."""
        programs = [self._start(member, words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for _ in range(int(number))]
        outputs = [program.communicate(timeout=COMMAND_SECONDS) for program in programs]
        for program, (_, err) in zip(programs, outputs):
            if program.returncode != 0:
                raise Failure(f"one of {number} at a time ended with {program.returncode}: {err.decode()}")

    def do_clock(self, member, seconds):
        """clock MEMBER SECONDS: from now on her device's clock is so many seconds off."""
        self._clocks[member] = int(seconds)

    def do_watch(self, member, shown, sender, *words):
        """watch MEMBER TEXT SENDER WORDS: she watches for one message while the sender's command runs; TEXT must come."""
        code, out, err = self._watch(member, sender, words)
        if code != 0 or shown not in out:
            raise Failure(f"the watch ended with {code}, showing {out!r}: {err}")

    def do_watch_ends(self, member, code, said, other, *words):
        """watch-ends MEMBER CODE TEXT OTHER WORDS: her watch ends with CODE because of the other's command, and says TEXT."""
        ended, out, err = self._watch(member, other, words)
        if ended != int(code) or said not in err:
            raise Failure(f"the watch ended with {ended}, showing {out!r}: {err}")

    def _watch(self, member, sender, words):
        """She watches while the other's command runs, and on to the end of the watch: (exit code, output, errors)."""
        watch = self._start(member, ["watch", "--once", "--seconds", str(COMMAND_SECONDS)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for line in watch.stderr:
                if line.startswith(b"Waiting for mail"):
                    break
            else:
                raise Failure("the watch did not begin")
            _, err, code = self.command(sender, words, b"")
            if code != 0:
                raise Failure(f"{words} ended with {code}: {err}")
            out, err = watch.communicate(timeout=COMMAND_SECONDS)
        finally:
            watch.kill()
        return watch.returncode, out.decode(), err.decode()

    def do_interrupted(self, member, *words):
        """interrupted MEMBER WORDS: killed ever later, until it ends well by itself.

        By steps that grow in the end, so that a slow machine takes as many kills and not ever more."""
        self._interrupt(member, words, None)

    def do_interrupted_once(self, done, member, *words):
        """interrupted-once TEXT MEMBER WORDS: likewise, of what is done once: a run that was killed when all was done
        is followed by one that says TEXT."""
        self._interrupt(member, words, done)

    def _interrupt(self, member, words, done):
        delay, kills = 0.02, 0
        while True:
            program = self._start(
                member, words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                _, err = program.communicate(timeout=delay)
            except subprocess.TimeoutExpired:
                program.kill()
                program.communicate()
                delay, kills = max(delay + 0.03, delay * 1.08), kills + 1
                continue
            if program.returncode != 0 and not (done and done in err.decode()):
                raise Failure(f"after {kills} kills it ended with {program.returncode}: {err.decode()}")
            if kills == 0:
                raise Failure("it ended before it could be killed")
            return

    def do_under_fire(self, number, member, *words):
        """under-fire N MEMBER WORDS: N times, while the mail server is killed and started again and again."""
        maild, done = self._deployment.maild, threading.Event()

        def fire():
            while not done.is_set():
                maild.kill()
                maild.start()
                done.wait(random.uniform(0.3, 0.8))

        # What the shooting thread starts dies with it (_die_with_parent): the last start is ours.
        shooter = threading.Thread(target=fire)
        shooter.start()
        try:
            for _ in range(int(number)):
                _, err, code = self.command(member, words, b"")
                if code != 0:
                    raise Failure(f"under fire it ended with {code}: {err}")
        finally:
            done.set()
            shooter.join()
            maild.kill()
            maild.start()

    def do_typed(self, typed, code, member, *words):
        """typed "a|b" CODE MEMBER WORDS: at a terminal; each time it asks, one of the texts is typed.
        What answers a passphrase or a kit must not appear on the terminal."""
        parent, child = pty.openpty()
        program = self._start(member, words, passphrase=False, stdin=child, stdout=child, stderr=child,
                              start_new_session=True, preexec_fn=lambda: _take_terminal(child))
        os.close(child)
        shown, answers, secrets, until = b"", typed.split("|"), [], time.monotonic() + COMMAND_SECONDS
        while time.monotonic() < until:
            if not select.select([parent], [], [], 0.1)[0]:
                continue
            try:
                shown += os.read(parent, 4096)
            except OSError:  # the other side is closed
                break
            secret = shown.endswith((b"Passphrase: ", b"The same again: ", b"Code: ", b"Recovery kit: "))
            if answers and (secret or shown.endswith(b"[y/N] ")):
                if secret:
                    secrets.append(answers[0].encode())
                os.write(parent, answers.pop(0).encode() + b"\n")
        os.close(parent)
        ended = program.wait(COMMAND_SECONDS)
        if ended != int(code):
            raise Failure(f"at a terminal it ended with {ended}, not {code}: {shown.decode(errors='replace')}")
        if answers:
            raise Failure(f"it asked for less than was to be typed: {shown.decode(errors='replace')}")
        if any(text in shown for text in secrets):
            raise Failure("the terminal shows a secret")


def _take_terminal(terminal):
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
