"""The client in node/ and `letterlock` write to each other through the real daemons.

node_client_test.py --bin FOLDER --node PROGRAM"""

import argparse
import os
import subprocess
import sys
import unittest

import daemons

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = os.path.join(HERE, "node", "node_modules", ".package-lock.json")
SECONDS = 75
ARGUMENTS = None


class OneDeploymentEach(unittest.TestCase):
    """node/NAME_test.mjs through real daemons."""

    def run_test(self, name, correspondence, first_folder):
        with daemons.running(ARGUMENTS.bin, correspondence) as deployment:
            subprocess.run(
                [ARGUMENTS.node, "--no-deprecation", os.path.join(HERE, "node", f"{name}_test.mjs"),
                 deployment.program("letterlock"), deployment.config, deployment.members, first_folder],
                check=True, timeout=SECONDS)

    def test_both_ways_where_first_contacts_are_open(self):
        self.run_test("client", "open", "inbox")

    def test_both_ways_where_first_contacts_are_requests(self):
        self.run_test("client", "by-request", "requests")

    def test_refusals(self):
        self.run_test("refusals", "open", "inbox")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--node", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    if not os.path.exists(PACKAGES):
        sys.exit("the packages of tests/interop/node are not installed: ./dev deps test")
    unittest.main(argv=[sys.argv[0], *rest])
