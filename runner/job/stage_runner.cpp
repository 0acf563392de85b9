#include "runner/job/stage_runner.hpp"

#include <utility>

#include "base/host_name.hpp"
#include "runner/job/cache_archive.hpp"
#include "runner/job/cache_linker.hpp"
#include "runner/job/cache_restore.hpp"
#include "runner/job/clone_report.hpp"
#include "runner/job/retry.hpp"
#include "runner/job/stage_numbers.hpp"

namespace runner::job {

using executors::session::StageExit;

namespace {

script::ScriptSettings script_settings(const JobContext& context) {
    const auto& info = context.executor().info();
    script::ScriptSettings settings;
    settings.by_driver = info.driver.has_value();
    settings.shared_host = context.traits.shared_host || settings.by_driver;
    settings.description =
        settings.shared_host ? info.description : info.description + " via " + base::host_name();
    if (info.driver) settings.description = info.driver->hostname;
    settings.correlation_id = context.setup.record.correlation_id;
    settings.git_directory = info.git_directory;
    settings.lfs_directory = info.lfs_directory;
    settings.git_seed = info.git_seed;
    settings.measures_clone = info.measures_clone;
    settings.sources_by_daemon = context.setup.sources != nullptr;
    settings.helper = info.helper;
    // On a shared host such links are the administrator's: jobs there can reach all files anyway.
    if (!settings.shared_host) settings.builds_dir = context.directories->builds;
    settings.cache_problem = context.setup.cache_problem;
    settings.cache_dir = context.directories->cache;
    settings.project_slug = context.directories->slug;
    settings.started_at = context.setup.record.received_unix_micros / 1'000'000;
    return settings;
}

/// Stages whose script is the runner's own, and about whose caches runner-helper reports.
bool has_caches(StageKind kind) {
    return kind == StageKind::kRestoreCache || kind == StageKind::kArchiveCache;
}

/// Whether another try may help: the script failed, or a driver could not run it.
bool may_be_repeated(const StageResult& result, bool by_driver) {
    if (!result) return by_driver && result.error().is(base::ErrorKind::kIo);
    return result->code != 0 && result->reason == StageExit::Reason::kExited;
}

/// The variable that says how often a stage is tried; "" for once. Where no driver brings the
/// script, the downloads of artifacts have tries of their own.
std::string_view attempts_variable(StageKind kind, bool by_driver) {
    if (kind == StageKind::kGetSources) return "GET_SOURCES_ATTEMPTS";
    if (kind == StageKind::kRestoreCache) return "RESTORE_CACHE_ATTEMPTS";
    if (by_driver && kind == StageKind::kDownloadArtifacts) return "ARTIFACT_DOWNLOAD_ATTEMPTS";
    return {};
}

/// Stages that a new environment may run again from their begin.
bool is_repeated_anywhere(StageKind kind) {
    return kind == StageKind::kPrepareScript || kind == StageKind::kGetSources ||
           kind == StageKind::kStep || kind == StageKind::kAfterScript;
}

/// CI_JOB_STATUS of after_script.
std::string job_status(const journal::Checkpoint& checkpoint) {
    const auto& failure = checkpoint.outcome.failure;
    if (base::is_cancel(checkpoint.progress.stop)) return "canceled";
    if (failure && failure->reason == journal::FailureReason::kTimeout) return "timedout";
    return checkpoint.progress.step_failed ? "failed" : "success";
}

void tell_clone(JobContext& context, const StageResult& result) {
    if (!result || result->report.empty()) return;
    const auto clone = parse_clone_report(result->report);
    if (clone) context.executor().on_clone(*clone);
}

void tell_caches(JobContext& context, const StageResult& result) {
    if (!result || result->report.empty()) return;
    const auto caches = context.payload().cache.size();
    for (const auto& transfer : parse_cache_report(result->report, caches)) {
        context.setup.observer->on_cache(context, transfer);
    }
}

}  // namespace

StageRunner::StageRunner(JobContext& context, executors::session::Session& session,
                         JobInteraction& interaction, const std::vector<PlannedStage>& plan,
                         const StageJudge& judge)
    : context_(context),
      interaction_(interaction),
      plan_(plan),
      judge_(judge),
      writers_(context.payload(), context.runner(), context.behaviour, script_settings(context)),
      scripts_(context, session),
      gate_(context, session),
      sources_(context, scripts_, writers_),
      artifacts_(context, scripts_, writers_),
      cache_steps_(context, scripts_, writers_) {}

base::Task<StagesEnd> StageRunner::run() {
    auto& checkpoint = context_.checkpoint();
    for (; checkpoint.plan_index < plan_.size(); ++checkpoint.plan_index) {
        const PlannedStage& stage = plan_[checkpoint.plan_index];
        // The files of the job's variables are still there.
        if (stage.kind == StageKind::kCleanup) co_await interaction_.wait_for_terminal();
        if (context_.stop.requested() && !checkpoint.stage_begun) {
            context_.apply(judge_.stopped(stage, context_.situation()));
        }
        if (!should_run(stage, checkpoint.progress)) continue;
        co_await run_stage(stage);
        checkpoint.stage_begun = false;
        checkpoint.attempt = 0;
        checkpoint.part = 0;
        if (environment_lost_) co_return StagesEnd::kEnvironmentLost;
        checkpoint.renewals = 0;
    }
    co_return StagesEnd::kAll;
}

base::Task<void> StageRunner::run_stage(const PlannedStage& stage) {
    context_.enter(stage.name, executors::executor_stage(context_.traits, "run"));
    if (stage.kind == StageKind::kStep) {
        auto usable = co_await begin_steps(stage);
        if (!usable) co_return;
    }
    auto result = co_await run_with_retries(stage);
    if (!result && leaves_to_renewal(stage, result.error())) co_return;
    judge(stage, result);
    interaction_.open();
}

/// Called before every step. Returns false when the environment did not become ready.
base::Task<bool> StageRunner::begin_steps(const PlannedStage& stage) {
    auto ready = co_await gate_.wait();
    if (!ready) {
        if (leaves_to_renewal(stage, ready.error())) co_return false;
        context_.apply(judge_.readiness(stage, ready.error(), context_.situation()));
        co_return false;
    }
    auto& progress = context_.checkpoint().progress;
    if (!std::exchange(progress.steps_reached, true)) context_.channel().expect_output();
    co_return true;
}

/// Whether the stage is to be run again in a new environment.
bool StageRunner::leaves_to_renewal(const PlannedStage& stage, const base::Error& error) {
    if (!error.is(base::ErrorKind::kNotFound) || !is_repeated_anywhere(stage.kind)) return false;
    if (context_.stop.requested() || !context_.executor().can_renew()) return false;
    const int attempts = context_.behaviour.attempts("EXECUTOR_JOB_SECTION_ATTEMPTS");
    environment_lost_ = context_.checkpoint().renewals + 1 < attempts;
    if (!environment_lost_ && attempts > 1) context_.log().warning("Execution attempts exceeded");
    return environment_lost_;
}

/// As often as the job allows.
base::Task<StageResult> StageRunner::run_with_retries(const PlannedStage& stage) {
    const bool sources = stage.kind == StageKind::kGetSources;
    const bool by_driver = context_.executor().info().driver.has_value();
    const auto variable = attempts_variable(stage.kind, by_driver);
    const int attempts = variable.empty() ? 1 : context_.behaviour.attempts(variable);
    const bool slower = context_.variables.feature("FF_USE_EXPONENTIAL_BACKOFF_STAGE_RETRY");
    auto& checkpoint = context_.checkpoint();
    while (true) {
        if (sources && checkpoint.attempt > 0 && !checkpoint.stage_begun) co_await clear_worktree();
        auto result = co_await attempt(stage);
        if (!may_be_repeated(result, by_driver) || checkpoint.attempt + 1 >= attempts ||
            context_.stop.requested()) {
            co_return std::move(result);
        }
        ++checkpoint.attempt;
        checkpoint.stage_begun = false;
        context_.checkpoints.save();
        context_.log().warning("Retrying...");
        auto waited = co_await wait_before_retry(context_, retry_pause(slower, checkpoint.attempt));
        if (!waited) co_return waited.error();
    }
}

/// Runs the stage where runner-helper does the file work and the daemon the transfers.
base::Task<StageResult> StageRunner::run_here(const PlannedStage& stage) {
    StageResult result;
    switch (stage.kind) {
        case StageKind::kDownloadArtifacts: result = co_await artifacts_.download(); break;
        case StageKind::kUploadArtifacts: {
            const std::function<void(const StageResult&)> on_part =
                [this, &stage](const StageResult& part) { judge(stage, part); };
            auto uploading = artifacts_.upload(stage, on_part);
            result = co_await std::move(uploading);
            break;
        }
        case StageKind::kRestoreCache:
        case StageKind::kArchiveCache: result = co_await run_cache(stage); break;
        default: result = co_await run_script(stage); break;
    }
    co_return std::move(result);
}

/// Runs the stage in its own section of the log. The section ends before the result is judged, so
/// the warnings of the verdict are outside of it.
base::Task<StageResult> StageRunner::attempt(const PlannedStage& stage) {
    if (!context_.checkpoint().stage_begun) write_heading(stage);
    StageResult result;
    if (context_.executor().info().driver) {
        CacheLinker linker(context_, cache_steps_);
        auto linking = linker.for_stage(stage);
        cache_links_ = co_await std::move(linking);
        result = co_await run_script(stage);
    } else {
        result = co_await run_here(stage);
    }
    context_.channel().end_output();
    context_.channel().section_end(stage.name);
    co_return std::move(result);
}

void StageRunner::write_heading(const PlannedStage& stage) {
    context_.channel().section_start(stage.name);
    context_.log().heading(stage.heading);
    if (stage.kind == StageKind::kStep) {
        for (const auto& message : gate_.take_messages()) context_.log().print(message);
    }
    context_.checkpoint().stage_begun = true;
    context_.checkpoints.save();
}

base::Task<StageResult> StageRunner::run_script(const PlannedStage& stage) {
    if (stage.kind == StageKind::kGetSources && sources_.is_needed() &&
        writers_.git_sources.brings_sources()) {
        auto brought = co_await sources_.bring(deadline_of(stage));
        co_return std::move(brought);
    }
    auto text = script_of(stage);
    if (!text) co_return text.error();
    context_.log_variable_warnings();
    const auto number = script_number(context_.checkpoint());
    const bool clones =
        stage.kind == StageKind::kGetSources && context_.executor().info().measures_clone;
    auto running = scripts_.run(number, std::move(*text), deadline_of(stage),
                                clones || has_caches(stage.kind));
    auto result = co_await std::move(running);
    if (clones) tell_clone(context_, result);
    tell_caches(context_, result);
    co_return std::move(result);
}

/// One script, or with an object storage a script for each step.
base::Task<StageResult> StageRunner::run_cache(const PlannedStage& stage) {
    StageResult result;
    if (cache_steps_.storage() == nullptr) {
        result = co_await run_script(stage);
    } else if (stage.kind == StageKind::kRestoreCache) {
        CacheRestore restoring(context_, cache_steps_);
        result = co_await restoring.run();
    } else {
        CacheArchive archiving(context_, cache_steps_);
        result = co_await archiving.run(stage);
    }
    co_return std::move(result);
}

base::Task<void> StageRunner::clear_worktree() {
    constexpr std::string_view kName = "clear_worktree";
    context_.channel().section_start(kName);
    context_.log().heading("Deleting all tracked and untracked files due to source fetch failure");
    const auto number = script_number(context_.checkpoint(), ScriptPart::kRecovery);
    auto cleared =
        co_await scripts_.run(number, writers_.git_sources.clear_worktree(), context_.deadline());
    static_cast<void>(cleared);  // the next try says what is wrong
    context_.channel().end_output();
    context_.channel().section_end(kName);
}

base::Result<std::string> StageRunner::script_of(const PlannedStage& stage) {
    const auto& steps = context_.payload().steps;
    switch (stage.kind) {
        case StageKind::kPrepareScript: return writers_.steps.prepare();
        case StageKind::kGetSources: return writers_.git_sources.get_sources();
        case StageKind::kStep: return writers_.steps.step(steps[stage.step]);
        case StageKind::kAfterScript:
            context_.variables.set_job_status(job_status(context_.checkpoint()));
            return writers_.steps.after_script(steps[stage.step]);
        case StageKind::kRestoreCache: return writers_.caches.restore(cache_links_);
        case StageKind::kArchiveCache:
            return writers_.caches.archive(stage.on_success, cache_links_);
        case StageKind::kCleanup: return writers_.cleanup.script();
        // Without a driver there is a script for each archive: ArtifactTransfer.
        case StageKind::kDownloadArtifacts: return writers_.remote_artifacts.download();
        case StageKind::kUploadArtifacts: return writers_.remote_artifacts.upload(stage.on_success);
    }
    return std::string();
}

base::Deadline StageRunner::deadline_of(const PlannedStage& stage) {
    auto limit = context_.deadlines.stage(stage.kind, context_.checkpoint(), context_.variables);
    if (!limit.warning.empty()) context_.log().warning(limit.warning);
    return limit.deadline;
}

void StageRunner::judge(const PlannedStage& stage, const StageResult& result) {
    context_.apply(judge_.stage(stage, result, context_.situation(scripts_.silence_hint())));
}

}  // namespace runner::job
