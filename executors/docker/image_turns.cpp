#include "executors/docker/image_turns.hpp"

namespace executors::docker {

ImageTurn::ImageTurn(ImageTurns& turns, const std::string& image, std::int64_t job)
    : lines_(turns.lines_), line_(lines_.try_emplace(image, turns.executor_).first), job_(job) {
    ++line_->second.length;
}

ImageTurn::~ImageTurn() {
    give_back();
    if (--line_->second.length == 0) lines_.erase(line_);
}

std::optional<std::int64_t> ImageTurn::other() const {
    if (mine_ || !line_->second.taken) return std::nullopt;
    return line_->second.job;
}

base::Task<void> ImageTurn::take() {
    ImageTurns::Line& line = line_->second;
    if (mine_) co_return;
    while (line.taken) co_await line.changed.wait();
    line.taken = true;
    line.job = job_;
    mine_ = true;
}

void ImageTurn::give_back() {
    if (!mine_) return;
    mine_ = false;
    line_->second.taken = false;
    line_->second.changed.notify_all();
}

}  // namespace executors::docker
