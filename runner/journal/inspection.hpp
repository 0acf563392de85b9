#pragma once

#include <cstdint>
#include <filesystem>
#include <set>

/// What can be seen of a journal from outside. Nothing is changed, so a daemon may be using it.
namespace runner::journal {

/// Whether a daemon uses the state directory now.
bool is_in_use(const std::filesystem::path& state_dir);

/// The ids of all jobs of the journal.
std::set<std::int64_t> job_ids(const std::filesystem::path& state_dir);

}  // namespace runner::journal
