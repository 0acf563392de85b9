#include "executors/docker/image_rules.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/strings.hpp"

namespace executors::docker {

namespace {

using base::ErrorKind;
using base::make_error;

bool match_class(std::string_view& pattern, char c) {
    std::size_t at = 1;
    const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
    if (negated) ++at;
    bool found = false;
    bool first = true;
    while (at < pattern.size() && (first || pattern[at] != ']')) {
        first = false;
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        const char low = pattern[at];
        char high = low;
        if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
            high = pattern[at + 2];
            at += 2;
        }
        if (c >= low && c <= high) found = true;
        ++at;
    }
    if (at >= pattern.size()) return false;
    pattern.remove_prefix(at + 1);
    return found != negated;
}

bool match_here(std::string_view pattern, std::string_view text);

bool match_braces(std::string_view pattern, std::string_view text) {
    const auto close = pattern.find('}');
    if (close == std::string_view::npos) return false;
    const std::string_view tail = pattern.substr(close + 1);
    for (const std::string& choice : base::split(pattern.substr(1, close - 1), ',')) {
        if (match_here(choice + std::string(tail), text)) return true;
    }
    return false;
}

bool match_double_star(std::string_view pattern, std::string_view text) {
    const std::string_view after = pattern.substr(2);
    if (after.empty()) return true;
    if (after.front() != '/') return false;
    // "**/x": no part, or any number of whole parts.
    const std::string_view rest = after.substr(1);
    if (match_here(rest, text)) return true;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '/' && match_here(rest, text.substr(at + 1))) return true;
    }
    return false;
}

bool match_star(std::string_view rest, std::string_view text) {
    for (std::size_t taken = 0;; ++taken) {
        if (match_here(rest, text.substr(taken))) return true;
        if (taken == text.size() || text[taken] == '/') return false;
    }
}

bool match_here(std::string_view pattern, std::string_view text) {
    while (!pattern.empty()) {
        if (pattern == "/**" && text.empty()) return true;
        if (pattern.starts_with("**")) {
            if (pattern.size() == 2 || pattern[2] == '/') return match_double_star(pattern, text);
            return match_star(pattern.substr(pattern.find_first_not_of('*')), text);
        }
        if (pattern.front() == '*') return match_star(pattern.substr(1), text);
        if (pattern.front() == '{') return match_braces(pattern, text);
        if (text.empty()) return false;
        if (pattern.front() == '[') {
            if (text.front() == '/' || !match_class(pattern, text.front())) return false;
            text.remove_prefix(1);
            continue;
        }
        if (pattern.front() == '?') {
            if (text.front() == '/') return false;
        } else {
            if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
            if (pattern.front() != text.front()) return false;
        }
        pattern.remove_prefix(1);
        text.remove_prefix(1);
    }
    return text.empty();
}

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

bool glob_match(std::string_view pattern, std::string_view text) {
    return match_here(pattern, text);
}

base::Result<void> check_allowed(std::string_view image, std::string_view kind,
                                 const std::vector<std::string>& allowed,
                                 const std::vector<std::string>& internal) {
    if (allowed.empty()) return {};
    for (const auto& name : internal) {
        if (name == image) return {};
    }
    for (const auto& pattern : allowed) {
        if (glob_match(pattern, image)) return {};
    }
    std::string text = "The \"" + std::string(image) + "\" image is not present on list of allowed " +
                       std::string(kind) + ":";
    for (const auto& pattern : allowed) text += "\n- " + pattern;
    text +=
        "\nPlease check the runner's configuration: allowed_" + std::string(kind) +
        " in [runners.docker] decides which " + std::string(kind) + " a job may use";
    return make_error(ErrorKind::kConfiguration, "disallowed image\n" + text);
}

bool privileged_allowed(std::string_view image, const std::vector<std::string>& allowed) {
    return allowed.empty() || std::any_of(allowed.begin(), allowed.end(), [&](const auto& pattern) {
               return glob_match(pattern, image);
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
                                  std::string(image) +
                                  "\": use always, if-not-present or never");
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

base::ErrorKind classify_pull_failure(std::string_view message) {
    static constexpr std::array<std::string_view, 8> kNetwork{
        "dial tcp",      "connection refused",      "no such host",     "i/o timeout",
        "tls handshake", "client.timeout exceeded", "request canceled", "connection reset"};
    static constexpr std::array<std::string_view, 8> kDenied{
        "not found",
        "manifest unknown",
        "pull access denied",
        "access to the resource is denied",
        "no basic auth credentials",
        "repository does not exist or may require",
        "unauthorized",
        "authentication required"};
    const std::string text = base::to_lower(message);
    for (const auto part : kNetwork) {
        if (text.find(part) != std::string::npos) return ErrorKind::kUnavailable;
    }
    for (const auto part : kDenied) {
        if (text.find(part) != std::string::npos) return ErrorKind::kConfiguration;
    }
    return ErrorKind::kNotFound;
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
    for (const auto& word : words) {
        const std::string name = program_name(word);
        if (name.starts_with("dockerd")) return true;
        const bool init = std::find(kInits.begin(), kInits.end(), name) != kInits.end();
        if (!init && !word.starts_with("-")) return false;
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
