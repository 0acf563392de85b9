#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/result.hpp"

/// The Docker engine and its registries report only by the text of a message why a pull failed, and
/// that an API version is refused. These pure functions are the only code that reads such
/// texts; everything else decides by Error::kind and Error::pull_failure.
namespace executors::docker {

/// The class of a failed pull (job-runtime.md §1.8). A message that has words of a network failure
/// and words of another failure counts as a network failure.
base::PullFailure classify_pull_failure(std::string_view message);

/// Whether the registry had a failure of its own or limits the number of requests: the same request
/// may succeed later.
bool is_transient_pull_failure(std::string_view message);

/// Causes of a failed pull that cannot depend on the login: the network fails before the registry
/// is told of it, or the engine has no room for what it got.
enum class CommonCause {
    kNone,          ///< the failure may depend on the login
    kNoConnection,  ///< from the engine to the registry
    kDiskFull,      ///< of the engine
};
CommonCause common_cause(std::string_view message);

/// How long a registry that limits requests asks to wait ("retry-after: 1m30s", a duration of Go);
/// nullopt when it does not say. At most a year.
std::optional<std::chrono::milliseconds> asked_pause(std::string_view message);

/// Whether the engine refuses the API version of a request: the engine was replaced by an older
/// or newer one since the version was negotiated.
bool refuses_api_version(std::string_view message);

}  // namespace executors::docker
