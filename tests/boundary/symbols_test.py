"""The symbol check finds what a program carries of the other plane, on tiny programs that are compiled here."""

import subprocess
import sys
import unittest

from fixture import CXX, ROOT, Fixture

CHECK = ROOT / "tests" / "boundary" / "symbols" / "check_symbols.py"
CLEAN = """
#include <sodium.h>
namespace letterlock::directory { int Serve() { unsigned char b[4]; randombytes_buf(b, 4); return b[0]; } }
"""


class Symbols(Fixture):
    def check(self, code, *options, plane="public"):
        """(exit code, output) of the check on a program with CLEAN and `code`; `use` is called from main."""
        self.write("a.cc", CLEAN + code + "\nint main() { return letterlock::directory::Serve() + use(); }\n")
        subprocess.run([CXX, "-O1", *options, "a.cc", "-o", "program", "-lsodium"], cwd=self.root, check=True)
        run = subprocess.run([sys.executable, CHECK, "--plane", plane, self.root / "program"],
                             capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr

    def assert_refused(self, code, expected, *options, plane="public"):
        result, said = self.check(code, *options, plane=plane)
        self.assertEqual(result, 1, said)
        self.assertIn(expected, said)

    def test_program_of_the_public_plane_passes(self):
        result, said = self.check("int use() { return 0; }")
        self.assertEqual(result, 0, said)

    def test_linker_that_names_its_stubs_changes_nothing(self):
        result, said = self.check("int use() { return 0; }", "-fuse-ld=mold")
        self.assertEqual(result, 0, said)
        self.assert_refused("int use() { unsigned char b[64]; return crypto_secretbox_open_easy(b, b, 32, b, b); }",
                            "has crypto_secretbox_open_easy", "-fuse-ld=mold")

    def test_function_of_the_mail_plane_is_found(self):
        self.assert_refused("namespace letterlock::vault { [[clang::optnone]] int Open(int a) { return a * 7; } }"
                            "int use() { return letterlock::vault::Open(3); }", "has letterlock::vault::Open(int)")

    def test_function_that_only_one_file_sees_is_found(self):
        self.assert_refused("namespace letterlock::mail { namespace { [[clang::optnone]] int Row(int a) { return a * 7; } } }"
                            "int use() { return letterlock::mail::Row(3); }", "Row(int)")

    def test_instantiation_over_a_type_of_the_mail_plane_is_found(self):
        self.assert_refused("namespace letterlock::mail { struct Row { int x; }; }"
                            "template <typename T> [[clang::optnone]] int Size(T t) { return t.x; }"
                            "int use() { return Size(letterlock::mail::Row{4}); }", "letterlock::mail::Row")

    def test_opening_with_libsodium_is_found(self):
        self.assert_refused("int use() { unsigned char b[64]; return crypto_secretbox_open_easy(b, b, 32, b, b); }",
                            "has crypto_secretbox_open_easy")

    def test_use_of_libsodium_that_is_not_listed_is_refused(self):
        self.assert_refused("int use() { return sodium_runtime_has_neon(); }", "uses sodium_runtime_has_neon")

    def test_descriptor_of_the_mail_plane_is_found(self):
        self.assert_refused('const char* kFile = "letterlock/mail/v1/envelope.proto"; int use() { return *kFile; }',
                            "contains the text letterlock/mail/v1/")

    def test_loading_code_at_run_time_is_refused(self):
        self.assert_refused('#include <dlfcn.h>\nint use() { return dlopen("x", 0) != nullptr; }', "has dlopen")

    def test_stripped_program_is_refused(self):
        self.assert_refused("int use() { return 0; }", "stripped?", "-s")

    def test_mail_server_may_read_entries_but_not_serve_the_directory(self):
        entry = "namespace letterlock::directory::v1 { [[clang::optnone]] int Entry(int a) { return a * 3; } }" \
                "namespace letterlock::mail { [[clang::optnone]] int Row(int a) { return a * 7; } }" \
                "int use() { return letterlock::mail::Row(letterlock::directory::v1::Entry(3)); }"
        _, said = self.check(entry, plane="private")
        self.assertIn("has letterlock::directory::Serve()", said)
        self.assertNotIn("directory::v1", said)


if __name__ == "__main__":
    unittest.main()
