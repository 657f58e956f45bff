"""The layer check refuses each way of linking what a target must NEVER reach, and says by which path."""

import unittest

from fixture import Fixture


class Never(Fixture):
    def setUp(self):
        super().setUp()
        self.library("crypto/seal", "crypto_seal")
        self.library("common", "common")

    def test_a_target_within_its_bounds_configures(self):
        self.library("server/log", "server_log", "USES common NEVER crypto_seal")
        self.declare("server/main", "letterlock_binary(NAME logd SOURCES a.cc USES server_log NEVER crypto_seal)")
        self.assert_configures()

    def test_direct_link_is_refused(self):
        self.library("server/log", "server_log", "USES crypto_seal NEVER crypto_seal")
        self.assert_refused("server_log must NEVER reach crypto_seal: server_log -> crypto_seal")

    def test_link_through_a_third_library_is_refused(self):
        self.library("middle", "middle", "USES crypto_seal")
        self.library("server/log", "server_log", "USES middle NEVER crypto_seal")
        self.assert_refused("server_log must NEVER reach crypto_seal: server_log -> middle -> crypto_seal")

    def test_private_link_through_two_libraries_is_refused(self):
        self.library("low", "low", "PRIVATE_USES crypto_seal")
        self.library("middle", "middle", "PRIVATE_USES low")
        self.declare("server/main", "letterlock_binary(NAME logd SOURCES a.cc USES middle NEVER crypto_seal)")
        self.assert_refused("logd must NEVER reach crypto_seal: logd -> middle -> low -> crypto_seal")

    def test_link_added_from_another_folder_is_refused(self):
        self.library("server/log", "server_log", "USES common NEVER crypto_seal")
        self.declare("late", "target_link_libraries(common PUBLIC crypto_seal)")
        self.assert_refused("server_log must NEVER reach crypto_seal: server_log -> common -> crypto_seal")

    def test_link_under_a_condition_is_refused(self):
        self.library("server/log", "server_log", "USES $<$<CONFIG:Release>:crypto_seal> NEVER crypto_seal")
        self.assert_refused("server_log must NEVER reach crypto_seal")

    def test_link_through_an_alias_is_refused(self):
        self.declare("crypto/seal", "add_library(Other::Name ALIAS crypto_seal)")
        self.library("server/log", "server_log", "USES Other::Name NEVER crypto_seal")
        self.assert_refused("server_log must NEVER reach crypto_seal")

    def test_link_through_an_imported_target_is_refused(self):
        self.prologue = "add_library(Third::party INTERFACE IMPORTED)"
        self.declare("late", "set_property(TARGET Third::party PROPERTY INTERFACE_LINK_LIBRARIES crypto_seal)")
        self.library("server/log", "server_log", "USES Third::party NEVER crypto_seal")
        self.assert_refused("server_log -> Third::party -> crypto_seal")

    def test_object_files_of_a_library_are_refused(self):
        self.declare("server/log", "letterlock_library(NAME server_log NEVER crypto_seal SOURCES a.cc "
                                   "$<TARGET_OBJECTS:crypto_seal>)")
        self.assert_refused("server_log must NEVER reach crypto_seal: server_log -> crypto_seal")

    def test_archive_as_a_link_option_is_refused(self):
        self.library("server/log", "server_log", "NEVER crypto_seal")
        self.declare("server/log", "target_link_options(server_log INTERFACE $<TARGET_FILE:crypto_seal>)")
        self.assert_refused("server_log must NEVER reach crypto_seal: server_log -> crypto_seal")

    def test_second_library_in_a_forbidden_folder_is_refused(self):
        self.declare("crypto/seal", "letterlock_library(NAME seal_parts SOURCES a.cc)")
        self.library("server/log", "server_log", "USES seal_parts NEVER crypto_seal")
        self.assert_refused("server_log must NEVER reach crypto_seal, nor what else is in crypto/seal: "
                            "server_log -> seal_parts")

    def test_target_that_forgets_its_planes_rule_is_refused(self):
        self.prologue = "letterlock_plane(NAME public FOLDERS server/log NEVER crypto_seal)"
        self.library("server/log/tiles", "tiles", "USES crypto_seal")
        self.assert_refused("tiles must NEVER reach crypto_seal: tiles -> crypto_seal")

    def test_all_violations_are_named_at_once(self):
        self.library("server/log", "server_log", "USES crypto_seal NEVER crypto_seal")
        self.library("server/directory", "server_directory", "USES server_log NEVER crypto_seal")
        _, said = self.configure()
        self.assertIn("server_log -> crypto_seal", said)
        self.assertIn("server_directory -> server_log -> crypto_seal", said)


class Declarations(Fixture):
    def test_never_of_an_unknown_target_is_refused(self):
        self.library("server/log", "server_log", "NEVER crypto_sael")
        self.assert_refused("server_log must NEVER reach crypto_sael, but there is no such target")

    def test_never_of_a_planned_target_configures(self):
        self.prologue = "letterlock_planned(crypto_seal)"
        self.library("server/log", "server_log", "NEVER crypto_seal")
        self.assert_configures()

    def test_use_of_no_target_is_refused(self):
        self.library("server/log", "server_log", "USES -lcrypto")
        self.assert_refused("server_log uses -lcrypto, which is no target")

    def test_raw_library_is_refused(self):
        self.declare("server/log", "add_library(sneaky STATIC a.cc)")
        self.assert_refused("sneaky is declared by a raw add_library or add_executable")

    def test_raw_program_is_refused(self):
        self.declare("server/log", "add_executable(sneaky a.cc)")
        self.assert_refused("sneaky is declared by a raw add_library or add_executable")

    def test_imported_archive_in_a_folder_is_refused(self):
        self.declare("server/log", "add_library(sneaky STATIC IMPORTED)")
        self.assert_refused("sneaky imported in")

    def test_source_of_another_folder_is_refused(self):
        self.library("crypto/seal", "crypto_seal")
        self.declare("server/log", "letterlock_library(NAME server_log SOURCES a.cc ../../crypto/seal/a.cc)")
        self.assert_refused("server_log compiles ../../crypto/seal/a.cc")

    def test_source_that_the_include_check_would_not_read_is_refused(self):
        self.write("server/log/b.cpp")
        self.declare("server/log", "letterlock_library(NAME server_log SOURCES b.cpp)")
        self.assert_refused("server_log compiles b.cpp")

    def test_misspelt_keyword_is_refused(self):
        self.declare("server/log", "letterlock_binary(NAME logd SOURCES a.cc PRIVATE_USES nothing USES)")
        self.declare("server/log", "letterlock_library(NAME log NEVRE crypto_seal SOURCES a.cc)")
        self.assert_refused("log: not understood: NEVRE")


if __name__ == "__main__":
    unittest.main()
