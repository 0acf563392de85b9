#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/status/snapshot.hpp"

/// Which job a number means: two servers number their jobs each for itself. Pure.
namespace runner::status {

/// Whether `runner`, a name or a short token, means the runner of the job; "" means every one.
bool is_of_runner(const JobState& job, const std::string& runner);

/// The runners of the jobs, each once: their names, and where two have the same name, their short
/// tokens. Either can be given for is_of_runner().
std::vector<std::string> runners_of(const std::vector<JobState>& jobs);

/// The sentence for a number that several jobs have, with what tells them apart.
std::string several_jobs(std::int64_t id, const std::vector<JobState>& jobs);

}  // namespace runner::status
