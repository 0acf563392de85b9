#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/driver.hpp"
#include "executors/executor_observer.hpp"
#include "executors/job_log.hpp"
#include "executors/spec.hpp"
#include "protocol/http/stream.hpp"

namespace executors {

/// What a prepared environment is like.
struct EnvironmentInfo {
    std::string description;      ///< for "Running on ⟦…⟧ via ⟦host⟧..."
    std::string git_directory;    ///< of the runner's own git when its scripts use that, else ""
    std::string lfs_directory;    ///< of the runner's git for files of Git LFS alone, or ""
    std::string git_seed;         ///< objects of a mirror for a new repository, "" for none
    bool measures_clone = false;  ///< on_clone() wants to know what a clone costs
    std::string helper;           ///< path of runner-helper where scripts run
    std::string user;  ///< the user that scripts run as, "" for the supervisor's own user
    std::vector<std::string> login_arguments;  ///< shell executor: "-l"
    /// The probable cause when the supervisor never answers, "" for none.
    std::string silence_hint;
    std::vector<std::string> shells;  ///< candidates for scripts, in order; empty: bash, else sh
    std::vector<EnvironmentVariable> script_environment;  ///< e.g. DOCKER_HOST of a sidecar engine
    /// The same, but variables of the job do not hide these.
    std::vector<EnvironmentVariable> fixed_environment;
    /// Scripts are given to this driver and not to a shell. The supervisor then runs the driver,
    /// and nothing but scripts reaches the place where they run.
    std::optional<ScriptDriver> driver;
    /// The preparation has failed because the driver says that the job has failed, not the runner.
    std::optional<int> job_exit_code;
};

/// Work that must have ended before the job's script may start, and may run beside get_sources:
/// waiting for the inner engine, making the builder. Its output does not go into the job log.
struct ReadinessStage {
    std::string engine_socket;  ///< unix socket to ping first, "" for none
    std::string engine_log;     ///< file whose end goes into the job log when it does not answer
    std::chrono::milliseconds engine_limit{60000};
    /// sh; run as soon as the engine listens, and once more when it failed and the engine answers
    /// by then; "" for none
    std::string script;
    std::string user;  ///< that runs it, as EnvironmentInfo::user
    std::map<std::string, std::string> environment;
    bool after_sources = false;  ///< get_sources may remove what the script makes: it runs later
    std::string ready_message;   ///< line for the job log
    std::string failed_message;  ///< the same; the script's reason follows
};

/// Where one job's scripts run.
///
/// Life: one object per job. prepare() first, or restore() after the daemon's restart; then
/// connect() as often as the connection is lost; cleanup() last and always, also when prepare()
/// failed or was stopped. A second cleanup() does nothing. Strand: the I/O thread. Objects share
/// only what they are given at construction. Stop: prepare() answers kCancelled soon after its
/// cancellation and leaves what it made for cleanup(). Failures: kConfiguration (the configuration
/// forbids it, the image does not exist or is denied), kUnavailable (the network or a registry does
/// not work), kNotFound; every other kind is a failure of the runner itself. A failed image pull
/// has Error::pull_failure; of a driver see EnvironmentInfo::job_exit_code. The contract test in
/// tests/unit/executors/contract checks this.
class Executor {
  public:
    virtual ~Executor() = default;
    /// `observer` outlives the executor. Call before prepare().
    virtual void observe(ExecutorObserver& observer) { static_cast<void>(observer); }
    virtual base::Task<base::Result<void>> prepare(const JobEnvironment& job, JobLog& log) = 0;
    /// A connection to the job's supervisor (executors/helper/protocol.hpp), made if none runs yet.
    virtual base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> connect() = 0;
    [[nodiscard]] virtual const EnvironmentInfo& info() const = 0;
    [[nodiscard]] virtual std::optional<ReadinessStage> readiness() const { return std::nullopt; }
    /// What restore() needs, as JSON text without secrets; written to the journal after prepare().
    [[nodiscard]] virtual std::string saved_state() const = 0;
    /// kNotFound when the environment is gone.
    virtual base::Task<base::Result<void>> restore(const JobEnvironment& job,
                                                   const std::string& saved) = 0;
    /// Whether renew() is possible.
    [[nodiscard]] virtual bool can_renew() const { return false; }
    /// Scripts have lost the place where they ran, for example their container was removed: makes
    /// it anew. What else belongs to the environment stays. connect() reaches the new one. The job
    /// log says what was lost. Failures: those of prepare().
    virtual base::Task<base::Result<void>> renew(const JobEnvironment& job, JobLog& log) {
        static_cast<void>(job);
        static_cast<void>(log);
        co_return base::make_error(base::ErrorKind::kNotFound, "the environment cannot be renewed");
    }
    /// A new repository has got its sources. Returns at once.
    virtual void on_clone(const GitClone& clone) { static_cast<void>(clone); }
    /// The job's log is complete: nothing may be written to it any more.
    virtual void be_quiet() {}
    /// Ends every process of the job, so that another job may use its volumes and directories.
    /// cleanup() removes them, which may take longer.
    virtual base::Task<base::Result<void>> halt() { co_return base::Result<void>(); }
    virtual base::Task<base::Result<void>> cleanup(std::chrono::seconds limit) = 0;
    /// One line for the job log about the inner engine, which answers; "" for none.
    virtual base::Task<std::string> describe_engine() { co_return std::string(); }
};

}  // namespace executors
