#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/doctor/finding.hpp"

namespace runner::doctor {

/// One thing that is looked at from one place. Measuring is the business of `run`; what the figures
/// mean is decided by the pure functions judge_….
///
/// Life: run() once. All checks run at the same time; one that needs what another measures waits
/// for it. Strand: the I/O thread. What `run` holds outlives the coroutine that it makes.
struct Check {
    Place place = Place::kHost;
    std::string where{};  ///< see Line
    std::string name;     ///< what --only takes
    /// After this time the check is a problem of its own.
    std::chrono::seconds limit{30};
    /// An error is reported as a problem with its text.
    std::function<base::Task<base::Result<Finding>>()> run;
};

}  // namespace runner::doctor
