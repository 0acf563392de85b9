#include "runner/local/script_colours.hpp"

#include <algorithm>
#include <iterator>

namespace runner::local {

namespace {

constexpr std::string_view kStarts[] = {"\x1b[32;1m", "\x1b[0;33m", "\x1b[31;1m"};
constexpr std::string_view kEnds[] = {"\x1b[0;m ", "\x1b[0;m"};

}  // namespace

std::optional<std::size_t> start_of_runner_text(std::string_view line) {
    const bool ends_with_one =
        std::any_of(std::begin(kEnds), std::end(kEnds),
                    [&](std::string_view end) { return line.ends_with(end); });
    if (!ends_with_one) return std::nullopt;
    std::optional<std::size_t> last;
    for (const std::string_view start : kStarts) {
        const auto at = line.rfind(start);
        if (at != std::string_view::npos && (!last || at > *last)) last = at;
    }
    return last;
}

std::string_view without_runner_colours(std::string_view line) {
    for (const std::string_view end : kEnds) {
        if (!line.ends_with(end)) continue;
        line.remove_suffix(end.size());
        for (const std::string_view start : kStarts) {
            if (line.starts_with(start)) line.remove_prefix(start.size());
        }
        while (line.ends_with(' ')) line.remove_suffix(1);
        break;
    }
    return line;
}

}  // namespace runner::local
