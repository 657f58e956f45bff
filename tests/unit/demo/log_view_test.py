"""Claims about demo/log_view.py. Run: python3 log_view_test.py REPOSITORY"""

import base64
import os
import sys
import tempfile
import unittest

ROOT = sys.argv.pop(1)
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "demo"))

import log_view  # noqa: E402
import scanner  # noqa: E402

DEPLOYMENT = "bc9c4fbd19bd712f6e9bb1b9e3c49551"
HONEST = (
    '{"time":"2026-11-24T03:05:20.690937Z","level":"info","event":"serving","address":"127.0.0.1:45879",'
    f'"deployment":"{DEPLOYMENT}"' "}\n"
    '{"time":"2026-11-24T03:08:48.462341Z","level":"debug","event":"rpc","method":"/letterlock.mail.v1.SessionService/'
    'CreateChallenge","code":"FAILED_PRECONDITION","latency_us":198,"request_id":"560a2ea7a2065af8"}\n'
    '{"time":"2026-11-24T03:05:20.721248Z","level":"warning","event":"grpc","file":"ssl_transport_security.cc","line":1501}\n'
)


def found(line, *needles):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(HONEST + line + "\n")
        file.flush()
        return log_view.search(file.name, scanner.usable(set(needles))[0], (DEPLOYMENT,))


class AnHonestLog(unittest.TestCase):
    def test_holds_nothing_that_looks_random(self):
        self.assertEqual(found("", ("handle", "annabel")), (set(), []))

    def test_may_name_the_deployment_and_no_other_id(self):
        other = DEPLOYMENT.replace("b", "a")
        self.assertEqual(found(other), (set(), [other.encode()]))


class Search(unittest.TestCase):
    def test_finds_an_id_in_each_spelling(self):
        data = bytes(range(200, 216))
        for text in (data.hex(), base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
            hits, _ = found(f'{{"member":"{text}"}}', *log_view.spellings("member id", data))
            self.assertEqual(hits, {"member id"})

    def test_sees_a_token_that_nobody_told_it(self):
        for size in (16, 32, 57):
            data = bytes((17 * i + size) % 256 for i in range(size))
            for text in (data.hex(), base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
                self.assertTrue(found(f'{{"token":"{text}"}}')[1], text)

    def test_sees_a_method_that_is_none(self):
        self.assertTrue(found('{"method":"/letterlock.mail.v1.MailService/Send/560a2ea7a2065af8560a"}')[1])


if __name__ == "__main__":
    unittest.main()
