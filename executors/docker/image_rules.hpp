#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

/// What the configuration lets a job ask for (job-runtime.md §5.3). Pure. A refusal is
/// kConfiguration: the job fails at once and is not tried again.
namespace executors::docker {

/// Refuses what cannot be the name of an image. Comes before everything that reads the name,
/// because a job decides what it is and how long.
base::Result<void> check_image_name(std::string_view image);

/// `kind` is "images" or "services"; an empty list allows everything; `internal` names always pass.
base::Result<void> check_allowed(std::string_view image, std::string_view kind,
                                 const std::vector<std::string>& allowed,
                                 const std::vector<std::string>& internal);

/// Whether `image` may run privileged: an empty list allows every image.
bool privileged_allowed(std::string_view image, const std::vector<std::string>& allowed);

/// The user that a container runs as: the configuration's, else the job's, "" for the image's own.
base::Result<std::string> choose_user(const DockerSettings& settings, const std::string& asked);

/// The policies to try one after another.
base::Result<std::vector<std::string>> pull_policies(const DockerSettings& settings,
                                                     std::string_view image,
                                                     const std::vector<std::string>& asked);

/// Whether the program that these start is an inner engine: its name begins with "dockerd", also
/// behind a small init.
bool starts_engine(const std::vector<std::string>& entrypoint,
                   const std::vector<std::string>& command);

/// The command that starts the supervisor behind an ENTRYPOINT. A bare shell gets it through -c.
std::vector<std::string> supervisor_command(const std::vector<std::string>& entrypoint,
                                            const std::vector<std::string>& supervisor);

}  // namespace executors::docker
