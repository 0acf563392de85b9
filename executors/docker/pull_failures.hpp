#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/result.hpp"
#include "executors/docker/pull_request.hpp"

namespace executors::docker {

/// What requests have in common. The texts have no login in clear. Pure.
struct PullKeys {
    explicit PullKeys(const PullRequest& request);

    std::string image;  ///< the same image and platform for the engine
    std::string route;  ///< and from the same places; the image's registry by any login
    std::string login;  ///< and with the same logins: one pull answers all
};

/// The pulls that failed a moment ago. A failure is kept for requests with the same login; for all
/// others, too, when its cause cannot depend on the login (common_cause()), without the engine's
/// text, which may have parts that only who may have the image may see. What the engine has not
/// answered (is_engine_answer()) is not kept: it says nothing of the image. Pure.
class PullFailures {
  public:
    using Time = std::chrono::steady_clock::time_point;
    struct Failure {
        base::Error error;
        std::string reason;  ///< for the log: "the registry refused it"
        bool same_login = true;
        std::int64_t job = 0;
        Time when;
    };

    void add(const PullKeys& keys, const PullRequest& request, const base::Error& error, Time now);
    /// A pull has succeeded.
    void forget(const PullKeys& keys);
    /// Null: none that answers such a request.
    [[nodiscard]] const Failure* find(const PullKeys& keys, Time now) const;

  private:
    using Failures = std::map<std::string, Failure>;
    static const Failure* find_in(const Failures& failures, const std::string& key, Time now);

    Failures by_login_;
    Failures by_route_;
};

}  // namespace executors::docker
