#include "executors/docker/pull_progress.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "executors/docker/engine_json.hpp"

namespace executors::docker {

void PullProgress::add(std::string_view piece) {
    rest_ += piece;
    std::size_t begin = 0;
    std::size_t end = 0;
    while ((end = rest_.find('\n', begin)) != std::string::npos) {
        add_line(std::string_view(rest_).substr(begin, end - begin));
        begin = end + 1;
    }
    rest_.erase(0, begin);
}

void PullProgress::finish() {
    add_line(rest_);
    rest_.clear();
}

void PullProgress::add_line(std::string_view line) {
    const nlohmann::json value = base::parse_foreign_json(line);
    if (!value.is_object()) return;
    std::string text = text_at(object_at(value, "errorDetail"), "message");
    if (text.empty()) text = text_at(value, "error");
    if (!text.empty()) failure_ = std::move(text);
    // A layer is downloaded and then unpacked; both count its bytes, or the second its seconds.
    const auto& detail = object_at(value, "progressDetail");
    const auto current = detail.find("current");
    if (current == detail.end() || !current->is_number_unsigned()) return;
    auto& most = layers_[text_at(value, "id")];
    most = std::max(most, current->get<std::uint64_t>());
}

std::uint64_t PullProgress::bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [layer, bytes] : layers_) sum += bytes;
    return sum;
}

}  // namespace executors::docker
