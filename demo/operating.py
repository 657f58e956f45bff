"""What an operator does and sees while it runs: status, metrics, certificates."""

import os
import re
import socket
import ssl
import time
import urllib.request

from deployment import Failure, run

PATIENCE = 20
# What tells that the numbers are of this run.
SERIES = {"maild": ('letterlock_calls_total{method="/letterlock.mail.v1.MailService/Send",code="OK"}',
                    "letterlock_store_writable 1"),
          "directoryd": ('letterlock_calls_total{method="/letterlock.directory.v1.DirectoryService/Lookup",code="OK"}',
                         "letterlock_log_size")}


def ask_how_they_are(post):
    story, deployment = post.story, post.deployment
    story.step("Ask both servers how they are: status on a Unix socket, metrics on a loopback port")
    for tool, config in _tools(deployment):
        command = [tool, "status", "--config", config]
        story.command(command)
        status = run(command).decode()
        story.say(status.split("\npool")[0].rstrip())
        if "writable" not in status:
            raise Failure("a server does not say that its store is writable")
        post.told_operator += status
    lines = 0
    for daemon, series in ((deployment.maild, SERIES["maild"]), (deployment.directoryd, SERIES["directoryd"])):
        url = f"http://127.0.0.1:{daemon.metrics_port()}/metrics"
        story.command(["curl", url])
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            metrics = answer.read().decode()
        for wanted in series:
            if wanted not in metrics:
                raise Failure(f"the metrics of {daemon.name} lack {wanted}")
            story.say(next(line for line in metrics.splitlines() if line.startswith(wanted)))
        post.told_operator += metrics
        lines += metrics.count("\n")
    story.done(f"two status pages and {lines} lines of metrics; what they hold is searched below")


def renew_certificates(post):
    story, deployment = post.story, post.deployment
    story.step("Renew both servers' certificates while they run")
    for (tool, config), daemon in zip(_tools(deployment), (deployment.maild, deployment.directoryd)):
        plane, pid, before = os.path.dirname(config), daemon.pid, _certificate(daemon.port)
        command = [tool, "certificate", "--ca", os.path.join(plane, "ca"), "--out", os.path.join(plane, "tls")]
        story.command(command)
        run(command)
        until = time.monotonic() + PATIENCE
        while _certificate(daemon.port) == before:
            if time.monotonic() > until:
                raise Failure(f"{daemon.name} does not show its new certificate")
            time.sleep(0.05)
        if daemon.pid != pid:
            raise Failure(f"{daemon.name} is another process")
    member = next(iter(post.members.values()))
    member.json("inbox", "--most", "1")  # its authority vouches for the new ones, too
    story.done("new connections get the new certificates from the same two processes; members notice nothing")


def call_the_doctor(post):
    """Nothing is wrong; then something is, and he says what and how to mend it."""
    story, deployment = post.story, post.deployment
    story.step("Call the doctor to both planes, and once more when a key lies open")
    for (tool, config), daemon in zip(_tools(deployment), (deployment.maild, deployment.directoryd)):
        command = [tool, "doctor", "--config", config, "--set", f"listen=127.0.0.1:{daemon.port}"]
        story.command(command)
        findings = run(command).decode()
        story.say(findings.rstrip().splitlines()[-1])
        post.told_operator += findings
    key = os.path.join(deployment.mail, "epoch.key")
    tool, config = _tools(deployment)[0]
    command = [tool, "doctor", "--config", config, "--set", f"listen=127.0.0.1:{deployment.maild.port}"]
    os.chmod(key, 0o644)
    found = run(command, expect=1).decode()
    os.chmod(key, 0o600)
    wrong = re.findall(r"^WRONG .*\n.*mend:.*$", found, re.MULTILINE)
    if len(wrong) != 1 or "epoch.key" not in wrong[0]:
        raise Failure("the doctor does not see a key that others can read, or sees what is not")
    story.say(wrong[0].replace(deployment.folder, "$D"))
    run(command)
    story.done("nothing to mend in either plane; a key that others could read is found, and how to mend it said")


def _tools(deployment):
    return ((deployment.program("letterlock-mailadmin"), os.path.join(deployment.mail, "maild.toml")),
            (deployment.program("letterlock-admin"), os.path.join(deployment.public, "directoryd.toml")))


def _certificate(port):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what is shown is all that is asked for here
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
        with context.wrap_socket(plain) as connection:
            return connection.getpeercert(binary_form=True)
