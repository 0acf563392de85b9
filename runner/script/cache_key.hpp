#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/gitlab/payload.hpp"

/// What a cache is called (job-runtime.md §6). Pure.
namespace runner::script {

struct CacheKey {
    std::string key;  ///< part of a path that stays below the caches of its project; "": not usable
    std::string warning;  ///< for the job log, "" for none
};

/// `raw` is expanded. Escaped slashes and dots, `..` and blanks at the end lead nowhere; `hashed`:
/// the hex SHA-256 instead, which needs none of that.
CacheKey cache_key(std::string_view raw, bool hashed);

/// Whether `when` of a cache or an artifact asks for it after a job that went so.
bool matches_outcome(std::string_view when, bool success);

/// Whether there is anything in it.
bool names_files(const protocol::gitlab::Cache& cache);
bool names_files(const protocol::gitlab::Artifact& artifact);

}  // namespace runner::script
