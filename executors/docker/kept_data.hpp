#pragma once

#include <string>
#include <vector>

#include "executors/docker/container_spec.hpp"
#include "executors/docker/image_info.hpp"
#include "executors/docker/settings.hpp"
#include "executors/spec.hpp"

/// The data of a job's own engine (images, layers, caches of builds) on a volume that later jobs of
/// the same runner, project, slot and protection use. Pure.
namespace executors::docker {

struct KeptData {
    std::string volume;  ///< name, "" for none
    bool is_new = false;
    /// The inner engine's volume that stays with the data: the builder's state.
    std::string inner_volume;
    /// Images that came from a registry lose their names before the engine starts, so that it asks
    /// the registry again, but for those that the runner brings.
    bool revalidates = false;
    std::vector<std::string> own_images = {};
};

/// Whether the first one of a runner's pull policies asks the registry although there is an image.
bool asks_registry(const DockerSettings& docker);

/// As volumes.hpp names volumes that outlive the job.
std::string data_volume_name(const JobEnvironment& job);
/// The id by which builders know the directories of this job again in later jobs of the same slot,
/// whose files they have then (executors/helper/build_node.hpp). "" for a job without a slot.
std::string build_node(const JobEnvironment& job);
/// The container of the prepared builder in the inner engine, as buildx names it.
std::string builder_container(const DindSettings& settings);

/// Why the data of the job's engine does not stay. `binds`: of the job's containers.
struct NoKeptData {
    bool none = false;   ///< it does not stay
    std::string reason;  ///< for the job log, "" where the configuration says so
};
NoKeptData why_no_data(const JobEnvironment& job, const DockerSettings& docker,
                       const DindSettings& dind, const std::vector<std::string>& binds);

/// Mounts the data into an engine's container, and puts runner-helper in front of its ENTRYPOINT:
/// what a former job left is cleaned before any program of the image runs. Does nothing without a
/// volume, and for an image whose user is not root, because its engine has its data elsewhere.
/// Answers whether the data is mounted.
bool mount_data(const KeptData& data, const ImageInfo& image, ContainerPlan& plan);

/// One line of printable ASCII, cut after 300 characters.
std::string in_one_line(const std::string& text);

/// Whether runner-helper has left names of images to the engine (untag_images.hpp); `outcome` as
/// for data_line().
bool has_names_left(const std::string& outcome);

/// The line for the job log, made of what runner-helper has written (data_outcome.hpp). A job may
/// have changed it. "" for what is no such text.
std::string data_line(const std::string& outcome);

}  // namespace executors::docker
