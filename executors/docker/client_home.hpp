#pragma once

#include <string>

#include "executors/docker/image_choice.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/spec.hpp"

/// Where the docker client of a job's scripts keeps its files, and whose they are. Pure.
namespace executors::docker {

/// The user that scripts run as, by the files of the image.
struct ContainerUser {
    unsigned uid = 0;
    unsigned gid = 0;
    std::string home = "/";
};

/// `user` as in an image's USER: "name", "uid", "name:group" or "uid:gid"; "" for root. `passwd`
/// and `group` are the texts of the image's files. A name that is not there counts as root: the
/// engine refuses to start such a container.
ContainerUser find_container_user(const std::string& user, const std::string& passwd,
                                  const std::string& group);

struct ClientHome {
    std::string directory;  ///< of config.json: DOCKER_CONFIG, else HOME, of the job or the image
    std::string buildx;     ///< of buildx's state: BUILDX_CONFIG, else a part of `directory`
    /// Its files are made only when get_sources has ended: they, or those of buildx, lie where
    /// get_sources may remove everything, or in /tmp, which docker:dind mounts anew; or the names
    /// are too long for an archive.
    bool late = false;
    ContainerUser owner;
};

ClientHome find_client_home(const JobEnvironment& job, const ImageChoice& choice,
                            const ImageInfo& image, const ImageFiles& files);

}  // namespace executors::docker
