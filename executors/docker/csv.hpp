#pragma once

#include <string>
#include <string_view>
#include <vector>

/// One line of CSV, which docker and buildx use for lists of options. Pure.
namespace executors::docker {

/// Quotes keep the commas of a field; two quotes within them are one.
std::vector<std::string> csv_fields(std::string_view line);
/// A field, in quotes where it needs them.
std::string csv_field(std::string_view value);

}  // namespace executors::docker
