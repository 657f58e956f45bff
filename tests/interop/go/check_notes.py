"""Runs make-note --check (the program given) where its vectors are."""
import pathlib
import subprocess
import sys

vectors = pathlib.Path(__file__).resolve().parents[2] / "vectors" / "letterlock"
sys.exit(subprocess.run([sys.argv[1], "--check"], cwd=vectors).returncode)
