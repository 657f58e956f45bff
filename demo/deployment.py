"""A deployment on this machine: two daemons, and the member's command line against them."""

import ctypes
import json
import os
import shlex
import signal
import subprocess
import threading
import time

START_SECONDS = 30
STOP_SECONDS = 20
COMMAND_SECONDS = 120


class Failure(Exception):
    """A step did not do what it should."""


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no daemon outlives the demo


class _Running:
    """The programs that run at this moment, so that an end in the middle leaves none behind."""

    def __init__(self):
        self._lock = threading.Lock()
        self._programs = set()
        self._closed = False

    def start(self, arguments):
        with self._lock:
            if self._closed:
                raise Failure("stopped")
            program = subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                preexec_fn=_die_with_parent)
            self._programs.add(program)
        return program

    def ended(self, program):
        with self._lock:
            self._programs.discard(program)

    def kill(self):
        with self._lock:
            self._closed = True
            for program in self._programs:
                program.kill()


RUNNING = _Running()


def run(arguments, stdin=b"", expect=0, meanwhile=None):
    """Runs a program to its end; returns what it printed. Raises Failure for another exit code.

    `meanwhile` is called while it runs."""
    program = RUNNING.start(arguments)
    if meanwhile:
        feeder = threading.Thread(target=lambda: (program.stdin.write(stdin), program.stdin.flush()))
        feeder.start()
        meanwhile()
        feeder.join()
        stdin = b""
    return finish(program, arguments, stdin, expect)


def finish(program, words, stdin=b"", expect=0):
    """Waits for a program that RUNNING started: what it printed. Raises Failure for another exit code."""
    try:
        output, errors = program.communicate(stdin, timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        program.communicate()
        raise Failure(f"{shlex.join(words)}\n  did not end within {COMMAND_SECONDS} s") from None
    finally:
        RUNNING.ended(program)
    if program.returncode != expect:
        raise Failure(
            f"{shlex.join(words)}\n  ended with {program.returncode}, not {expect}\n"
            f"  {errors.decode(errors='replace').strip()}")
    return output


class Daemon:
    """One daemon, restartable on the port that it got first. Its log goes to a file."""

    def __init__(self, name, program, config, folder):
        self.name = name
        self.log = os.path.join(folder, name + ".log")
        self.flags = []  # options that go before the configuration's; from the next start on
        self._arguments = [program, "--config", config]
        self._port_file = os.path.join(folder, name + ".port")
        self._process = None
        self.port = 0

    @property
    def command(self):
        return [*self._arguments, "--listen", f"127.0.0.1:{self.port}", "--port_file", self._port_file, *self.flags]

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        if os.path.exists(self._port_file):
            os.unlink(self._port_file)
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent
            )
        until = time.monotonic() + START_SECONDS
        while not os.path.exists(self._port_file):
            if self._process.poll() is not None or time.monotonic() > until:
                raise Failure(f"{self.name} did not start; the end of its log:\n{self.tail()}")
            time.sleep(0.02)
        with open(self._port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def terminate(self):
        """Tells it to end: stop() waits for that."""
        if self._process is not None:
            self._process.terminate()

    def stop(self):
        """As an operator stops it: SIGTERM, which drains. Raises Failure where that fails."""
        if self._process is None:
            return
        self.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not end within {STOP_SECONDS} s of SIGTERM") from None
        self._process = None
        if code != 0:
            raise Failure(f"{self.name} ended with {code}; the end of its log:\n{self.tail()}")

    def kill(self):
        """As a power cut would: SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def metrics_port(self):
        """Where the newest start serves metrics, as its log says."""
        with open(self.log, encoding="utf-8") as file:
            events = [json.loads(line) for line in file if '"event":"metrics"' in line]
        if not events:
            raise Failure(f"{self.name} serves no metrics")
        return int(events[-1]["address"].rpartition(":")[2])

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-12:])


class Deployment:
    """Everything below one folder: public/ and mail/ are the planes, members/ the members' devices."""

    def __init__(self, binaries, folder):
        self.folder = folder
        self._binaries = binaries
        self.public = os.path.join(folder, "public")
        self.mail = os.path.join(folder, "mail")
        self.logs = os.path.join(folder, "logs")
        self.members = os.path.join(folder, "members")
        self.config = os.path.join(self.mail, "client", "client.toml")
        self.deployment_id = self.origin = ""
        for path in (self.logs, self.members):
            os.mkdir(path)
        self.directoryd = Daemon(
            "letterlock-directoryd", self.program("letterlock-directoryd"),
            os.path.join(self.public, "directoryd.toml"), self.logs)
        self.maild = Daemon(
            "letterlock-maild", self.program("letterlock-maild"),
            os.path.join(self.mail, "maild.toml"), self.logs)

    def program(self, name):
        path = os.path.join(self._binaries, name)
        if not os.access(path, os.X_OK):
            raise Failure(f"{path} is not there: build it, or name its folder with --bin")
        return path

    def init(self, registrar_key=None):
        """Makes both planes' keys and starts both daemons. Returns the commands.

        Members register themselves, unless a file is named for the key of a registrar."""
        registration = ["--development"]
        if registrar_key:
            made = run([self.program("letterlock-admin"), "registrar", "new", "--key", registrar_key])
            registration = ["--registrar", made.decode().strip()]
        commands = [[self.program("letterlock-admin"), "init", "--dir", self.public,
                     "--origin", "demo.example/log", *registration, "--json"]]
        made = json.loads(run(commands[-1]))
        self.deployment_id, self.origin = made["deployment"], made["origin"]
        self.directoryd.start()
        commands.append(self.directoryd.command)
        commands.append([
            self.program("letterlock-mailadmin"), "init", "--dir", self.mail, "--trust", made["trust_file"],
            "--listen", "127.0.0.1:0", "--directory", f"127.0.0.1:{self.directoryd.port}",
            "--directory-ca", made["ca_file"]])
        run(commands[-1])
        with open(os.path.join(self.mail, "maild.toml"), "a", encoding="utf-8") as file:
            # The archive's members write often before anybody answers.
            file.write('\n[limits]\ncorrespondence = "open"\n')
        self.maild.start()
        commands.append(self.maild.command)
        self._point_clients_at(self.maild.port)
        return commands

    def _point_clients_at(self, port):
        # Port 0 was asked for, so that nothing on this machine is in the way; members need the real one.
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text.replace('"127.0.0.1:0"', f'"127.0.0.1:{port}"'))

    def start(self):
        """Again, after stop()."""
        self.directoryd.start()
        self.maild.start()

    def stop(self):
        self.directoryd.terminate()
        self.maild.stop()
        self.directoryd.stop()

    def kill(self):
        RUNNING.kill()
        self.maild.kill()
        self.directoryd.kill()

    def member(self, handle):
        return Member(self, handle)


class Member:
    """A member's device: an account folder, and `letterlock` run on it."""

    def __init__(self, deployment, handle, folder=None, config=None):
        self.handle = handle
        self.account = os.path.join(deployment.members, folder or handle)
        self.id = ""
        self._deployment = deployment
        self._program = deployment.program("letterlock")
        self._config = config or deployment.config
        self.passphrase_file = os.path.join(deployment.members, handle + ".passphrase")
        if not os.path.exists(self.passphrase_file):
            with open(self.passphrase_file, "w", encoding="utf-8") as file:
                file.write(f"the passphrase of {handle}\n")
            os.chmod(self.passphrase_file, 0o600)

    def through(self, config):
        """The same device with another client.toml."""
        return Member(self._deployment, self.handle, os.path.basename(self.account), config)

    def command(self, *arguments):
        return [self._program, "--config", self._config, "--account", self.account,
                "--passphrase-file", self.passphrase_file, *arguments]

    def json(self, *arguments, stdin=b"", expect=0):
        """Runs `letterlock ... --json` and returns the object."""
        return json.loads(run(self.command("--json", *arguments), stdin=stdin, expect=expect))

    def text(self, *arguments, expect=0):
        """Runs `letterlock ...` and returns what it printed for people."""
        return run(self.command(*arguments), expect=expect).decode()

    def refused(self, *arguments, expect=1):
        """Runs what must be refused, and returns the reason given."""
        return self.json(*arguments, expect=expect)["error"]["message"]

    def start(self, *arguments):
        """Starts `letterlock ...` in the background: give it to finish()."""
        return RUNNING.start(self.command(*arguments))
