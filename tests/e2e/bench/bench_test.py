#!/usr/bin/env python3
"""letterlock-bench measures every call at every concurrency, against real daemons, under a tiny load.

    bench_test.py LETTERLOCK-BENCH
"""

import json
import subprocess
import sys
import unittest

TINY = ["--members", "2", "--outstanding", "1,3", "--calls", "4", "--rounds", "1"]
ROWS = [("Send", 1), ("Send", 3), ("BatchGet of 20", 1), ("BatchGet of 20", 3)]


def run(*arguments):
    done = subprocess.run([BENCH, *TINY, *arguments], capture_output=True, text=True, timeout=100)
    if done.returncode != 0:
        raise AssertionError(f"ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


class Bench(unittest.TestCase):
    def test_json_has_each_row_with_its_figures(self):
        rows = json.loads(run("--json"))
        self.assertEqual([(row["call"], row["outstanding"]) for row in rows], ROWS)
        for row in rows:
            self.assertGreater(row["ratio"], 0)
            for side in ("echo", "mail"):
                self.assertGreater(row[side]["calls_per_second"], 0)
                self.assertGreaterEqual(row[side]["p99_us"], row[side]["p50_us"])
                self.assertIn("server_cpu_us_per_call", row[side])

    def test_table_has_the_same_rows(self):
        lines = run().splitlines()
        for call, outstanding in ROWS:
            self.assertTrue(
                any(line.startswith(call) and line[len(call):].split()[:1] == [str(outstanding)] for line in lines),
                f"no row for {call}, {outstanding} in:\n" + "\n".join(lines))


if __name__ == "__main__":
    BENCH = sys.argv.pop(1)
    unittest.main()
