#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "runner/config/config.hpp"

namespace runner::config {

namespace {

constexpr const char* kSystemConfig = "/etc/gitlab-runner/config.toml";

std::string home_directory() {
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return home;
    std::array<char, 4096> buffer{};
    struct passwd entry {};
    struct passwd* found = nullptr;
    ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
    return found != nullptr && found->pw_dir != nullptr ? found->pw_dir : "";
}

bool all_of_set(std::string_view text, std::string_view set) {
    return text.find_first_not_of(set) == std::string_view::npos;
}

/// What is before the part of a token that tells tokens apart (runner-protocol.md §2.7.4).
std::size_t prefix_length(std::string_view token) {
    const auto type_mark = [&](std::size_t at) {
        const auto rest = token.substr(at);
        const bool mark = rest.size() >= 3 && rest[0] == 't' && rest[1] >= '1' && rest[1] <= '3' &&
                          rest[2] == '_';
        return at + (mark ? 3U : 0U);
    };
    if (token.starts_with("glrt-")) return type_mark(5);
    if (token.starts_with("glrtr-") || token.starts_with("glcbt-")) return 6;
    if (token.starts_with("GR") && token.size() >= 9 &&
        all_of_set(token.substr(2, 7), "0123456789abcdefABCDEF")) {
        return 9;
    }
    return type_mark(0);
}

}  // namespace

std::filesystem::path default_config_path() {
    if (const char* given = std::getenv("CONFIG_FILE"); given != nullptr && *given != '\0')
        return given;
    if (::geteuid() == 0) return kSystemConfig;
    return std::filesystem::path(home_directory()) / ".gitlab-runner" / "config.toml";
}

std::filesystem::path state_directory(const std::filesystem::path& config_path) {
    // systemd joins several with colons; ours is the first.
    if (const char* given = std::getenv("STATE_DIRECTORY"); given != nullptr && *given != '\0') {
        const std::string_view all(given);
        return std::string(all.substr(0, all.find(':')));
    }
    std::error_code ignored;
    const auto absolute = std::filesystem::absolute(config_path, ignored).lexically_normal();
    if (::geteuid() == 0 && absolute == kSystemConfig) return "/var/lib/runner";
    return absolute.parent_path() / ".runner-state";
}

std::string runner_identity(const RunnerConfig& runner) {
    return runner.id != 0 ? runner.url + "#" + std::to_string(runner.id) : runner.token.reveal();
}

std::string short_token(const base::Secret& token) {
    const std::string_view text(token.reveal());
    return std::string(text.substr(prefix_length(text), 9));
}

}  // namespace runner::config
