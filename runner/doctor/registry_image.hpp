#pragma once

#include <string>
#include <string_view>

namespace runner::doctor {

inline constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";

/// An image of one empty layer, a kilobyte altogether (OCI Image Specification 1.0).
struct RegistryImage {
    std::string layer;
    std::string config;
    std::string manifest;
};

/// Each tag has an image of its own: a registry removes a manifest together with all tags that name
/// it, and several checks use one repository at the same time. Pure.
RegistryImage registry_image(const std::string& tag);

/// "sha256:…". Pure.
std::string digest_of(std::string_view bytes);

}  // namespace runner::doctor
