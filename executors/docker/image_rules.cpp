#include "executors/docker/image_rules.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/glob.hpp"
#include "base/strings.hpp"
#include "executors/docker/docker_reference.hpp"

namespace executors::docker {

namespace {

using base::ErrorKind;
using base::make_error;

std::string quoted_list(const std::vector<std::string>& items) {
    return "[" + base::join(items, " ") + "]";
}

bool known_policy(const std::string& policy) {
    return policy == "always" || policy == "if-not-present" || policy == "never";
}

std::string program_name(const std::string& argument) {
    return std::filesystem::path(argument).filename().string();
}

bool is_shell(const std::string& argument) {
    static constexpr std::array<std::string_view, 6> kShells{"sh",   "bash", "ash",
                                                             "dash", "zsh",  "ksh"};
    const std::string name = program_name(argument);
    return std::find(kShells.begin(), kShells.end(), name) != kShells.end();
}

}  // namespace

base::Result<void> check_image_name(std::string_view image) {
    const auto reference = parse_reference(image);
    if (!reference) return make_error(ErrorKind::kConfiguration, reference.error().message);
    return {};
}

base::Result<void> check_allowed(std::string_view image, std::string_view kind,
                                 const std::vector<std::string>& allowed,
                                 const std::vector<std::string>& internal) {
    if (allowed.empty()) return {};
    for (const auto& name : internal) {
        if (name == image) return {};
    }
    for (const auto& pattern : allowed) {
        if (base::doublestar_match(pattern, image)) return {};
    }
    std::string text = "The \"" + std::string(image) +
                       "\" image is not present on list of allowed " + std::string(kind) + ":";
    for (const auto& pattern : allowed) text += "\n- " + pattern;
    text += "\nPlease check the runner's configuration: allowed_" + std::string(kind) +
            " in [runners.docker] decides which " + std::string(kind) + " a job may use";
    return make_error(ErrorKind::kConfiguration, "disallowed image\n" + text);
}

bool privileged_allowed(std::string_view image, const std::vector<std::string>& allowed) {
    return allowed.empty() || std::any_of(allowed.begin(), allowed.end(), [&](const auto& pattern) {
               return base::doublestar_match(pattern, image);
           });
}

base::Result<std::string> choose_user(const DockerSettings& settings, const std::string& asked) {
    const std::string user = settings.user.empty() ? asked : settings.user;
    if (user.empty()) return std::string();
    std::vector<std::string> allowed = settings.allowed_users;
    if (allowed.empty() && !settings.user.empty()) allowed = {settings.user};
    if (allowed.empty()) return user;
    if (std::find(allowed.begin(), allowed.end(), user) != allowed.end()) return user;
    return make_error(ErrorKind::kConfiguration,
                      "user \"" + user + "\" is not an allowed user: " + quoted_list(allowed) +
                          ", as allowed_users in [runners.docker] says");
}

base::Result<std::vector<std::string>> pull_policies(const DockerSettings& settings,
                                                     std::string_view image,
                                                     const std::vector<std::string>& asked) {
    const std::vector<std::string> configured =
        settings.pull_policy.empty() ? std::vector<std::string>{"always"} : settings.pull_policy;
    const auto& wanted = asked.empty() ? configured : asked;
    const auto& allowed =
        settings.allowed_pull_policies.empty() ? configured : settings.allowed_pull_policies;
    for (const auto& policy : wanted) {
        if (!known_policy(policy)) {
            return make_error(ErrorKind::kConfiguration,
                              "unsupported pull policy \"" + policy + "\" for image \"" +
                                  std::string(image) + "\": use always, if-not-present or never");
        }
    }
    std::vector<std::string> chosen;
    for (const auto& policy : wanted) {
        if (std::find(allowed.begin(), allowed.end(), policy) != allowed.end()) {
            chosen.push_back(policy);
        }
    }
    if (!chosen.empty()) return chosen;
    const std::string origin = asked.empty() ? "Runner config" : "GitLab pipeline config";
    return make_error(ErrorKind::kConfiguration,
                      "invalid pull policy for image \"" + std::string(image) +
                          "\": pull_policy (" + quoted_list(wanted) + ") defined in " + origin +
                          " is not one of the allowed_pull_policies (" + quoted_list(allowed) +
                          ")");
}

bool starts_engine(const std::vector<std::string>& entrypoint,
                   const std::vector<std::string>& command) {
    std::vector<std::string> words;
    for (const auto& word : entrypoint) {
        if (!word.empty()) words.push_back(word);
    }
    words.insert(words.end(), command.begin(), command.end());
    static constexpr std::array<std::string_view, 4> kInits{"tini", "docker-init", "dumb-init",
                                                            "docker-entrypoint.sh"};
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string name = program_name(words[i]);
        if (name == "dockerd") return true;
        if (name.starts_with("dockerd")) {
            // A script in front of dockerd starts it without words or with flags; it runs any other
            // command instead.
            const std::string next = i + 1 < words.size() ? words[i + 1] : "-";
            return next.starts_with("-") || program_name(next) == "dockerd";
        }
        const bool init = std::find(kInits.begin(), kInits.end(), name) != kInits.end();
        if (!init && !words[i].starts_with("-")) return false;
    }
    return false;
}

std::vector<std::string> supervisor_command(const std::vector<std::string>& entrypoint,
                                            const std::vector<std::string>& supervisor) {
    if (entrypoint.empty() || !is_shell(entrypoint.front())) return supervisor;
    const std::string line = "exec " + base::join(supervisor, " ");
    const std::string& last = entrypoint.back();
    const bool takes_command = entrypoint.size() > 1 && last.starts_with("-") &&
                               !last.starts_with("--") && last.ends_with("c");
    if (takes_command) return {line};
    const bool only_flags = std::all_of(entrypoint.begin() + 1, entrypoint.end(),
                                        [](const auto& word) { return word.starts_with("-"); });
    if (only_flags) return {"-c", line};
    return supervisor;
}

}  // namespace executors::docker
