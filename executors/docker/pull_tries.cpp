#include "executors/docker/pull_tries.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "executors/docker/engine_messages.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;
using std::chrono::milliseconds;

namespace {

constexpr std::chrono::minutes kMirrorPause{1};

}  // namespace

base::Error classified(base::Error error) {
    if (!error.pull_failure) error.pull_failure = classify_pull_failure(error.message);
    return error;
}

std::string name_at(const PullSource& source, const PullRequest& request) {
    return source.name + (request.by_digest ? "@" : ":") + request.tag;
}

bool is_engine_answer(const base::Error& error) {
    return error.is(ErrorKind::kInternal) || error.is(ErrorKind::kNotFound) ||
           error.is(ErrorKind::kForbidden) || error.is(ErrorKind::kUnauthorized) ||
           error.is(ErrorKind::kInvalidInput);
}

bool is_transient(const base::Error& error) {
    return error.is(ErrorKind::kUnavailable) || error.is(ErrorKind::kTimeout) ||
           error.pull_failure == base::PullFailure::kExternal ||
           is_transient_pull_failure(error.message);
}

PullTries::PullTries(EngineApi& api, PullRetries retries, const base::Clock& clock)
    : api_(api), retries_(retries), clock_(clock) {}

Task<Result<Pulled>> PullTries::pull(const PullRequest& request, ImageTurn& turn, JobLog& log) {
    for (std::size_t i = 0; i + 1 < request.sources.size(); ++i) {
        const PullSource& mirror = request.sources[i];
        if (is_left_out(mirror.mirror)) continue;
        auto pulled = co_await pull_from_mirror(request, mirror);
        if (pulled || pulled.error().is(ErrorKind::kCancelled)) co_return pulled;
        note_failure(request, mirror, pulled.error(), log);
    }
    auto pulled = co_await repeat(request, turn, log);
    co_return pulled;
}

Task<Result<Pulled>> PullTries::pull_from_mirror(const PullRequest& request,
                                                 const PullSource& mirror) {
    auto pulling = api_.pull_image(mirror.name, request.tag, request.platform, mirror.auth,
                                   retries_.mirror_silence);
    auto bytes = co_await std::move(pulling);
    if (!bytes) co_return classified(bytes.error());
    Pulled pulled{*bytes, name_at(mirror, request)};
    if (request.by_digest) co_return pulled;
    auto tagged = co_await api_.tag_image(pulled.name, request.sources.back().name, request.tag);
    if (!tagged) co_return classified(tagged.error());
    pulled.name = request.image;
    co_return pulled;
}

bool PullTries::is_left_out(const std::string& mirror) const {
    const auto found = left_out_.find(mirror);
    return found != left_out_.end() && clock_.now() < found->second;
}

void PullTries::note_failure(const PullRequest& request, const PullSource& mirror,
                             const base::Error& error, JobLog& log) {
    const std::string next = ": asking " + request.registry;
    if (error.pull_failure == base::PullFailure::kConfiguration && !is_transient(error)) {
        log.print("The mirror " + mirror.mirror + " does not give " + request.image + " (" +
                  error.message + ")" + next);
        return;
    }
    left_out_[mirror.mirror] = clock_.now() + kMirrorPause;
    const std::string hint = mirror.hint.empty() ? "" : ". " + mirror.hint;
    log.warning("The mirror " + mirror.mirror + " of " + request.registry + " does not work (" +
                error.message + ")" + next + ", and only that for a minute" + hint);
}

Task<Result<Pulled>> PullTries::repeat(const PullRequest& request, ImageTurn& turn, JobLog& log) {
    const PullSource& source = request.sources.back();
    for (int attempt = 1;; ++attempt) {
        auto bytes =
            co_await api_.pull_image(source.name, request.tag, request.platform, source.auth);
        if (bytes) co_return Pulled{*bytes, request.image};
        const base::Error error = classified(bytes.error());
        const int tries = request.once ? 1 : retries_.tries;
        if (error.is(ErrorKind::kCancelled) || attempt == tries || !is_transient(error)) {
            co_return error;
        }
        const auto pause = pause_after(attempt, error);
        if (pause > retries_.longest_wait) co_return error;
        log.warning("Pulling " + source.name + " failed (" + error.message + "), retrying in " +
                    std::to_string((pause.count() + 999) / 1000) + "s");
        if (common_cause(error.message) == CommonCause::kNone) turn.give_back();
        auto slept = co_await base::sleep_for(pause);
        if (!slept) co_return base::make_error(ErrorKind::kCancelled, "stopped");
        co_await turn.take();
    }
}

milliseconds PullTries::pause_after(int attempt, const base::Error& error) const {
    const auto base = retries_.first_pause * (1 << (attempt - 1));
    const auto chance = static_cast<double>(base.count()) * base::random_unit() / 2;
    const auto own = base + milliseconds(static_cast<std::int64_t>(chance));
    return std::max(own, asked_pause(error.message).value_or(milliseconds(0)));
}

}  // namespace executors::docker
