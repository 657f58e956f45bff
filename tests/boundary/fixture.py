"""A small project in a temporary folder, made of the real CMake modules and trivial sources, for the
tests of the checks: it is configured or checked, never compiled."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The build's own when ctest runs this; by hand, what the presets name.
CMAKE = os.environ.get("LETTERLOCK_TEST_CMAKE", "cmake")
CXX = os.environ.get("LETTERLOCK_TEST_CXX", "clang++-19")

HEADER = """\
cmake_minimum_required(VERSION 3.25)
project(fixture LANGUAGES CXX)
list(APPEND CMAKE_MODULE_PATH "{cmake}")
include(LetterlockTargets)
{prologue}
"""


class Fixture(unittest.TestCase):
    """Each test starts with an empty project; declare targets, then configure()."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="letterlock-boundary-")
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.folders = []
        self.prologue = ""

    def write(self, path, text="namespace letterlock {}\n"):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def declare(self, folder, text):
        """Appends `text` to the CMakeLists.txt of `folder`, which need not exist."""
        if folder not in self.folders:
            self.folders.append(folder)
            self.write(f"{folder}/a.cc")
            self.write(f"{folder}/CMakeLists.txt", "")
        with open(self.root / folder / "CMakeLists.txt", "a") as file:
            file.write(text + "\n")

    def library(self, folder, name, rest=""):
        self.declare(folder, f"letterlock_library(NAME {name} SOURCES a.cc {rest})")

    def configure(self):
        """(whether the project configured, what CMake said on one line)."""
        text = HEADER.format(cmake=ROOT / "cmake", prologue=self.prologue)
        text += "".join(f"add_subdirectory({folder})\n" for folder in self.folders)
        self.write("CMakeLists.txt", text + "letterlock_check_layers()\n")
        command = [CMAKE, "-G", "Ninja", "-DCMAKE_CXX_COMPILER_WORKS=1", "-DCMAKE_CXX_ABI_COMPILED=1",
                   f"-DCMAKE_CXX_COMPILER={CXX}", "-S", self.root, "-B", self.root / "build"]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return run.returncode == 0, re.sub(r"\s+", " ", run.stdout + run.stderr)

    def assert_configures(self):
        configured, said = self.configure()
        self.assertTrue(configured, said)

    def assert_refused(self, expected):
        configured, said = self.configure()
        self.assertFalse(configured, "configured, but should have been refused")
        self.assertIn(expected, said)

    def run_check(self, script, *arguments):
        """(exit code, output) of a checker of cmake/layers on the project."""
        command = [sys.executable, ROOT / "cmake" / "layers" / script, "--root", self.root, *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return run.returncode, run.stdout + run.stderr
