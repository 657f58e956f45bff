"""Both daemons, real ones, for the tests of the clients in this folder."""

import contextlib
import os
import re
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "demo"))

from deployment import Deployment  # noqa: E402


@contextlib.contextmanager
def running(binaries, correspondence):
    """A deployment of its own, in which `correspondence` says who may write to whom; gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        deployment = Deployment(binaries, folder)
        try:
            deployment.init()
            _set_correspondence(deployment, correspondence)
            yield deployment
            deployment.stop()
        finally:
            deployment.maild.kill()
            deployment.directoryd.kill()


def configure(deployment, text):
    """Adds this to the mail server's configuration, and starts it again."""
    _reconfigure(deployment, lambda config: config + text)


def _set_correspondence(deployment, correspondence):
    def changed(config):
        config, count = re.subn('correspondence = "[a-z-]+"', f'correspondence = "{correspondence}"', config)
        assert count == 1, "maild.toml does not say who may write to whom"
        return config

    _reconfigure(deployment, changed)


def _reconfigure(deployment, change):
    config = os.path.join(deployment.mail, "maild.toml")
    with open(config, encoding="utf-8") as file:
        text = change(file.read())
    deployment.maild.stop()
    with open(config, "w", encoding="utf-8") as file:
        file.write(text)
    deployment.maild.start()
