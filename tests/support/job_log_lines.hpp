#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "executors/job_log.hpp"

namespace tests {

/// A job log that keeps its lines.
class JobLogLines final : public executors::JobLog {
  public:
    void print(std::string_view text) override { lines.emplace_back(text); }
    void notice(std::string_view text) override { print(text); }
    void heading(std::string_view text) override { print(text); }
    void warning(std::string_view text) override { print("WARNING: " + std::string(text)); }
    void error(std::string_view text) override { print("ERROR: " + std::string(text)); }

    /// Whether a line contains `part`.
    [[nodiscard]] bool has(std::string_view part) const {
        return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.find(part) != std::string::npos;
        });
    }

    std::vector<std::string> lines;
};

}  // namespace tests
