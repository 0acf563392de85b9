#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "runner/daemon/failure_log.hpp"
#include "runner/daemon/health.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/interactive/session.hpp"

namespace runner::daemon {

/// A session, and how the server reaches it.
struct AnnouncedSession {
    std::shared_ptr<interactive::Session> session;  ///< null for none
    std::optional<protocol::gitlab::SessionInfo> info;
};

/// Sends requests for jobs, and remembers what their answers say of the servers: which runners are
/// unhealthy, which servers are away (runner-protocol.md §6).
///
/// Life: it outlives the calls of ask(). Strand: the I/O thread.
class JobRequests {
  public:
    using Observe =
        std::function<void(const RunnerEntry&, const protocol::gitlab::JobRequestAnswer&)>;

    /// An answer, and the session that the request has announced; null for none.
    struct Reply {
        protocol::gitlab::JobRequestAnswer answer;
        std::shared_ptr<interactive::Session> session;
    };
    /// Makes the session that a request of the entry announces; null for none.
    using OpenSession = std::function<AnnouncedSession(const RunnerEntry&)>;

    /// `observe` is called with every answer. `open_session` may be empty.
    JobRequests(std::string system_id, Observe observe, OpenSession open_session)
        : system_id_(std::move(system_id)),
          observe_(std::move(observe)),
          open_session_(std::move(open_session)) {}

    /// False for an entry that no executor can serve, and for one that rests after refusals.
    [[nodiscard]] bool may_ask(const RunnerEntry& entry);
    /// Nobody rests any more.
    void forget_health() { health_.clear(); }
    /// Sends one request, and judges its answer. `may_be_held`: see protocol::gitlab::JobRequest.
    base::Task<Reply> ask(std::shared_ptr<RunnerEntry> entry, bool may_be_held);
    [[nodiscard]] int under_way() const { return static_cast<int>(under_way_.size()); }
    /// Gives up the requests of the entries for which `wanted` is true.
    void cancel(const std::function<bool(const RunnerEntry&)>& wanted);

  private:
    using Clock = std::chrono::steady_clock;

    struct UnderWay {
        std::shared_ptr<RunnerEntry> entry;
        base::StopSource stop;
    };

    base::Task<protocol::gitlab::JobRequestAnswer> send(
        std::shared_ptr<RunnerEntry> entry, bool may_be_held,
        std::optional<protocol::gitlab::SessionInfo> session);
    void judge(const RunnerEntry& entry, const protocol::gitlab::JobRequestAnswer& answer);
    void log_availability(const RunnerEntry& entry,
                          const protocol::gitlab::JobRequestAnswer& answer);

    std::string system_id_;
    Observe observe_;
    OpenSession open_session_;
    HealthTracker health_;
    FailureLog failures_;
    std::list<UnderWay> under_way_;
};

}  // namespace runner::daemon
