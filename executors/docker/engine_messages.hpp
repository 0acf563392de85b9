#pragma once

#include <string_view>

#include "base/result.hpp"

/// The Docker engine and the registries behind it say in words alone why a pull failed, and that
/// an API version is refused. These two pure functions are the only code that reads such words;
/// everything else decides by Error::kind and Error::pull_failure.
namespace executors::docker {

/// The class of a failed pull (job-runtime.md §1.8). The network's words win where both kinds of
/// words are in the message.
base::PullFailure classify_pull_failure(std::string_view message);

/// Whether the engine refuses the API version of a request: it was replaced by an older or newer
/// one since the version was negotiated.
bool refuses_api_version(std::string_view message);

}  // namespace executors::docker
