#include "executors/docker/build_cache.hpp"

#include <string>

namespace executors::docker {

namespace {

/// What the builder leaves free of the disk, down to the reserved half of its share.
constexpr const char* kLeftFree = "10%";
constexpr int kHistorySeconds = 172'800;
constexpr int kHistoryEntries = 50;

}  // namespace

ConfigSource builder_cache_rules(std::int64_t share_bytes) {
    ConfigSource rules{"the runner's share of builds", {}};
    if (share_bytes <= 0) return rules;
    rules.text = "[history]\nmaxAge = " + std::to_string(kHistorySeconds) +
                 "\nmaxEntries = " + std::to_string(kHistoryEntries) +
                 "\n[worker.oci]\ngc = true\nmaxUsedSpace = " + std::to_string(share_bytes) +
                 "\nreservedSpace = " + std::to_string(share_bytes / 2) + "\nminFreeSpace = \"" +
                 kLeftFree + "\"\n";
    return rules;
}

ConfigSource engine_cache_rules(std::int64_t share_bytes) {
    ConfigSource rules{"the runner's share of builds", {}};
    if (share_bytes <= 0) return rules;
    const std::string whole = std::to_string(share_bytes);
    rules.text = R"({"builder": {"gc": {"enabled": true, "defaultKeepStorage": ")" + whole +
                 R"(", "defaultReservedSpace": ")" + std::to_string(share_bytes / 2) +
                 R"(", "defaultMaxUsedSpace": ")" + whole + R"(", "defaultMinFreeSpace": ")" +
                 kLeftFree + R"("}}})";
    return rules;
}

}  // namespace executors::docker
