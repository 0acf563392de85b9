#include "executors/session/command_outbox.hpp"

namespace executors::session {

std::string run_key(std::uint16_t stage) { return "run " + std::to_string(stage); }
std::string stop_key(std::uint16_t stage) { return "stop " + std::to_string(stage); }

void CommandOutbox::send(std::string key, std::string frame) {
    settle(key);
    auto shared = std::make_shared<const std::string>(std::move(frame));
    commands_.push_back({std::move(key), shared});
    if (open_) enqueue(std::move(shared));
}

void CommandOutbox::settle(std::string_view key) {
    commands_.remove_if([&](const Command& command) { return command.key == key; });
}

void CommandOutbox::send_over(std::uint64_t connection, std::string frame) {
    if (!open_ || connection != connection_) return;
    enqueue(std::make_shared<const std::string>(std::move(frame)));
}

void CommandOutbox::enqueue(Frame frame) {
    queue_.push_back(std::move(frame));
    changed_.notify_all();
}

void CommandOutbox::open(std::string hello) {
    open_ = true;
    ++connection_;
    queue_.clear();
    queue_.push_back(std::make_shared<const std::string>(std::move(hello)));
    for (const Command& command : commands_) queue_.push_back(command.frame);
    state_.notify_all();
}

void CommandOutbox::close() {
    open_ = false;
    queue_.clear();
    changed_.notify_all();
    state_.notify_all();
}

base::Task<void> CommandOutbox::write_to(std::shared_ptr<Stream> stream) {
    while (open_) {
        if (queue_.empty()) {
            co_await changed_.wait();
            continue;
        }
        const Frame frame = queue_.front();
        auto written = co_await stream->write_all(*frame);
        if (!open_) co_return;
        if (!written) {
            stream->close();
            co_return;
        }
        queue_.pop_front();
        state_.notify_all();
    }
}

}  // namespace executors::session
