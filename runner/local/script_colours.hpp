#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

/// The coloured texts that stage scripts and runner-helper print into a job's output ("$ make",
/// "Created cache"), told apart from what the job's own script prints. Pure.
namespace runner::local {

/// Where such a text begins, when the line ends with one. It stands behind what a script printed
/// without an end of line.
std::optional<std::size_t> start_of_runner_text(std::string_view line);

/// The line without the colours around such a text. Colours of the job's own script stay.
std::string_view without_runner_colours(std::string_view line);

}  // namespace runner::local
