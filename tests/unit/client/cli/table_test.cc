#include "cli/table.h"

#include <sstream>

#include "gtest/gtest.h"

namespace letterlock::cli {
namespace {

TEST(Table, AlignsByDisplayWidth) {
  Table table({{"FROM"}, {"SUBJECT"}});
  table.Add({"li-ming", "你好"});
  table.Add({"李明", "x"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "FROM     SUBJECT\n"
            "li-ming  你好\n"
            "李明     x\n");
}

TEST(Table, CutsCellsAndNeutralisesThem) {
  Table table({{"SUBJECT", 6}, {"ID"}});
  table.Add({"a\x1b[2Jbcdef", "1\n2"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "SUBJECT  ID\n"
            "a␛[2J…   1 2\n");
}

}  // namespace
}  // namespace letterlock::cli
