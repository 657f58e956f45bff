"""The include check refuses what a folder's list does not allow, however the include is written."""

import unittest

from fixture import Fixture

LIST = """
[groups]
std = "string vector"
sodium = "sodium.h sodium/"
grpc = "grpcpp/"
json = "nlohmann/"

[heavy]
headers = "grpcpp/ *.grpc.pb.h nlohmann/"
except = "nlohmann/json_fwd.hpp"

[folder."crypto/base"]
uses = "sodium"
[folder."crypto/seal"]
uses = "crypto/base"
[folder."server/log"]
uses = "crypto/base proto:tlog json"
uses_in."main.cc" = "grpc"
[folder."server/api"]
uses = "grpc:tlog grpc json"
"""


class Includes(Fixture):
    def setUp(self):
        super().setUp()
        self.write("includes.toml", LIST)
        self.write("crypto/base/include/crypto/base/hash.h", "#include <string>\n")
        self.write("crypto/seal/include/crypto/seal/envelope.h", '#include "crypto/base/hash.h"\n')

    def check(self):
        return self.run_check("check_includes.py", "--list", self.root / "includes.toml")

    def assert_allowed(self, path, text):
        self.write(path, text)
        code, said = self.check()
        self.assertEqual(code, 0, said)

    def assert_refused(self, path, text, expected):
        self.write(path, text)
        code, said = self.check()
        self.assertEqual(code, 1, said)
        self.assertIn(f"{path}:{expected}", said)

    def test_what_the_list_allows_passes(self):
        self.write("server/log/private.h")
        self.assert_allowed(
            "server/log/log.cc",
            '#include <string>\n#include "crypto/base/hash.h"\n#include "private.h"\n'
            '#include "letterlock/tlog/v1/leaf.pb.h"\n#include <nlohmann/json.hpp>\n')

    def test_public_header_of_a_folder_that_is_not_listed_is_refused(self):
        self.assert_refused("server/log/log.cc", '\n#include "crypto/seal/envelope.h"\n',
                            "2: server/log may not include crypto/seal/envelope.h")

    def test_system_header_of_a_library_that_is_not_listed_is_refused(self):
        self.assert_refused("server/log/log.cc", "#include <sodium.h>\n", "1: server/log may not include sodium.h")

    def test_generated_messages_of_another_plane_are_refused(self):
        self.assert_refused("server/log/log.cc", '#include "letterlock/mail/v1/mailbox.pb.h"\n',
                            "1: server/log may not include letterlock/mail/v1/mailbox.pb.h")

    def test_messages_do_not_allow_service_stubs(self):
        self.assert_refused("server/log/log.cc", '#include "letterlock/tlog/v1/log.grpc.pb.h"\n', "1: server/log may not")

    def test_what_one_file_may_include_no_other_may(self):
        self.assert_allowed("server/log/main.cc", "#include <grpcpp/grpcpp.h>\n")
        self.assert_refused("server/log/log.cc", "#include <grpcpp/grpcpp.h>\n", "1: server/log may not")

    def test_folder_that_is_not_listed_may_hold_no_source(self):
        self.assert_refused("server/new/a.cc", "", "1: no folder of cmake/layers/includes.toml covers this file")

    def test_unusual_spellings_are_refused_all_the_same(self):
        for spelling in ("#  include <sodium.h>", "# /* */ include <sodium.h>", "%:include <sodium.h>",
                         "#inc\\\nlude <sodium.h>", "/**/#include<sodium.h>", "#include_next <sodium.h>",
                         "#define H <sodium.h>\n#include H", "import <sodium.h>;"):
            with self.subTest(spelling):
                self.write("server/log/log.cc", spelling + "\n")
                self.assertEqual(self.check()[0], 1)

    def test_path_upwards_is_refused(self):
        self.assert_refused("server/log/log.cc", '#include "../../crypto/seal/src/key.h"\n', "1: ../../crypto/seal")

    def test_heavy_header_in_a_public_header_is_refused(self):
        for header in ("grpcpp/grpcpp.h", "letterlock/tlog/v1/log.grpc.pb.h", "nlohmann/json.hpp"):
            with self.subTest(header):
                self.assert_refused("server/api/include/server/api/a.h", f"#include <{header}>\n",
                                    f"1: {header}: too heavy for a public header")

    def test_light_part_of_a_heavy_library_passes_in_a_public_header(self):
        self.assert_allowed("server/api/include/server/api/a.h", "#include <nlohmann/json_fwd.hpp>\n")

    def test_private_header_in_a_public_header_is_refused(self):
        self.write("server/log/private.h")
        self.assert_refused("server/log/include/server/log/log.h", '#include "private.h"\n',
                            "1: private.h: a public header may not include a private one")

    def test_source_under_another_suffix_is_refused(self):
        self.assert_refused("server/log/log.cpp", "", "1: sources are .cc and .h files")

    def test_list_with_an_unknown_name_is_refused(self):
        self.write("includes.toml", LIST + '[folder."attest"]\nuses = "sodum"\n')
        code, said = self.check()
        self.assertNotEqual(code, 0)
        self.assertIn('[folder."attest"] uses sodum', said)


if __name__ == "__main__":
    unittest.main()
