#include "executors/docker/git_version.hpp"

#include <charconv>
#include <tuple>

namespace executors::docker {

namespace {

constexpr std::tuple<int, int> kOldest{2, 31};

/// Removes a number and the dot behind it from the front of `text`; -1 when there is no number.
int take_number(std::string_view& text) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return -1;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('.')) text.remove_prefix(1);
    return value;
}

}  // namespace

bool GitVersion::is_new_enough() const { return std::tuple(major, minor) >= kOldest; }

GitVersion parse_git_version(std::string_view output) {
    constexpr std::string_view kBegin = "git version ";
    if (!output.starts_with(kBegin)) return {};
    output.remove_prefix(kBegin.size());
    const std::string_view text = output.substr(0, output.find_first_of(" \r\n"));
    std::string_view rest = text;
    const int major = take_number(rest);
    const int minor = take_number(rest);
    if (major < 0 || minor < 0) return {};
    return {major, minor, std::string(text), false};
}

}  // namespace executors::docker
