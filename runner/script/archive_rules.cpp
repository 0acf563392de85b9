#include "runner/script/archive_rules.hpp"

namespace runner::script {

bool matches_outcome(std::string_view when, bool success) {
    if (when == "always") return true;
    return (when == "on_failure") != success;
}

bool names_files(const protocol::gitlab::Cache& cache) {
    return cache.untracked || !cache.paths.empty();
}

bool names_files(const protocol::gitlab::Artifact& artifact) {
    return artifact.untracked || !artifact.paths.empty();
}

}  // namespace runner::script
