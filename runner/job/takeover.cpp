#include "runner/job/takeover.hpp"

namespace runner::job {

namespace {

constexpr std::chrono::seconds kProof{2};

}  // namespace

void Takeover::start() {
    if (context_.setup.restored) group_.spawn("takeover", outlive());
}

base::Task<void> Takeover::outlive() {
    auto waited = co_await context_.setup.sleep(kProof);
    if (!waited) co_return;
    context_.checkpoint().takeovers = 0;
    context_.checkpoints.save();
}

base::Task<void> Takeover::end() {
    group_.cancel_all();
    co_await group_.wait();
}

}  // namespace runner::job
