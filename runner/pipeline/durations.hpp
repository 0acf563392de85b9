#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace runner::pipeline {

constexpr std::chrono::seconds kOneWeek{604'800};
constexpr std::chrono::seconds kOneMonth{2'629'746};  ///< the limit of `timeout`

/// A duration in words, as GitLab reads them: "1h 30m", "90", "01:30:00", "2 hrs 20 min",
/// "1 week". Unknown words are skipped. Nothing when it amounts to zero.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace runner::pipeline
