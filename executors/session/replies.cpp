#include "executors/session/replies.hpp"

namespace executors::session {

namespace {

constexpr std::size_t kMaxExitTexts = 16U << 20U;

}  // namespace

void Replies::take_exit(std::uint16_t stage, StageExit exit) {
    const std::size_t texts = exit.message.size() + exit.output.size() + exit.report.size();
    if (exit_text_bytes_ + texts > kMaxExitTexts) {
        exit.message.clear();
        exit.output.clear();
        exit.report.clear();
    } else if (!exits_.contains(stage)) {
        exit_text_bytes_ += texts;
    }
    exits_.emplace(stage, std::move(exit));  // a repeated record changes nothing
    state_.notify_all();
}

base::Task<base::Result<StageExit>> Replies::wait_exit(std::uint16_t stage) {
    while (true) {
        const auto exit = exits_.find(stage);
        if (exit != exits_.end()) co_return exit->second;
        auto changed = co_await state_.wait_change();
        if (!changed) co_return changed.error();
    }
}

void Replies::take_answer(Notice answer) {
    const auto expected = answers_.find(answer.id);
    if (expected != answers_.end()) expected->second = std::move(answer);
    state_.notify_all();
}

const Notice* Replies::find_answer(const std::string& id) const {
    const auto expected = answers_.find(id);
    return expected != answers_.end() && expected->second ? &*expected->second : nullptr;
}

base::Task<base::Result<Notice>> Replies::wait_answer(std::string id) {
    while (true) {
        const Notice* answer = find_answer(id);
        if (answer != nullptr) co_return *answer;
        auto changed = co_await state_.wait_change();
        if (!changed) co_return changed.error();
    }
}

}  // namespace executors::session
