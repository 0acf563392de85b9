#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/task.hpp"
#include "executors/executor.hpp"
#include "executors/session/session.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/cache/remote_cache.hpp"
#include "runner/config/config.hpp"
#include "runner/interactive/session.hpp"
#include "runner/job/job_channel.hpp"
#include "runner/job/job_observer.hpp"
#include "runner/job/sources.hpp"
#include "runner/journal/journal.hpp"
#include "runner/journal/volume_names.hpp"
#include "runner/script/variables.hpp"
#include "runner/secrets/provider_calls.hpp"

namespace runner::job {

/// Makes the session with the job's supervisor. The session connects with `executor.connect()`,
/// gives output to `sink`, and does not deliver events before `offset` again.
using SessionFactory = std::function<std::unique_ptr<executors::session::Session>(
    const boost::asio::any_io_executor& io, executors::Executor& executor,
    executors::session::EventSink& sink, std::uint64_t offset)>;

/// The factory for real jobs: executors::session::SupervisorSession.
std::unique_ptr<executors::session::Session> make_supervisor_session(
    const boost::asio::any_io_executor& io, executors::Executor& executor,
    executors::session::EventSink& sink, std::uint64_t offset);

/// Everything that a JobRun needs; it is moved into the JobRun.
struct JobSetup {
    std::shared_ptr<const config::Config> config;  ///< keeps `runner` alive
    const config::RunnerConfig* runner = nullptr;
    protocol::gitlab::JobPayload payload;
    script::Variables variables;  ///< make_variables()
    std::string system_id;
    /// Of the official runner, used in the place of new ones.
    std::shared_ptr<const journal::AdoptedVolumes> adopted_volumes = {};
    std::string working_dir;
    journal::JobRecord record;
    runner::journal::Journal journal;
    std::optional<journal::Checkpoint> restored;  ///< set when a former daemon began the job
    std::unique_ptr<executors::Executor> executor;
    std::unique_ptr<JobChannel> channel;
    /// The object storage of the entry's caches; null: caches stay on this host.
    std::unique_ptr<cache::RemoteCache> cache{};
    std::string cache_problem{};            ///< why there is none although one is configured
    std::unique_ptr<Sources> sources{};     ///< the job's files; null: the payload's repository
    secrets::ClientMaker secret_clients{};  ///< of providers of secrets; empty: real ones
    /// The server's way into the running job; null for none.
    std::shared_ptr<interactive::Session> session{};
    JobObserver* observer = &no_observer();
    /// Called when the outcome was reported, or will not be reported.
    std::function<void()> on_reported = {};
    /// Called when no process of the job runs any more. The environment is not removed yet.
    std::function<void()> on_halted = {};
    SessionFactory make_session = make_supervisor_session;
    /// Pauses before retries; false when it was cancelled.
    std::function<base::Task<bool>(std::chrono::nanoseconds)> sleep = base::sleep_for;
};

}  // namespace runner::job
