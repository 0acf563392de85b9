#pragma once

#include <string>
#include <string_view>

namespace executors::docker {

/// What the names of the official runner's labels begin with.
inline constexpr std::string_view kLabelPrefix = "com.gitlab.gitlab-runner.";

inline std::string label_name(std::string_view name) {
    return std::string(kLabelPrefix).append(name);
}

}  // namespace executors::docker
