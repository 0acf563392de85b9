#pragma once

#include <optional>
#include <string>
#include <vector>

namespace executors::helper {

struct UntagOptions {
    std::string socket = "/var/run/docker.sock";
    std::string outcome_file;  ///< "": the usual one
};

/// What an engine calls the image of this name, for a request: nothing for what is no name with a
/// tag. Pure.
struct ImageName {
    std::string repository;
    std::string tag;
};
std::optional<ImageName> split_image_name(const std::string& name);

/// `runner-helper untag-images`: the names that DataOutcome::names has are taken away from the
/// engine of this container, which answers. The images stay, without a name. Afterwards the outcome
/// has no names. Throws Failure.
///
/// An engine with containerd's store removes an image with its last name, and its layers with it.
/// When the name is given to another image, the former one stays as one without a name, which is
/// what a pull does with the image that it replaces. So each name is given to an empty image and
/// removed from that.
int untag_images(const UntagOptions& options);

}  // namespace executors::helper
