#include "executors/docker/pull_failures.hpp"

#include <utility>

#include "base/digest.hpp"
#include "executors/docker/engine_messages.hpp"
#include "executors/docker/engine_usage.hpp"
#include "executors/docker/pull_tries.hpp"

namespace executors::docker {

namespace {

constexpr std::chrono::seconds kFailureCounts{10};

bool is_old(const PullFailures::Failure& failure, PullFailures::Time now) {
    return now - failure.when >= kFailureCounts;
}

std::string reason_of(const base::Error& error, CommonCause cause) {
    if (cause == CommonCause::kNoConnection) return "the engine could not connect to its registry";
    if (cause == CommonCause::kDiskFull) return "the engine's disk was full";
    const bool refused =
        error.pull_failure == base::PullFailure::kConfiguration && !is_transient(error);
    return refused ? "the registry refused it" : "its pull failed";
}

/// The failure as a job with another login may see it.
base::Error without_details(const PullRequest& request, const base::Error& error,
                            CommonCause cause) {
    base::Error shown = error;
    shown.message = cause == CommonCause::kNoConnection
                        ? "the engine cannot connect to the registry " + request.registry
                        : "the engine has no space left on its disk";
    return shown;
}

}  // namespace

PullKeys::PullKeys(const PullRequest& request) {
    const auto& sources = request.sources;
    image = canonical_image_name(request.image) + "\n" + request.platform;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        std::string place = "\n" + sources[i].name;
        std::string as = place;
        if (!sources[i].auth.empty()) as += " " + base::sha256_hex(sources[i].auth.reveal());
        route += i + 1 < sources.size() ? as : place;
        login += as;
    }
    route = image + route;
    login = image + login;
}

void PullFailures::add(const PullKeys& keys, const PullRequest& request, const base::Error& error,
                       Time now) {
    const auto old = [&](const auto& entry) { return is_old(entry.second, now); };
    std::erase_if(by_login_, old);
    std::erase_if(by_route_, old);
    if (!is_engine_answer(error)) return;
    const CommonCause cause = common_cause(error.message);
    by_login_.insert_or_assign(keys.login,
                               Failure{error, reason_of(error, cause), true, request.job, now});
    if (cause == CommonCause::kNone) return;
    by_route_.insert_or_assign(
        keys.route, Failure{without_details(request, error, cause), reason_of(error, cause), false,
                            request.job, now});
}

void PullFailures::forget(const PullKeys& keys) {
    by_login_.erase(keys.login);
    by_route_.erase(keys.route);
}

const PullFailures::Failure* PullFailures::find_in(const Failures& failures, const std::string& key,
                                                   Time now) {
    const auto found = failures.find(key);
    return found == failures.end() || is_old(found->second, now) ? nullptr : &found->second;
}

const PullFailures::Failure* PullFailures::find(const PullKeys& keys, Time now) const {
    const Failure* failure = find_in(by_login_, keys.login, now);
    return failure != nullptr ? failure : find_in(by_route_, keys.route, now);
}

}  // namespace executors::docker
