"""A *_test.cc that no build runs is found, both from the sources and from what was configured."""

import unittest

from fixture import Fixture


class Registration(Fixture):
    def setUp(self):
        super().setUp()
        self.prologue = "enable_testing()\nadd_library(GTest::gmock INTERFACE IMPORTED)\n" \
                        "add_library(GTest::gtest_main INTERFACE IMPORTED)"
        self.write("tests/unit/base/hash_test.cc")
        self.declare("tests/unit/base", "letterlock_test(NAME base_test SOURCES hash_test.cc)")

    def by_source(self):
        return self.run_check("check_tests.py")

    def by_configuration(self):
        self.assert_configures()
        return self.run_check("check_tests.py", "--registered", self.root / "build" / "registered_tests.txt")

    def assert_missing(self, result, path):
        code, said = result
        self.assertEqual(code, 1, said)
        self.assertIn(f"{path}:1: not registered", said)

    def test_registered_tests_pass(self):
        self.assertEqual(self.by_source()[0], 0)
        self.assertEqual(self.by_configuration()[0], 0)

    def test_source_that_no_target_names_is_found(self):
        self.write("tests/unit/base/forgotten_test.cc")
        self.assert_missing(self.by_source(), "tests/unit/base/forgotten_test.cc")
        self.assert_missing(self.by_configuration(), "tests/unit/base/forgotten_test.cc")

    def test_test_that_is_commented_out_is_found(self):
        self.write("tests/unit/base/out_test.cc")
        self.declare("tests/unit/base", "# letterlock_test(NAME out_test SOURCES out_test.cc)")
        self.assert_missing(self.by_source(), "tests/unit/base/out_test.cc")

    def test_test_behind_a_condition_that_does_not_hold_is_found(self):
        self.write("tests/unit/base/never_test.cc")
        self.declare("tests/unit/base", "if(OFF)\nletterlock_test(NAME never_test SOURCES never_test.cc)\nendif()")
        self.assert_missing(self.by_configuration(), "tests/unit/base/never_test.cc")


if __name__ == "__main__":
    unittest.main()
