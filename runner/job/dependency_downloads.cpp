#include "runner/job/dependency_downloads.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/stop_source.hpp"

namespace runner::job {

using base::Result;
using base::Task;

namespace {

/// Archives that may be on their way or wait in the environment, beside the one whose turn it is.
constexpr std::size_t kAhead = 2;

}  // namespace

DependencyDownloads::DependencyDownloads(JobContext& context, ScriptRunner& scripts,
                                         const script::JobScripts& writers)
    : context_(context),
      scripts_(scripts),
      writers_(writers),
      changed_(context.io),
      group_(context.io) {}

void DependencyDownloads::begin(std::size_t index) {
    const auto& dependency = context_.payload().dependencies[index];
    if (dependency.artifact_filename.empty()) return;
    auto& fetch = fetches_.emplace(index, std::make_unique<Fetch>(context_, scripts_, writers_))
                      .first->second;
    group_.spawn("artifacts of " + dependency.name, run(index, *fetch));
}

Task<void> DependencyDownloads::run(std::size_t index, Fetch& fetch) {
    const auto& dependency = context_.payload().dependencies[index];
    try {
        auto fetching = fetch.download.fetch(dependency);
        auto result = co_await std::move(fetching);
        fetch.result = std::move(result);
    } catch (...) {
        // take() waits for a result, whatever happens.
        fetch.result = base::error_from_exception(std::current_exception());
    }
    changed_.notify_all();
}

Task<Result<void>> DependencyDownloads::take(std::size_t index) {
    const std::size_t all = context_.payload().dependencies.size();
    for (begun_ = std::max(begun_, index); begun_ < std::min(all, index + 1 + kAhead); ++begun_)
        begin(begun_);
    Fetch& fetch = *fetches_.at(index);
    fetch.log.release();
    while (!fetch.result) {
        co_await changed_.wait();
    }
    Result<void> result = std::move(*fetch.result);
    fetches_.erase(index);
    co_return std::move(result);
}

Task<void> DependencyDownloads::end() {
    group_.cancel_all();
    co_await group_.wait();
}

}  // namespace runner::job
