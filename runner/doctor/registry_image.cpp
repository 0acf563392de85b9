#include "runner/doctor/registry_image.hpp"

#include <cstddef>

#include "base/digest.hpp"
#include "base/json.hpp"

namespace runner::doctor {

namespace {

constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr const char* kLayerType = "application/vnd.oci.image.layer.v1.tar";
/// Two blocks of zeros: the end of a tar, and here all of it.
constexpr std::size_t kEmptyTar = 1024;

nlohmann::json descriptor(const char* type, const std::string& bytes) {
    return {{"mediaType", type}, {"digest", digest_of(bytes)}, {"size", bytes.size()}};
}

}  // namespace

RegistryImage registry_image(const std::string& tag) {
    RegistryImage image;
    image.layer.assign(kEmptyTar, '\0');
    const nlohmann::json config = {
        {"architecture", "amd64"},
        {"os", "linux"},
        {"config", {{"Labels", {{"org.opencontainers.image.version", tag}}}}},
        {"rootfs", {{"type", "layers"}, {"diff_ids", {digest_of(image.layer)}}}}};
    image.config = config.dump();
    const nlohmann::json manifest = {{"schemaVersion", 2},
                                     {"mediaType", kManifestType},
                                     {"config", descriptor(kConfigType, image.config)},
                                     {"layers", {descriptor(kLayerType, image.layer)}}};
    image.manifest = manifest.dump();
    return image;
}

std::string digest_of(std::string_view bytes) { return "sha256:" + base::sha256_hex(bytes); }

}  // namespace runner::doctor
