#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_api.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

/// Containers of git mirrors, and `runner-helper mirror` in them. They are made of a job's image,
/// because the engine has no other one, and nothing of that image may work in them: it could read a
/// mirror without the server's consent, or change it for other jobs. So they have no HEALTHCHECK,
/// an /etc without the image's files, and empty directories in the place of the image's volumes.
namespace executors::docker {

/// Waits for commands and ends by itself.
struct MirrorContainer {
    std::string name;
    std::string image;
    std::string helper_volume;
    std::string mirror_bind;  ///< "volume:/.runner-mirror:OPTION"
    std::string builds_bind;  ///< "volume:/.runner-builds:nocopy", "" for none
    std::map<std::string, std::string> labels;
    std::chrono::seconds limit{0};
    std::vector<std::string> image_volumes = {};  ///< that the image declares
};

/// The body of the engine's request. It has the network of the configuration, never that of a job:
/// there, a service of the job could answer in the server's place. Pure.
std::string mirror_container_body(const MirrorContainer& container, const DockerSettings& docker);
/// Makes it, with `image_volumes` as the engine tells them. Answers the id.
base::Task<base::Result<std::string>> make_mirror_container(EngineApi& api,
                                                            MirrorContainer container,
                                                            DockerSettings docker);

/// One line of JSON for the helper's standard input. Pure.
std::string mirror_request(const GitMirrorSource& source, bool renew);

struct MirrorAnswer {
    std::string state;
    std::uint64_t bytes = 0;
    std::string reason;                  ///< of the state "refused": what git said
    std::chrono::milliseconds proof{0};  ///< how long the server took to answer
};
/// kProtocol for a text that is no answer of the helper. Pure.
base::Result<MirrorAnswer> parse_mirror_answer(std::string_view text);

/// Runs `runner-helper mirror ACTION` in a container that runs. kInternal when the helper failed,
/// with what it wrote to standard error.
base::Task<base::Result<MirrorAnswer>> run_mirror_helper(EngineApi& api, std::string container,
                                                         std::vector<std::string> action,
                                                         std::string request);

}  // namespace executors::docker
