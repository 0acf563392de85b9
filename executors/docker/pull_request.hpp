#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/secret.hpp"

namespace executors::docker {

/// One place that an image may come from, and as whom it is asked.
struct PullSource {
    std::string name;    ///< for the engine, without tag and digest
    base::Secret auth;   ///< X-Registry-Auth, "" for none
    std::string mirror;  ///< the host of a mirror, "" for the registry that the image names
    std::string hint;    ///< what the engine's host may need to reach it, "" for nothing
};

/// What a job asks the engine to pull. A plain value.
struct PullRequest {
    std::string image;     ///< as the job names it
    std::string registry;  ///< the host of its own registry, "docker.io"
    std::string tag;       ///< or its digest
    bool by_digest = false;
    std::string platform;
    std::vector<PullSource> sources;  ///< tried in their order; the last is the image's registry
    /// The registry has to be asked after this request: a pull that began before it is not enough.
    bool fresh = false;
    /// A failure of a moment ago is no answer.
    bool again = false;
    /// A failure for the moment is not tried again.
    bool once = false;
    std::string former_id;  ///< of the image that the engine has under this name, "" for none
    std::int64_t job = 0;   ///< for the logs of others; 0: no job, the runner itself
};

/// How a pull that fails for the moment is repeated. The pause doubles from try to try, and is up
/// to a half longer by chance. A registry that asks for more than `longest_wait` is not asked
/// again.
struct PullRetries {
    int tries = 3;
    std::chrono::milliseconds first_pause{3000};
    std::chrono::milliseconds longest_wait{60000};
    std::chrono::milliseconds mirror_silence{60000};  ///< then the next source is asked
};

}  // namespace executors::docker
