#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

/// Tables for a terminal. Pure.
namespace runner::commands {

using TableRow = std::vector<std::string>;

/// Columns as wide as their widest cell; the first row is the head. All rows have as many cells.
std::string text_table(const std::vector<TableRow>& rows);

/// Control characters become "?": names come from jobs, and would reach the terminal.
std::string printable(std::string text);

/// A value of a status page for a cell, "" when it is missing or null.
std::string cell(const nlohmann::json& object, const char* key);
/// Seconds of a status page as "1m30s".
std::string age_cell(const nlohmann::json& object, const char* key);

}  // namespace runner::commands
