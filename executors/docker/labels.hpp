#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace executors::docker {

/// What the names of the official runner's labels begin with.
inline constexpr std::string_view kLabelPrefix = "com.gitlab.gitlab-runner.";

inline std::string label_name(std::string_view name) {
    return std::string(kLabelPrefix).append(name);
}

/// The labels by which the engine finds what one runner of one machine has made. Both are needed:
/// other daemons of the machine have its system id, other machines may have the runner's token.
inline std::map<std::string, std::string> labels_of_runner(std::string short_token,
                                                           std::string system_id) {
    return {{label_name("managed"), "true"},
            {label_name("runner.id"), std::move(short_token)},
            {label_name("runner.system_id"), std::move(system_id)}};
}

}  // namespace executors::docker
