#include "runner/local/masked_lines.hpp"

namespace runner::local {

namespace {

/// A script that never ends its line must not fill the memory.
constexpr std::size_t kLongestLine = 64 * 1024;

}  // namespace

void MaskedLines::close() {
    masker_.close(into_repair_);
    repair_.close(lines_);
    lines_.flush();
}

void MaskedLines::Lines::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        pending_ += bytes.substr(0, end);
        if (end == std::string_view::npos) {
            if (pending_.size() > kLongestLine) flush();
            return;
        }
        bytes.remove_prefix(end + 1);
        give();
    }
}

void MaskedLines::Lines::flush() {
    if (!pending_.empty()) give();
}

void MaskedLines::Lines::give() {
    std::string_view line = pending_;
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (const auto over = line.rfind('\r'); over != std::string_view::npos)
        line.remove_prefix(over + 1);
    on_line_(line);
    pending_.clear();
}

}  // namespace runner::local
