#include "executors/docker/pull_progress.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "executors/docker/engine_json.hpp"

namespace executors::docker {

namespace {

constexpr std::size_t kLongestLine = 1U << 20U;
constexpr std::size_t kMostLayers = 10000;

}  // namespace

void PullProgress::add(std::string_view piece) {
    if (skips_) {
        const auto line_end = piece.find('\n');
        if (line_end == std::string_view::npos) return;
        piece.remove_prefix(line_end + 1);
        skips_ = false;
    }
    rest_ += piece;
    std::size_t begin = 0;
    std::size_t end = 0;
    while ((end = rest_.find('\n', begin)) != std::string::npos) {
        add_line(std::string_view(rest_).substr(begin, end - begin));
        begin = end + 1;
    }
    rest_.erase(0, begin);
    if (rest_.size() <= kLongestLine) return;
    failure_ = "the engine's report about the pull has a line of more than 1 MiB";
    rest_.clear();
    skips_ = true;
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
    std::string id = text_at(value, "id");
    if (layers_.size() >= kMostLayers && !layers_.contains(id)) return;
    auto& most = layers_[std::move(id)];
    most = std::max(most, current->get<std::uint64_t>());
}

std::uint64_t PullProgress::bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [layer, bytes] : layers_) sum += bytes;
    return sum;
}

}  // namespace executors::docker
