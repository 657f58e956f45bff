"""Claims about manual pages and completion. Run: python3 docs_test.py --build DIRECTORY"""

import os
import re
import subprocess
import sys
import unittest

assert sys.argv[1] == "--build"
BUILD = os.path.abspath(sys.argv[2])
del sys.argv[1:3]
sys.dont_write_bytecode = True

PROGRAMS = {"letterlock": 1, "letterlock-admin": 8, "letterlock-mailadmin": 8, "letterlock-maild": 8,
            "letterlock-directoryd": 8}
SHARE = os.path.join(BUILD, "share")


def program(name):
    return os.path.join(BUILD, "bin", name)


def page(name):
    return os.path.join(SHARE, "man", f"man{PROGRAMS[name]}", f"{name}.{PROGRAMS[name]}")


def scripts(name):
    return {"bash": os.path.join(SHARE, "bash-completion", "completions", name),
            "zsh": os.path.join(SHARE, "zsh", "vendor-completions", "_" + name),
            "fish": os.path.join(SHARE, "fish", "vendor_completions.d", name + ".fish")}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def rendered(name):
    """The page as a reader sees it, and what groff has to complain about."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-P-c", "-rLL=200n", page(name)],
                          capture_output=True, env=environment, check=True)
    return re.sub(r".\x08", "", done.stdout.decode()), done.stderr.decode()


def definition(name, path=()):
    """Yields (words of a command, its options) from the program's own help, depth first."""
    text = subprocess.run([program(name), *path, "--help"], capture_output=True, check=True).stdout.decode()
    options = re.findall(r"^  (?:-\w,)?(--[a-z][\w.-]*)", text, re.MULTILINE)
    yield path, options
    below = text.split("\nSubcommands:\n")
    if len(below) == 2:
        for command in re.findall(r"^  ([a-z][\w-]*)", below[1].split("\n\n")[0], re.MULTILINE):
            yield from definition(name, (*path, command))


def completed(name, *words):
    """What bash offers after these words."""
    quoted = " ".join(f"'{word}'" for word in (name, *words))
    function = "_" + name.replace("-", "_")
    text = (f"source {scripts(name)['bash']}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; {function}; "
            "printf '%s\\n' \"${COMPREPLY[@]}\"")
    done = subprocess.run(["bash", "--norc", "-c", text], capture_output=True, check=True, cwd=BUILD)
    assert done.stderr == b"", done.stderr
    return done.stdout.decode().split()


class EveryProgram(unittest.TestCase):
    def test_has_each_command_and_option_in_its_page(self):
        for name in PROGRAMS:
            text, _ = rendered(name)
            for path, options in definition(name):
                with self.subTest(program=name, command=" ".join(path)):
                    self.assertTrue(options, "the help was not understood")
                    self.assertIn(" ".join((name, *path)), text)
                    for option in options:
                        self.assertIn(option, text)

    def test_has_each_command_and_option_in_each_script(self):
        for name in PROGRAMS:
            for shell, path in scripts(name).items():
                text = read(path)
                for words, options in definition(name):
                    with self.subTest(program=name, shell=shell, command=" ".join(words)):
                        self.assertIn(" ".join(words), text)
                        for option in options:
                            self.assertIn(f"-l {option[2:]} " if shell == "fish" else option, text)

    def test_has_a_page_that_groff_has_nothing_to_say_of(self):
        for name in PROGRAMS:
            with self.subTest(program=name):
                text, complaints = rendered(name)
                self.assertEqual(complaints, "")
                self.assertIn("NAME", text)
                self.assertIn("SYNOPSIS", text)

    def test_has_scripts_that_their_shells_can_read(self):
        for name in PROGRAMS:
            for shell, path in scripts(name).items():
                with self.subTest(program=name, shell=shell):
                    done = subprocess.run([shell, "-n", path], capture_output=True, check=False)
                    self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_shows_the_generator_nowhere(self):
        for name in PROGRAMS:
            for path in (page(name), *scripts(name).values()):
                self.assertNotIn("generate", read(path).replace("regenerate", ""))

    def test_refuses_what_it_can_not_make(self):
        done = subprocess.run([program("letterlock"), "--generate-docs", "pdf"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)


class Bash(unittest.TestCase):
    def test_completes_commands_and_their_commands(self):
        self.assertIn("account", completed("letterlock", "acc"))
        self.assertEqual(completed("letterlock", "account", "cr"), ["create"])
        self.assertEqual(completed("letterlock", "--json", "account", "sh"), ["show"])
        self.assertEqual(completed("letterlock-admin", "registrar", "att"), ["attest"])

    def test_completes_options_of_the_command_and_of_the_program(self):
        offered = completed("letterlock", "send", "bob", "--")
        for option in ("--subject", "--body-file", "--html", "--json"):
            self.assertIn(option, offered)
        self.assertNotIn("--recovery-kit", offered)
        self.assertIn("--recovery-kit", completed("letterlock", "account", "create", "--rec"))
        self.assertIn("--version", completed("letterlock", "--"))
        self.assertIn("--check-config", completed("letterlock-maild", "--check"))

    def test_completes_values_as_files(self):
        self.assertIn("build.ninja", completed("letterlock", "send", "--body-file", "build.nin"))


if __name__ == "__main__":
    unittest.main()
