#include "runner/job/held_log.hpp"

namespace runner::job {

void HeldLog::release() {
    released_ = true;
    for (const auto& [writer, text] : std::exchange(lines_, {})) (log_.*writer)(text);
}

void HeldLog::progress(std::string_view text, bool last) {
    if (released_) return log_.progress(text, last);
    if (last) print(text);
}

void HeldLog::write(Writer writer, std::string_view text) {
    if (released_) return (log_.*writer)(text);
    lines_.emplace_back(writer, text);
}

}  // namespace runner::job
