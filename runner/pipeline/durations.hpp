#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace runner::pipeline {

/// GitLab's limit of `start_in`.
constexpr std::chrono::seconds kOneWeek{604'800};
/// GitLab's limit of `timeout`.
constexpr std::chrono::seconds kOneMonth{2'629'746};

/// Parses a duration as GitLab does (Ruby gem gitlab_chronic_duration): "1h 30m", "90", "01:30:00",
/// "2 hrs 20 min", "1 week". Unknown words are ignored. Nothing when the sum is zero.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace runner::pipeline
