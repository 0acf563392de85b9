#include "executors/docker/builder_options.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "executors/docker/csv.hpp"

namespace executors::docker {

namespace {

constexpr std::array<std::string_view, 14> kNames{
    "image",        "network",        "memory",      "memory-swap",       "cpu-quota",
    "cpu-period",   "cpu-shares",     "cpuset-cpus", "cpuset-mems",       "cgroup-parent",
    "default-load", "restart-policy", "gpus",        "provenance-add-gha"};

/// name=value with a name that the driver knows.
bool is_option(std::string_view text) {
    const auto name = text.substr(0, text.find('='));
    if (name.size() == text.size()) return false;
    return name.starts_with("env.") ||
           std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// The options of one element of the configuration.
std::vector<std::string> options_in(const std::string& element) {
    auto fields = csv_fields(element);
    // Whoever writes quotes writes CSV.
    if (element.find('"') != std::string::npos) return fields;
    if (!std::all_of(fields.begin(), fields.end(), is_option)) return {element};
    return fields;
}

}  // namespace

std::vector<std::string> driver_options(const DindSettings& settings) {
    std::vector<std::string> options;
    for (const auto& element : settings.builder_driver_opts) {
        for (auto& option : options_in(element)) {
            if (!option.empty()) options.push_back(std::move(option));
        }
    }
    if (!settings.builder_image.empty()) options.push_back("image=" + settings.builder_image);
    return options;
}

bool builder_is_on_host_network(const DindSettings& settings) {
    const auto options = driver_options(settings);
    return std::find(options.begin(), options.end(), "network=host") != options.end();
}

}  // namespace executors::docker
