"""Claims about demo/scanner.py. Run: python3 scanner_test.py REPOSITORY"""

import os
import sys
import tempfile
import unittest

ROOT = sys.argv.pop(1)
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "demo"))

import scanner  # noqa: E402


class Scanner(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def scan(self, *texts):
        needles, _ = scanner.usable([("body", text) for text in texts])
        return scanner.scan(scanner.files(self.folder), needles)[1]

    def test_finds_a_text_anywhere_in_any_file_below(self):
        path = self.write("a/b/x.sst", b"\0" * 5000 + "Zoë’s".encode() + b"\xff")
        self.assertEqual([(h.path, h.offset) for h in self.scan("Zoë’s")], [(path, 5000)])

    def test_finds_a_part_of_a_long_text(self):
        text = "a sentence that a block boundary has cut in the middle of its words"
        self.write("wal.log", b"\1\2" + text.encode()[32:] + b"\3")
        self.assertEqual(len(self.scan(text)), 1)

    def test_finds_a_text_wherever_it_lies_in_words_and_blocks(self):
        for size in (scanner.LEAST, 7, 8, 40):
            text = bytes(range(1, size + 1))
            for place in [*range(9), *range(scanner.BLOCK - 9, scanner.BLOCK + 9)]:
                self.write("block", b"\0" * place + text + b"\0" * (place % 5))
                self.assertEqual([h.offset for h in self.scan(text)], [place])

    def test_finds_nothing_where_nothing_is(self):
        self.write("noise", os.urandom(200_000))
        self.assertEqual(self.scan("a sentence that is nowhere in the noise", "of six"), [])

    def test_leaves_out_what_is_too_short_to_mean_anything_and_says_so(self):
        needles, skipped = scanner.usable([("body", " "), ("body", "ok"), ("body", "👍"), ("name", "李 明"), ("subject", "")])
        self.assertEqual({n.text.decode() for n in skipped}, {" ", "ok", "👍"})
        self.assertEqual({n.text.decode() for n in needles}, {"李 明"})

    def test_dumps_like_xxd(self):
        self.assertEqual(
            scanner.hexdump(b"\x00Letterlock\xff" + b"0123456"),
            ["00000000: 004c 6574 7465 726c 6f63 6bff 3031 3233  .Letterlock.0123",
             "00000010: 3435 36                                  456"],
        )


if __name__ == "__main__":
    unittest.main()
