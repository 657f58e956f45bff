// The figures as a table for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "measure.h"

namespace letterlock::bench {

std::string ToTable(const std::vector<Row>& rows);
std::string ToJson(const std::vector<Row>& rows);

}  // namespace letterlock::bench
