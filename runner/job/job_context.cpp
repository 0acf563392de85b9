#include "runner/job/job_context.hpp"

#include "base/clock.hpp"
#include "runner/job/job_scope.hpp"
#include "runner/script/payload_texts.hpp"

namespace runner::job {

using journal::Failure;

namespace {

executors::ExecutorTraits traits_for(const config::RunnerConfig& runner) {
    return executors::traits_of(runner.executor_kind().value_or(executors::ExecutorKind::kDocker));
}

status::JobState initial_state(const JobSetup& setup) {
    const auto& payload = setup.payload;
    status::JobState state;
    state.id = payload.id;
    state.project_id = payload.job_info.project_id;
    state.project = payload.job_info.project_full_path;
    state.name = payload.job_info.name;
    state.runner_name = setup.runner->name;
    state.short_token = setup.record.short_token;
    state.executor = setup.runner->executor;
    state.started_unix_micros = setup.record.received_unix_micros;
    state.stage_started_unix_micros = base::unix_micros_now();
    state.restored = setup.restored.has_value();
    for (const auto& variable : payload.variables) {
        if (variable.key == "CI_JOB_URL") state.url = variable.value;
    }
    return state;
}

}  // namespace

JobContext::JobContext(const boost::asio::any_io_executor& io_executor, JobSetup parts)
    : io(io_executor),
      setup(std::move(parts)),
      traits(traits_for(*setup.runner)),
      variables(std::move(setup.variables)),
      directories(job_directories(setup.payload, *setup.runner, variables, setup.record,
                                  setup.working_dir, {.open = traits.has_driver})),
      texts(variables),
      behaviour(variables),
      daemon_log(job_scope(setup.payload, setup.record, setup.runner->name)),
      status(initial_state(setup)),
      watched_log(std::make_unique<WatchedLog>(setup.channel->log(), status)),
      checkpoints(io, setup.journal, *setup.channel, daemon_log, status,
                  setup.restored ? *setup.restored : journal::Checkpoint()),
      deadlines(*setup.runner, std::chrono::seconds(setup.payload.timeout_seconds),
                base::system_clock()) {
    script::expand_texts(setup.payload, texts);
    setup.executor->observe(*this);
}

void JobContext::enter(std::string stage, std::string_view executor_stage) {
    if (stage != status.stage) end_stage();
    status.enter(std::move(stage), std::string(executor_stage), base::unix_micros_now());
}

void JobContext::end_stage() {
    const auto age = base::unix_micros_now() - status.stage_started_unix_micros;
    setup.observer->on_stage_end(*this, status.stage, std::chrono::microseconds(age));
}

void JobContext::on_step(std::string_view step) {
    status.executor_stage = executors::executor_stage(traits, step);
}

void JobContext::on_pull(const executors::ImagePull& pull) { setup.observer->on_pull(*this, pull); }

base::Result<void> JobContext::choose_directories(const DirectoryWishes& wishes) {
    directories =
        job_directories(payload(), runner(), variables, setup.record, setup.working_dir, wishes);
    if (!directories) return directories.error();
    return {};
}

void JobContext::log_variable_warnings() {
    for (const std::string& warning : behaviour.take_warnings()) log().warning(warning);
}

Situation JobContext::situation(std::string silence_hint) const {
    const auto& checkpoint = checkpoints.state();
    Situation now;
    now.progress = checkpoint.progress;
    now.stop = stop.reason();
    now.stage_begun = checkpoint.stage_begun;
    now.restored = setup.restored.has_value();
    now.job_is_over = deadlines.job_is_over(checkpoint);
    now.job_exit_code = executor().info().job_exit_code;
    now.silence_hint = std::move(silence_hint);
    return now;
}

void JobContext::apply(const Verdict& verdict) {
    for (const std::string& warning : verdict.warnings) log().warning(warning);
    if (!verdict.cleanup_problem.empty()) {
        daemon_log.warning("Cleaning up a job's files failed",
                           {{"error", log().masked(verdict.cleanup_problem)}});
    }
    checkpoint().progress = verdict.progress;
    if (verdict.failure) fail(*verdict.failure);
    if (verdict.forget_stop) stop.reset();
}

void JobContext::fail(Failure failure) {
    auto& outcome = checkpoint().outcome;
    if (!outcome.failure) outcome.failure = std::move(failure);
}

}  // namespace runner::job
