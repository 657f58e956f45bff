#include "cli/table.h"

#include <algorithm>
#include <ostream>

#include "cli/display_text.h"

namespace letterlock::cli {

void Table::Add(const std::vector<std::string>& cells) {
  std::vector<std::string> row;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::string cell = DisplayLine(cells[i]);
    if (columns_[i].max_width > 0) cell = CutToWidth(cell, columns_[i].max_width);
    row.push_back(std::move(cell));
  }
  rows_.push_back(std::move(row));
}

void Table::Print(std::ostream& out) const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::vector<std::size_t> widths(columns_.size());
  const auto measure = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  };
  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - DisplayWidth(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  };
  measure(titles);
  std::for_each(rows_.begin(), rows_.end(), measure);
  print(titles);
  std::for_each(rows_.begin(), rows_.end(), print);
}

}  // namespace letterlock::cli
