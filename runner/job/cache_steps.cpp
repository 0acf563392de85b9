#include "runner/job/cache_steps.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runner/cache/object_name.hpp"
#include "runner/job/stage_numbers.hpp"

namespace runner::job {

using base::ErrorKind;
using base::Result;
using base::Task;
using executors::session::StageExit;

namespace {

/// Own key and fallbacks, each with up to three scripts.
constexpr std::size_t kScriptsPerCache = 32;
constexpr int kDefaultLimitMinutes = 10;

std::uint16_t number_of(const journal::Checkpoint& checkpoint, std::size_t part,
                        std::size_t script) {
    const std::size_t number = part * kScriptsPerCache + std::min(script, kScriptsPerCache - 1);
    return stage_number(checkpoint.plan_index, number);
}

/// An exit code that only a shell gives is a failure.
CacheSteps::FilesExit exit_of(int code) {
    using Exit = CacheSteps::FilesExit;
    for (const Exit known : {Exit::kDone, Exit::kNothing, Exit::kUnchanged}) {
        if (code == static_cast<int>(known)) return known;
    }
    return Exit::kFailed;
}

}  // namespace

CacheSteps::CacheSteps(JobContext& context, ScriptRunner& scripts,
                       const script::JobScripts& writers, Now now)
    : context_(context), scripts_(scripts), writers_(writers), now_(std::move(now)) {
    if (storage() == nullptr) return;
    storage()->set_sizes(cache::transfer_sizes(context_.behaviour.number("CACHE_CHUNK_SIZE", 0),
                                               context_.behaviour.number("CACHE_CONCURRENCY", 0)));
    storage()->on_retry([this](const base::Error& why, std::chrono::milliseconds pause) {
        context_.log().warning(fmt::format("{}; retrying in {} ms", why.message, pause.count()));
    });
}

void CacheSteps::begin(std::size_t part) {
    part_ = part;
    script_ = 0;
}

void CacheSteps::tell(CacheTransfer::Action action, std::string_view result, std::uint64_t bytes) {
    context_.setup.observer->on_cache(context_, CacheTransfer{action, result, bytes});
}

Task<Result<CacheSteps::FilesExit>> CacheSteps::run(std::string script) {
    const auto number = number_of(context_.checkpoint(), part_, script_++);
    auto ended = co_await scripts_.run(number, std::move(script), context_.deadline());
    if (!ended) co_return ended.error();
    if (ended->reason == StageExit::Reason::kDeadline)
        co_return base::make_error(ErrorKind::kTimeout, "out of time");
    if (ended->reason == StageExit::Reason::kStartFailed)
        co_return base::make_error(ErrorKind::kIo, ended->message);
    if (ended->reason == StageExit::Reason::kStopped)
        co_return base::make_error(ErrorKind::kCancelled, "the environment was stopped");
    co_return exit_of(ended->code);
}

void CacheSteps::warn(const std::string& text) {
    context_.log().print("\x1b[0;33m" + text + "\x1b[0;m");
}

void CacheSteps::start_clock() {
    limit_minutes_ = context_.behaviour.number("CACHE_REQUEST_TIMEOUT", kDefaultLimitMinutes);
    deadline_ = context_.deadline();
    if (limit_minutes_ > 0)
        deadline_ = std::min(*deadline_, now_() + std::chrono::minutes(limit_minutes_));
}

bool CacheSteps::must_end(const base::Error& error) {
    const bool over = context_.deadlines.job_is_over(context_.checkpoint());
    return context_.stop.requested() || (error.is(ErrorKind::kTimeout) && over);
}

base::Error CacheSteps::explained(base::Error error) const {
    if (error.is(ErrorKind::kTimeout) && now_() >= *deadline_) {
        error.message =
            fmt::format("not done within CACHE_REQUEST_TIMEOUT, {} minutes", limit_minutes_);
    }
    return error;
}

std::string CacheSteps::object_of(const Name& name) const {
    return cache::object_name(context_.runner().cache, context_.setup.record.short_token,
                              context_.payload().job_info.project_id, name.key,
                              writer().hashes_keys());
}

std::string CacheSteps::address(const std::string& object) const {
    return context_.runner().cache.redact_url ? "[REDACTED]" : storage()->address(object);
}

}  // namespace runner::job
