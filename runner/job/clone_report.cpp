#include "runner/job/clone_report.hpp"

#include <charconv>
#include <map>
#include <string>

#include "base/strings.hpp"

namespace runner::job {

namespace {

using From = executors::GitClone::From;

std::optional<std::int64_t> number(const std::string& text) {
    std::int64_t value = 0;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value);
    if (error != std::errc() || end != last || value < 0) return std::nullopt;
    return value;
}

std::optional<executors::GitClone> parse_line(const std::string& line) {
    static const std::map<std::string, From> origins{
        {"server", From::kServer}, {"mirror", From::kMirror}, {"damaged", From::kDamagedMirror}};
    const auto words = base::split(line, ' ');
    if (words.size() != 4 || words[0] != "clone") return std::nullopt;
    const auto from = origins.find(words[1]);
    const auto milliseconds = number(words[2]);
    const auto bytes = number(words[3]);
    if (from == origins.end() || !milliseconds || !bytes) return std::nullopt;
    executors::GitClone clone;
    clone.from = from->second;
    clone.duration = std::chrono::milliseconds(*milliseconds);
    clone.bytes = static_cast<std::uint64_t>(*bytes);
    return clone;
}

}  // namespace

std::optional<executors::GitClone> parse_clone_report(std::string_view text) {
    std::optional<executors::GitClone> last;
    for (const std::string& line : base::split(text, '\n')) {
        const auto clone = parse_line(line);
        if (clone) last = clone;
    }
    return last;
}

}  // namespace runner::job
