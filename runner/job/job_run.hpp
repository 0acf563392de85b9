#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/notifier.hpp"
#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "executors/executor.hpp"
#include "executors/session/supervisor_session.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/job/job_channel.hpp"
#include "runner/job/job_environment.hpp"
#include "runner/job/job_status.hpp"
#include "runner/job/sources.hpp"
#include "runner/job/stage_plan.hpp"
#include "runner/journal/journal.hpp"
#include "runner/script/job_scripts.hpp"

namespace runner::job {

/// All that a job is made of; moved into its run.
struct JobSetup {
    std::shared_ptr<const config::Config> config;  ///< keeps `runner` alive
    const config::RunnerConfig* runner = nullptr;
    protocol::gitlab::JobPayload payload;
    std::string ca_chain;
    std::string system_id;
    std::string working_dir;
    journal::JobRecord record;
    journal::Journal journal;
    std::optional<journal::Checkpoint> restored;  ///< set when a former daemon began the job
    std::unique_ptr<executors::Executor> executor;
    std::unique_ptr<JobChannel> channel;
    std::unique_ptr<Sources> sources{};  ///< the job's files; null: the payload's repository
    /// The server knows the outcome, or never will.
    std::function<void()> on_reported = {};
    /// Nothing of the job runs any more; only its remains are there.
    std::function<void()> on_halted = {};
};

/// Carries one job from the payload to the final report and the last removed container.
///
/// Life: run() once, to its end; stop() at any time before. Strand: the I/O thread. The coroutine
/// is never cancelled itself: stop() ends the operation it awaits, so report and cleanup always get
/// their turn.
class JobRun final : private executors::session::EventSink {
  public:
    JobRun(const boost::asio::any_io_executor& executor, JobSetup setup);

    base::Task<void> run();
    /// `signal`: what a shutdown is called in the job's log.
    void stop(base::StopReason reason, std::string_view signal = {});
    /// Writes the checkpoint now.
    void save();
    [[nodiscard]] const JobStatus& status() const { return status_; }
    [[nodiscard]] const journal::Outcome& outcome() const { return checkpoint_.outcome; }
    [[nodiscard]] const JobSetup& setup() const { return setup_; }
    /// Where the job's files are in its environment; "" while that is not known.
    [[nodiscard]] std::string project_directory() const {
        return directories_ ? directories_->project : std::string();
    }

    /// The variables of its scripts; empty before they are known.
    [[nodiscard]] std::vector<executors::EnvironmentVariable> script_environment() const {
        if (!variables_) return {};
        return variables_->environment();
    }

  private:
    using Clock = std::chrono::steady_clock;
    using Session = executors::session::SupervisorSession;
    using StageResult = base::Result<executors::session::StageExit>;
    /// TERM, this long, KILL.
    static constexpr std::chrono::seconds kGrace{10};

    // job_run.cpp: the way from start to end
    base::Task<void> execute();
    base::Task<bool> make_ready();
    base::Task<bool> prepare();
    base::Task<base::Result<void>> prepare_once();
    base::Deadline prepare_deadline();
    void preparation_timed_out();
    base::Task<bool> take_up_again();
    base::Task<void> report();
    base::Task<void> clean_up();
    void start_clock();

    // job_words.cpp: head and end of the log
    void write_header();
    void fail(journal::Failure failure);
    void settle();

    // job_stages.cpp: one stage
    base::Task<void> run_stages();
    base::Task<void> run_stage(const PlannedStage& stage);
    base::Task<StageResult> attempt(const PlannedStage& stage);
    base::Task<StageResult> run_stage_script(const PlannedStage& stage);
    base::Task<void> clear_worktree();
    [[nodiscard]] std::chrono::seconds retry_pause(int number) const;
    base::Task<base::Result<void>> wait_before_retry(std::chrono::seconds pause);
    /// The scripts of a try that are not alone; each has a number of its own.
    enum class ScriptPart { kMain, kBefore, kClean, kRecovery };
    [[nodiscard]] std::uint16_t script_number(ScriptPart part = ScriptPart::kMain) const;
    base::Task<StageResult> run_script(std::uint16_t number, std::string script,
                                       base::Deadline deadline);
    base::Task<StageResult> stop_script(std::uint16_t number);
    base::Task<void> get_ready();
    base::Task<base::Result<void>> wait_engine(const executors::ReadinessStage& wanted,
                                               Session::EngineState state,
                                               Clock::time_point deadline);
    base::Task<base::Result<void>> run_readiness_script(const executors::ReadinessStage& wanted,
                                                        std::uint16_t number, std::string& problem);
    base::Task<bool> wait_until_ready();
    base::Result<std::string> script_of(const PlannedStage& stage);
    base::Deadline stage_deadline(const PlannedStage& stage);
    void judge(const PlannedStage& stage, const StageResult& result);
    void stage_timed_out(const PlannedStage& stage);
    [[nodiscard]] bool is_over_time() const;
    void stage_stopped(const PlannedStage& stage);
    void stage_failed(const PlannedStage& stage, journal::Failure failure);

    // job_files.cpp: what goes into the environment and comes out of it
    [[nodiscard]] bool sources_by_daemon() const;
    [[nodiscard]] std::filesystem::path sources_directory() const;
    std::unique_ptr<Sources> repository_sources(std::string script);
    base::Task<StageResult> bring_sources(const PlannedStage& stage);
    base::Task<base::Result<void>> unpack(Sources& sources, base::Deadline deadline);

    // job_artifacts.cpp
    base::Task<StageResult> download_artifacts();
    base::Task<base::Result<void>> download(const protocol::gitlab::Dependency& dependency);
    base::Task<base::Result<void>> download_once(const protocol::gitlab::Dependency& dependency,
                                                 bool direct);
    base::Task<base::Result<void>> extract(const protocol::gitlab::Dependency& dependency);
    base::Task<StageResult> upload_artifacts(const PlannedStage& stage);
    base::Task<base::Result<void>> upload(const protocol::gitlab::Artifact& artifact,
                                          std::size_t index);
    base::Task<base::Result<void>> send_package(const protocol::gitlab::Artifact& artifact,
                                                const std::string& path);
    StageResult archive_failed(const std::string& what, const base::Error& error);

    // executors::session::EventSink
    void on_output(std::uint16_t stage, base::OutputStream stream, std::uint64_t time_us,
                   std::string_view bytes) override;
    void on_offset(std::uint64_t offset) override;
    void on_output_limit(std::uint64_t limit_bytes) override;

    void ask_to_save();
    base::Task<void> save_often();
    executors::JobLog& log() { return setup_.channel->log(); }
    [[nodiscard]] base::Deadline job_deadline() const;

    boost::asio::any_io_executor executor_;
    JobSetup setup_;
    std::vector<PlannedStage> plan_;
    journal::Checkpoint checkpoint_;
    JobStatus status_;
    std::optional<Directories> directories_;
    std::optional<script::Variables> variables_;
    std::optional<script::BehaviourVariables> behaviour_;
    std::optional<script::JobScripts> scripts_;
    executors::JobEnvironment environment_;
    base::StopSource stop_;
    std::string stop_signal_;
    std::unique_ptr<Session> session_;
    std::optional<base::Result<void>> ready_;  ///< the readiness stage's end
    std::string ready_message_;
    std::optional<Clock::time_point> prepare_until_;  ///< prepare_timeout, once it counts
    base::Notifier changed_;                          ///< readiness, a checkpoint is due
    bool script_may_run_ = false;  ///< a former daemon began the stage that is taken up
    bool checkpoint_due_ = false;
    bool ended_ = false;
    bool journal_failed_ = false;
    base::TaskGroup group_;
};

}  // namespace runner::job
