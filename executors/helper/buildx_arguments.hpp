#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// The arguments of buildx, as the docker client calls its plugin: "docker-buildx buildx create …".
/// Pure.
namespace executors::helper {

/// `buildx create` and its options; other options are not kept.
struct BuildxCreate {
    std::size_t first = 0;  ///< index of the first word behind "create"
    bool append = false;
    bool endpoint = false;  ///< a context or the address of an engine is named
    std::string name;
    std::string node;
    std::string driver;
    std::vector<std::string> driver_options;
};
/// nullopt for every other command, `imagetools create` included.
std::optional<BuildxCreate> parse_buildx_create(const std::vector<std::string>& arguments);

/// The builder that a command names with --builder, or as the argument of `inspect`; "" for none.
std::string named_builder(const std::vector<std::string>& arguments);

/// What builders of a job are made with.
struct BuilderDefaults {
    std::string name;           ///< of the prepared builder
    std::string image;          ///< that it boots from, "" for buildx's own
    bool host_network = false;  ///< only builders on the host network see entries of /etc/hosts
};

/// `buildx create --append` without a name made a builder up to buildx 0.12 and fails since 0.13.
/// In a job it is meant for the prepared builder: its name and node are added, and the image that
/// it boots from, because the options of the command replace those of the node. A builder that is
/// made without a network gets the host's, where the job has declared names. Every other command
/// stays as it is.
std::vector<std::string> rewrite_buildx(const std::vector<std::string>& arguments,
                                        const BuilderDefaults& defaults);

}  // namespace executors::helper
