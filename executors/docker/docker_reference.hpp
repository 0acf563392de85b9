#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace executors::docker {

/// The parts of an image name, by the rules of the engine.
struct DockerReference {
    std::string host;    ///< lower case; "docker.io" when the name has none
    std::string path;    ///< "library/alpine"
    std::string tag;     ///< "" for none
    std::string digest;  ///< "sha256:…", "" for none
    std::string name;    ///< as written, without tag and digest
    bool is_id = false;  ///< "sha256:<64 hex>" or 64 hex digits: an image by its id

    /// What the engine is asked to pull: the digest, else the tag, else "latest".
    [[nodiscard]] std::string pull_tag() const;
};

/// kInvalidInput for text that is not an image name, or is longer than one can be.
base::Result<DockerReference> parse_reference(std::string_view text);

/// Host names of a service from its image: port, tag and digest stripped, "/" as "__" and as "-".
struct ServiceNames {
    std::string slug;                  ///< for the container's name
    std::vector<std::string> aliases;  ///< one or two
    std::string version;               ///< tag, "latest" for none
};
ServiceNames service_names(std::string_view image);

}  // namespace executors::docker
