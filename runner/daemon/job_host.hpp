#pragma once

#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/task_group.hpp"
#include "executors/executor.hpp"
#include "runner/cache/identities.hpp"
#include "runner/daemon/runner_entry.hpp"
#include "runner/daemon/slot_choice.hpp"
#include "runner/job/job_run.hpp"
#include "runner/journal/journal.hpp"
#include "runner/journal/slots.hpp"
#include "runner/journal/volume_names.hpp"
#include "runner/script/inputs.hpp"

namespace runner::daemon {

/// Makes the environment of a job for an entry's executor. kConfiguration for an unknown executor.
using MakeExecutor =
    std::function<base::Result<std::unique_ptr<executors::Executor>>(const config::RunnerConfig&)>;

/// Owns the running jobs, from the server's answer or the journal until the last file of the job is
/// removed.
///
/// Life: that of the daemon; call wait() before it is destroyed. Strand: the I/O thread.
class JobHost {
  public:
    struct Options {
        std::filesystem::path state_dir;
        std::string system_id;
        std::shared_ptr<const journal::AdoptedVolumes> adopted_volumes = {};
        MakeExecutor make_executor;
        /// For a new job of a project. May be empty.
        std::function<SlotWishes(const RunnerEntry&, journal::SlotOwner)> slot_wishes = {};
        job::SessionFactory make_session = job::make_supervisor_session;
        job::JobObserver* observer = &job::no_observer();  ///< of what happens inside of the jobs
        /// Of the object storages; null: made by the constructor.
        std::shared_ptr<cache::Identities> identities = {};
    };
    /// Functions that are called for the events of the jobs, which the metrics count. No function
    /// may be empty.
    struct Observer {
        /// A new job begins.
        std::function<void(const job::JobRun&)> on_start;
        /// A job of a former daemon goes on.
        std::function<void(const job::JobRun&)> on_take_over;
        /// A job has ended, and its slot is free again.
        std::function<void(const job::JobRun&)> on_end;
        /// A job could not begin.
        std::function<void(const RunnerEntry&)> on_refuse;
        /// A job's inputs were put into its payload, or could not be.
        std::function<void(const script::InputsExpansion&)> on_inputs;
    };

    JobHost(const boost::asio::any_io_executor& executor, Options options, Observer observer);

    /// Takes a job that the server has just assigned. When the job cannot begin, its failure is
    /// reported to the server.
    /// `session`: what its request has announced, null for none.
    void accept(std::shared_ptr<RunnerEntry> entry,
                const protocol::gitlab::JobRequestAnswer& answer,
                std::shared_ptr<interactive::Session> session = nullptr);
    /// Continues the jobs of a former daemon. `find_entry` returns null when the job's runner is no
    /// longer configured. A job that was taken up kMaxTakeovers times and never went on is reported
    /// as failed.
    void restore(
        std::vector<journal::FoundJob> jobs,
        const std::function<std::shared_ptr<RunnerEntry>(const journal::JobRecord&)>& find_entry);

    /// Stops the jobs that run now and those that are accepted later.
    void stop_all(base::StopReason reason, std::string_view signal);
    enum class Cancel {
        kStopping,   ///< the script is stopped; after_script, report and cleanup follow
        kUnknown,    ///< no such job runs
        kAmbiguous,  ///< jobs of several servers have the number
        kTooLate,    ///< what follows the script goes on to its end
    };
    /// Cancels a job for an administrator. `runner`: only a job of the runner with this name or
    /// short token, "" for any. `why` is for the job's log.
    Cancel cancel(std::int64_t job, const std::string& runner, std::string_view why);
    /// Writes the checkpoints of all jobs, before the process ends without them.
    void save_all();
    base::Task<void> wait();

    [[nodiscard]] int running() const { return static_cast<int>(jobs_.size()); }
    [[nodiscard]] int running_of(const std::string& runner_identity) const {
        return slots_.in_use(runner_identity);
    }
    [[nodiscard]] std::vector<const job::JobRun*> runs() const;

  private:
    struct Running {
        std::shared_ptr<RunnerEntry> entry;
        std::unique_ptr<job::JobRun> run;
    };
    using Position = std::list<Running>::iterator;

    /// Continues a job of the journal, or gives it up when too many daemons died of it.
    base::Result<void> take_up(const std::shared_ptr<RunnerEntry>& entry, journal::FoundJob& found);
    /// Starts a job, a new one or one from the journal.
    base::Result<void> start(const std::shared_ptr<RunnerEntry>& entry, journal::Journal journal,
                             const journal::JobRecord& record, protocol::gitlab::JobPayload payload,
                             const journal::Checkpoint* restored,
                             std::shared_ptr<interactive::Session> session);
    /// The same; an exception, which is a bug, is a failure.
    base::Result<void> start_caught(const std::shared_ptr<RunnerEntry>& entry,
                                    journal::Journal journal, const journal::JobRecord& record,
                                    protocol::gitlab::JobPayload payload,
                                    const journal::Checkpoint* restored,
                                    std::shared_ptr<interactive::Session> session);
    base::Task<void> run_to_the_end(Position running);
    base::Task<void> carry_out(Position running, base::Result<void>& reported);
    base::Task<void> report_lost(Position running, base::Error why);
    void tell_end(const job::JobRun& run) const;
    void add_cache(job::JobSetup& setup) const;
    void watch_slot(job::JobSetup& setup);
    /// The slot is taken from then on.
    journal::Slot take_slot(const RunnerEntry& entry, journal::SlotOwner owner);
    [[nodiscard]] std::optional<journal::Failure> expand_inputs(
        const RunnerEntry& entry, protocol::gitlab::JobPayload& payload) const;
    base::Result<void> begin(const std::shared_ptr<RunnerEntry>& entry,
                             protocol::gitlab::JobPayload payload,
                             const protocol::gitlab::JobRequestAnswer& answer,
                             std::shared_ptr<interactive::Session> session);
    void refuse(const std::shared_ptr<RunnerEntry>& entry, protocol::gitlab::JobCredentials job,
                journal::Failure why, base::log::Scope daemon_log,
                std::vector<std::string> known_reasons = {});

    boost::asio::any_io_executor executor_;
    Options options_;
    std::string working_dir_;
    Observer observer_;
    base::StopReason stopped_ = base::StopReason::kNone;
    std::string stop_signal_;
    journal::SlotTable slots_;
    base::Notifier slots_changed_;
    std::list<Running> jobs_;
    base::TaskGroup group_;
};

}  // namespace runner::daemon
