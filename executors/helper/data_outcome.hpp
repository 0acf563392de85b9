#pragma once

#include <optional>
#include <string>
#include <vector>

namespace executors::helper {

/// What was decided about the kept data of the engine in this container, before the container's
/// ENTRYPOINT: a file outside of the data, which the daemon reads for the job log.
struct DataOutcome {
    bool warm = false;
    std::string reason;  ///< why it is not warm: the end of a sentence
    std::string root;    ///< of the data
    /// Known to the ENTRYPOINT's environment alone, so that only the engine that the ENTRYPOINT
    /// starts is watched, and none that a script starts.
    std::string token;
    /// Names of images that are to be taken away from the engine before a script uses it.
    std::vector<std::string> names = {};
};

inline constexpr char kOutcomeFile[] = "/.runner-data.json";
inline constexpr char kTokenVariable[] = "RUNNER_DATA_TOKEN";

/// Throws Failure.
void write_outcome(const DataOutcome& outcome, const std::string& file = kOutcomeFile);
/// Nothing where no data is kept.
std::optional<DataOutcome> read_outcome(const std::string& file = kOutcomeFile);

}  // namespace executors::helper
