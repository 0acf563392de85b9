#include "runner/job/job_run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "runner/job/failure_reason.hpp"

namespace runner::job {

using journal::Failure;
using journal::FailureReason;
using journal::Phase;

using base::ErrorKind;
using base::StopReason;

namespace {

constexpr int kPrepareTries = 3;
constexpr std::chrono::seconds kPrepareInterval{3};
constexpr std::chrono::minutes kCleanupLimit{5};
/// How often a busy log may make us write a checkpoint.
constexpr std::chrono::milliseconds kCheckpointInterval{20};
/// How often a log is looked at in which others write: the preparation, which may pull an image for
/// minutes, or services.
constexpr std::chrono::milliseconds kPreparationInterval{500};
constexpr int kUnsupportedExitCode = 3;

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "this host";
}

/// What the supervisor keeps for a log of `limit` bytes: masking makes output shorter, so the log's
/// own limit is not the supervisor's. It bounds what a script without end costs in disk and in
/// reading.
std::uint64_t environment_output_limit(std::uint64_t limit) {
    constexpr std::uint64_t kSlackBytes = 1U << 20U;
    return 2 * limit + kSlackBytes;
}

/// The client's pair goes to scripts as a whole or not at all.
void read_client_pair(const config::RunnerConfig& runner, script::RunnerFacts& facts) {
    if (runner.tls_cert_file.empty() || runner.tls_key_file.empty()) return;
    auto cert = base::read_file(runner.tls_cert_file);
    auto key = base::read_file(runner.tls_key_file);
    if (!cert || !key) return;  // the connection says what is wrong with them
    facts.tls_cert = std::move(*cert);
    facts.tls_key = std::move(*key);
}

/// A class that a repetition does not change.
bool is_final(const base::Error& error) {
    switch (error.kind) {
        case ErrorKind::kConfiguration:
        case ErrorKind::kInvalidInput:
        case ErrorKind::kCancelled:
        case ErrorKind::kTimeout: return true;
        default: return error.pull_failure.has_value();
    }
}

}  // namespace

JobRun::JobRun(const boost::asio::any_io_executor& executor, JobSetup setup)
    : executor_(executor),
      setup_(std::move(setup)),
      plan_(plan_stages(setup_.payload)),
      changed_(executor),
      group_(executor) {
    if (setup_.restored) checkpoint_ = *setup_.restored;
    script_may_run_ = checkpoint_.stage_begun;
    const auto& payload = setup_.payload;
    status_.id = payload.id;
    status_.project_id = payload.job_info.project_id;
    status_.project = payload.job_info.project_full_path;
    status_.job_name = payload.job_info.name;
    status_.runner_name = setup_.runner->name;
    status_.short_token = setup_.record.short_token;
    status_.executor = setup_.runner->executor;
    status_.started_unix_micros = setup_.record.received_unix_micros;
    status_.restored = setup_.restored.has_value();
    status_.enter(status_.stage, "created", base::unix_micros_now());
    for (const auto& variable : payload.variables) {
        if (variable.key == "CI_JOB_URL") status_.job_url = variable.value;
    }
}

void JobRun::stop(StopReason reason, std::string_view signal) {
    // A graceful cancel ends the script once; what comes behind it has its turn undisturbed.
    if (reason == StopReason::kUserCancel && checkpoint_.progress.stop != StopReason::kNone) return;
    if (reason == StopReason::kUserCancel && checkpoint_.phase == Phase::kRunning &&
        checkpoint_.plan_index < plan_.size()) {
        const StageKind kind = plan_[checkpoint_.plan_index].kind;
        if (kind >= StageKind::kAfterScript) return;
    }
    if (checkpoint_.phase >= Phase::kReporting) return;
    stop_signal_ = signal;
    stop_.request(reason);
    // An ENTRYPOINT that is stuck would keep every stage waiting for its limit. A job that was
    // taken up again has a supervisor, which is to hear of the stop.
    if (session_ && !setup_.restored && !session_->was_reached()) session_->close();
}

base::Task<void> JobRun::run() {
    setup_.channel->on_stop([this](StopReason reason) { stop(reason); });
    // What the server has is in the journal too, or a restarted daemon would send it again.
    setup_.channel->on_progress([this] { ask_to_save(); });
    group_.spawn("job log", setup_.channel->serve());
    group_.spawn("checkpoints", save_often());
    StartAnswer start = StartAnswer::kGo;
    if (!setup_.restored) start = co_await setup_.channel->announce_start();
    if (start == StartAnswer::kDropped) {
        base::log::info("The server does not want the job run", {{"job", status_.id}});
        checkpoint_.progress.stop = StopReason::kAbort;
        checkpoint_.outcome.failure =
            Failure{FailureReason::kCanceled, 0, "the server does not want the job run"};
    } else {
        if (start == StartAnswer::kCancelled) stop(StopReason::kUserCancel);
        status_.state = "running";
        if (checkpoint_.phase < Phase::kReporting) co_await execute();
    }
    if (checkpoint_.phase < Phase::kCleaning) {
        co_await report();
    } else {
        setup_.channel->abandon();
    }
    if (setup_.on_reported) setup_.on_reported();
    co_await clean_up();
    ended_ = true;
    changed_.notify_all();
    co_await group_.wait();
}

void JobRun::start_clock() {
    if (checkpoint_.clock_started_unix_micros == 0) {
        checkpoint_.clock_started_unix_micros = base::unix_micros_now();
    }
}

base::Deadline JobRun::job_deadline() const {
    const auto age =
        std::chrono::microseconds(base::unix_micros_now() - checkpoint_.clock_started_unix_micros);
    return Clock::now() + std::chrono::seconds(setup_.payload.timeout_seconds) - age;
}

base::Task<void> JobRun::execute() {
    auto ready = co_await make_ready();
    if (ready) {
        group_.spawn("supervisor", session_->pump());
        group_.spawn("readiness", get_ready());
        co_await run_stages();
    }
    settle();
}

base::Task<bool> JobRun::make_ready() {
    const auto& payload = setup_.payload;
    auto directories = job_directories(payload, *setup_.runner, setup_.record.short_token,
                                       setup_.record.slot, setup_.working_dir);
    script::RunnerFacts facts;
    facts.short_token = setup_.record.short_token;
    if (directories) {
        directories_ = *directories;
        facts.builds_dir = directories_->builds;
        facts.project_dir = directories_->project;
        facts.tmp_dir = directories_->tmp;
    }
    facts.image = payload.image ? payload.image->name : setup_.runner->docker.image;
    facts.concurrent_id = setup_.record.slot.concurrent_id;
    facts.concurrent_project_id = setup_.record.slot.concurrent_project_id;
    facts.shared_environment = setup_.runner->executor == "shell";
    facts.ca_chain = setup_.ca_chain;
    read_client_pair(*setup_.runner, facts);
    variables_.emplace(payload, *setup_.runner, facts);
    start_clock();
    const bool has_header = setup_.restored && !setup_.restored->trace_state.empty();
    if (!has_header) write_header();
    if (!directories) {
        fail(failure_from_error(directories.error()));
        co_return false;
    }
    if (const std::string reason = unsupported_reason(payload, *setup_.runner); !reason.empty()) {
        fail({FailureReason::kSystemFailure, kUnsupportedExitCode, reason});
        co_return false;
    }
    environment_ =
        make_environment(payload, *setup_.runner, *variables_, *directories_, setup_.system_id,
                         setup_.record.short_token, setup_.record.slot);
    environment_.state_dir = setup_.journal.directory();
    status_.image = environment_.image ? environment_.image->name : std::string();
    const bool again = checkpoint_.phase == Phase::kRunning;
    bool made = false;
    if (again) {
        made = co_await take_up_again();
    } else {
        made = co_await prepare();
    }
    if (!made) co_return false;
    const auto& info = setup_.executor->info();
    script::StageFacts stage_facts;
    stage_facts.place = info.shared ? info.description : info.description + " via " + host_name();
    stage_facts.correlation_id = setup_.record.correlation_id;
    stage_facts.shared_environment = info.shared;
    stage_facts.shell_executor = setup_.runner->executor == "shell";
    stage_facts.sources_by_daemon = sources_by_daemon();
    stage_facts.helper = info.helper;
    stage_facts.cache_dir = directories_->cache;
    stage_facts.project_slug = directories_->slug;
    writer_.emplace(payload, *setup_.runner, *variables_, stage_facts);
    auto connect = [this] { return setup_.executor->connect(); };
    executors::session::EventSink& events = *this;
    session_ = std::make_unique<Session>(executor_, connect, events, checkpoint_.events_offset);
    if (const auto limit = setup_.channel->output_limit(); limit > 0) {
        session_->limit_output(environment_output_limit(limit));
    }
    if (!again) {
        checkpoint_.phase = Phase::kRunning;
        checkpoint_.executor_state = setup_.executor->saved_state();
        save();
    }
    co_return true;
}

base::Task<bool> JobRun::take_up_again() {
    auto task = setup_.executor->restore(environment_, checkpoint_.executor_state);
    auto restored = co_await base::run_stoppable(&stop_, std::move(task), job_deadline());
    if (restored) {
        base::log::info("Took up a job that runs on",
                        {{"job", status_.id}, {"project", status_.project}});
        co_return true;
    }
    Failure failure = failure_from_error(restored.error());
    failure.message =
        "the runner was restarted and the job's environment is gone: " + restored.error().message;
    fail(std::move(failure));
    co_return false;
}

base::Task<base::Result<void>> JobRun::prepare_once() {
    auto task = setup_.executor->prepare(environment_, log());
    auto result = co_await base::run_stoppable(&stop_, std::move(task), prepare_deadline());
    co_return std::move(result);
}

/// Of the preparation as a whole: the executor's with all its tries, and the script's.
base::Deadline JobRun::prepare_deadline() {
    if (!setup_.runner->prepare_timeout) return job_deadline();
    if (!prepare_until_) {
        prepare_until_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                            *setup_.runner->prepare_timeout);
    }
    return std::min(*job_deadline(), *prepare_until_);
}

/// By the job's limit, or by that of the preparation alone.
void JobRun::preparation_timed_out() {
    const auto& limit = setup_.runner->prepare_timeout;
    checkpoint_.progress.job_timed_out = !limit || is_over_time();
    if (checkpoint_.progress.job_timed_out) return;
    checkpoint_.progress.prepare_script_failed = true;
    fail({FailureReason::kTimeout, 0,
          "prepare timeout: exceeded timeout of " + base::format_go_duration(*limit)});
}

base::Task<bool> JobRun::prepare() {
    status_.enter("prepare_executor", executor_stage(setup_.runner->executor, "prepare"),
                  base::unix_micros_now());
    setup_.channel->section_start("prepare_executor");
    log().heading(fmt::format("Preparing the \"{}\" executor", setup_.runner->executor));
    if (setup_.restored)
        log().warning("The runner was restarted meanwhile: the preparation begins anew.");
    for (int attempt = 1;; ++attempt) {
        auto prepared = co_await prepare_once();
        if (prepared) break;
        const base::Error error = prepared.error();
        if (error.is(ErrorKind::kTimeout)) {
            preparation_timed_out();
            setup_.channel->section_end("prepare_executor");
            co_return false;
        }
        if (stop_.requested()) {
            checkpoint_.progress.stop = stop_.reason();
            setup_.channel->section_end("prepare_executor");
            co_return false;
        }
        auto removed = co_await setup_.executor->cleanup(kCleanupLimit);
        if (!removed) base::log::warning("Cleanup failed", {{"error", removed.error().message}});
        if (is_final(error) || attempt == kPrepareTries) {
            setup_.channel->section_end("prepare_executor");
            fail(failure_from_error(error));
            co_return false;
        }
        log().error("Preparation failed: " + error.message);
        log().print("Will be retried in 3s ...");
        auto waited = co_await wait_before_retry(kPrepareInterval);
        static_cast<void>(waited);  // the next try sees a stop and the limit itself
    }
    setup_.channel->section_end("prepare_executor");
    co_return true;
}

base::Task<void> JobRun::report() {
    status_.enter("report", "finish", base::unix_micros_now());
    status_.state = checkpoint_.outcome.success() ? "success" : "failed";
    if (checkpoint_.progress.stop == StopReason::kAbort) {
        setup_.channel->abandon();
    } else {
        auto told = co_await setup_.channel->finish(checkpoint_.outcome);
        if (!told) {
            base::log::error("The server could not be told how the job ended",
                             {{"job", status_.id}, {"error", told.error().message}});
        }
    }
    checkpoint_.phase = Phase::kCleaning;
    save();
}

base::Task<void> JobRun::clean_up() {
    status_.enter("cleanup", executor_stage(setup_.runner->executor, "cleanup"),
                  base::unix_micros_now());
    if (session_) session_->close();
    if (setup_.restored && !session_ && !checkpoint_.executor_state.empty()) {
        auto found = co_await setup_.executor->restore(environment_, checkpoint_.executor_state);
        static_cast<void>(found);  // gone already is as good as removed
    }
    auto halting = setup_.executor->halt();
    auto halted = co_await base::with_deadline<void>(std::move(halting), kCleanupLimit);
    // cleanup() meets the same obstacle, and tells it.
    if (!halted) base::log::debug("Halting a job failed", {{"error", halted.error().message}});
    if (setup_.on_halted) setup_.on_halted();
    auto removed = co_await setup_.executor->cleanup(kCleanupLimit);
    if (!removed) {
        base::log::error("A job's environment could not be removed; the next start tries again",
                         {{"job", status_.id}, {"error", removed.error().message}});
        co_return;
    }
    if (auto erased = setup_.journal.remove(); !erased) {
        base::log::error("A job's journal could not be removed",
                         {{"job", status_.id}, {"error", erased.error().message}});
    }
}

void JobRun::on_output(std::uint16_t, base::OutputStream stream, std::uint64_t time_us,
                       std::string_view bytes) {
    setup_.channel->output(stream, time_us, bytes);
}

void JobRun::on_offset(std::uint64_t offset) {
    checkpoint_.events_offset = offset;
    ask_to_save();
}

void JobRun::ask_to_save() {
    checkpoint_due_ = true;
    changed_.notify_all();
}

void JobRun::on_output_limit(std::uint64_t) { setup_.channel->output_was_cut(); }

base::Task<void> JobRun::save_often() {
    while (!ended_ && checkpoint_.phase < Phase::kCleaning) {
        // Services write without a word to us.
        const bool others_write =
            checkpoint_.phase == Phase::kPreparing || environment_.debug_services;
        if (!checkpoint_due_ && others_write) {
            auto notified = co_await changed_.wait_for(kPreparationInterval);
            if (!notified) ask_to_save();
            continue;
        }
        if (!checkpoint_due_) {
            co_await changed_.wait();
            continue;
        }
        save();
        auto slept = co_await base::sleep_for(kCheckpointInterval);
        static_cast<void>(slept);
    }
}

void JobRun::save() {
    if (ended_) return;
    checkpoint_due_ = false;
    const JobChannel::Mark mark = setup_.channel->mark();
    checkpoint_.spool_bytes = mark.bytes;
    checkpoint_.trace_state = mark.state;
    auto saved = setup_.journal.save(checkpoint_);
    if (!saved && !journal_failed_) {
        journal_failed_ = true;
        base::log::error(
            "The journal cannot be written: the job goes on, but would not survive a restart",
            {{"job", status_.id}, {"error", saved.error().message}});
    }
    setup_.channel->commit(mark.bytes);
}

}  // namespace runner::job
