#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runner/script/variables.hpp"

namespace runner::script {

/// The job's variables that change what the runner does, as values with a type (job-runtime.md
/// §2.4). A text that is no such value gives the default and a warning for the job log.
///
/// Life: made once per job; `variables` outlive it and may change. Not synchronised.
class BehaviourVariables {
  public:
    explicit BehaviourVariables(const Variables& variables);

    [[nodiscard]] const Variables& variables() const { return variables_; }

    [[nodiscard]] bool flag(std::string_view key, bool fallback);
    [[nodiscard]] int number(std::string_view key, int fallback);
    /// A duration of Go, such as "5s". Not negative.
    [[nodiscard]] std::chrono::nanoseconds duration(std::string_view key,
                                                    std::chrono::nanoseconds fallback);
    /// GET_SOURCES_ATTEMPTS and its like: 1 by default, clamped to 1..10.
    [[nodiscard]] int attempts(std::string_view key);
    /// Reads all of them, so that the user learns what is wrong before the job begins.
    void check_all(bool allow_git_fetch);
    /// The warnings since the last call, those about feature flags first; each text once per job.
    [[nodiscard]] std::vector<std::string> take_warnings();

  private:
    void warn(std::string warning);

    const Variables& variables_;
    std::vector<std::string> warnings_;
    std::set<std::string> warned_;
};

}  // namespace runner::script
