// Aligned columns for people. Not thread-safe.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace letterlock::cli {

struct Column {
  std::string title;
  // Longer cells are cut; 0: never.
  std::size_t max_width = 0;
};

// Cells are neutralised (display_text.h) when added, aligned by display width, two spaces apart.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: as many cells as columns.
  void Add(const std::vector<std::string>& cells);

  bool empty() const { return rows_.empty(); }

  // Titles, then the rows. No trailing spaces.
  void Print(std::ostream& out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace letterlock::cli
