#pragma once

#include <string_view>

#include "protocol/gitlab/payload.hpp"

/// Which caches and artifacts a job saves at its end. Pure.
namespace runner::script {

/// Whether a cache or an artifact with this `when` is saved after a job that succeeded or failed.
bool matches_outcome(std::string_view when, bool success);

/// Whether it names any files.
bool names_files(const protocol::gitlab::Cache& cache);
bool names_files(const protocol::gitlab::Artifact& artifact);

}  // namespace runner::script
