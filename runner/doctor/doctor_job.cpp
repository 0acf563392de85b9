#include "runner/doctor/doctor_job.hpp"

#include <unistd.h>

#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/find_helper.hpp"
#include "protocol/gitlab/api_url.hpp"
#include "runner/doctor/job_script.hpp"
#include "runner/doctor/registry.hpp"
#include "runner/doctor/registry_login.hpp"
#include "runner/doctor/server_options.hpp"
#include "runner/local/terminal_channel.hpp"

namespace runner::doctor {

using base::Result;
using base::Task;
using config::RunnerConfig;

namespace {

constexpr std::chrono::minutes kLimit{4};
constexpr std::int64_t kTimeoutSeconds = 200;

bool is_docker(const RunnerConfig& runner) {
    return runner.executor_kind() == executors::ExecutorKind::kDocker;
}

/// Why no job is run for the runner, "" for none.
std::string obstacle(const Context& context, const RunnerConfig& runner) {
    if (!context.options.jobs) return "no job was run (--no-job)";
    if (!runner.executor_kind()) return "this program has no executor \"" + runner.executor + "\"";
    if (is_docker(runner) && runner.docker.image.empty())
        return "the runner has no image of its own (image in [runners.docker])";
    return {};
}

/// The runner's settings for a job that GitLab knows nothing of, and that leaves nothing.
std::shared_ptr<const config::Config> job_config(const Context& context,
                                                 const RunnerConfig& runner) {
    auto config = std::make_shared<config::Config>();
    config->path = context.options.config_path;
    config->runners.push_back(runner);
    RunnerConfig& copy = config->runners.front();
    copy.token = base::Secret("local");
    copy.url.clear();
    copy.docker.disable_cache = true;
    if (!context.options.fix) copy.dind.platforms = executors::docker::Platforms::kHost;
    return config;
}

JobScript script_of(const Context& context, const RunnerConfig& runner, std::string engine_id) {
    JobScript script;
    script.helper = is_docker(runner) ? executors::docker::kHelper : executors::find_helper();
    const auto* environment = &runner.environment;
    const std::string& url = runner.clone_url.empty() ? runner.url : runner.clone_url;
    if (auto target = target_of(url, environment)) script.targets.push_back(*target);
    if (auto proxies = proxies_of(environment)) script.proxies = *proxies;
    const auto api = protocol::gitlab::api_url(url);
    if (api && api->endpoint.starts_with("https://"))
        script.https_url = api->endpoint + api->path + "/version";
    for (const auto& registry : runner.registries)
        script.repositories.push_back({registry.host, context.repository_of(registry.host)});
    script.mark = context.mark;
    script.engine_id = std::move(engine_id);
    script.engine = is_docker(runner);
    script.builder = runner.dind.builder;
    // Without builds_dir, jobs of the shell executor are where the daemon works, the doctor's is
    // not.
    script.disk = is_docker(runner) || !runner.builds_dir.empty();
    return script;
}

/// The authorities that GitLab's jobs get as CI_SERVER_TLS_CA_FILE: those of the server's
/// certificate as it was verified here; "" when it cannot be asked, or has no TLS.
Task<std::string> authorities_of(boost::asio::any_io_executor executor,
                                 const RunnerConfig& runner) {
    auto options = gitlab_options(runner);
    if (!options || !options->endpoint.starts_with("https://")) co_return std::string();
    auto client = protocol::http::make_client(executor, std::move(*options));
    if (!client) co_return std::string();
    protocol::http::Request request;
    if (const auto api = protocol::gitlab::api_url(runner.url))
        request.target = api->path + "/version";
    const auto answer = co_await (*client)->send(std::move(request));
    if (!answer) co_return std::string();  // the line gitlab says it
    co_return (*client)->peer_ca_chain();
}

protocol::gitlab::JobPayload payload_of(const std::string& script, std::string authorities) {
    protocol::gitlab::JobPayload payload;
    payload.id = base::unix_micros_now() / 1000 % 1'000'000'000'000;
    payload.token = base::Secret("local-" + base::random_alphanumeric(20));
    payload.job_info.name = "doctor";
    payload.job_info.stage = "test";
    payload.job_info.project_id = 1;
    payload.job_info.project_name = "doctor";
    payload.job_info.project_full_path = "runner/doctor";
    payload.git_info.repo_url = "https://gitlab.invalid/runner/doctor.git";
    payload.git_info.ref = "main";
    payload.git_info.ref_type = "branch";
    payload.git_info.sha = std::string(40, '0');
    payload.timeout_seconds = kTimeoutSeconds;
    payload.variables = {{.key = "GIT_STRATEGY", .value = "none", .is_public = true},
                         {.key = "CI_PROJECT_ID", .value = "1", .is_public = true},
                         {.key = "CI_PROJECT_PATH", .value = "runner/doctor", .is_public = true}};
    if (!authorities.empty()) {
        payload.variables.push_back({.key = "CI_SERVER_TLS_CA_FILE",
                                     .value = std::move(authorities),
                                     .is_public = true,
                                     .file = true});
    }
    payload.steps = {
        {.name = "script", .script = {script}, .timeout = kTimeoutSeconds, .when = "on_success"}};
    return payload;
}

void take_line(std::string_view line, JobReport& report) {
    base::log::debug(line);
    for (const Place place : {Place::kJob, Place::kInnerEngine, Place::kBuilder})
        add_measurement(line, to_string(place), report.measured[place]);
}

}  // namespace

DoctorJobs::DoctorJobs(const Context& context, std::filesystem::path directory)
    : context_(context),
      directory_(std::move(directory)),
      changed_(context.executor),
      group_(context.executor) {}

void DoctorJobs::begin() { group_.spawn("jobs of the doctor", run_all()); }

Task<Result<JobReport>> DoctorJobs::report(const RunnerConfig& runner) {
    while (!reports_.contains(&runner) && !stopped_) co_await changed_.wait();
    if (stopped_) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
    co_return reports_.at(&runner);
}

void DoctorJobs::stop() {
    stopped_ = true;
    if (running_ != nullptr) running_->stop(base::StopReason::kUserCancel);
    changed_.notify_all();
}

Task<void> DoctorJobs::run_all() {
    for (const RunnerConfig* runner : context_.runners) {
        if (stopped_) co_return;
        JobReport report;
        report.skipped = obstacle(context_, *runner);
        if (report.skipped.empty()) {
            auto running = run(*runner);
            report = co_await std::move(running);
        }
        reports_[runner] = std::move(report);
        changed_.notify_all();
    }
}

Task<std::string> DoctorJobs::engine_id(const RunnerConfig& runner) {
    if (!is_docker(runner)) co_return std::string();
    auto engine = context_.connect_engine(context_.executor, runner.docker);
    if (!engine) co_return std::string();  // the check of the engine says it
    auto info = co_await (*engine)->info();
    co_return info ? info->id : std::string();
}

Task<void> DoctorJobs::limit(job::JobRun& run) {
    const bool slept = co_await base::sleep_for(kLimit);
    if (slept) run.stop(base::StopReason::kTimeout);
}

Task<JobReport> DoctorJobs::run(const RunnerConfig& runner) {
    JobReport report;
    auto asking = engine_id(runner);
    std::string id = co_await std::move(asking);
    auto verifying = authorities_of(context_.executor, runner);
    std::string authorities = co_await std::move(verifying);
    const auto config = job_config(context_, runner);
    local::JobFactory factory(
        context_.executor,
        {.config = config, .runner = &config->runners.front(), .state_dir = directory_});
    local::ArtifactStore artifacts(directory_ / "artifacts");
    job::JobRun* made = nullptr;
    const auto before_cleanup = [&report, &made](const journal::Outcome&) -> Task<void> {
        return note_environment(*made, report);
    };
    const auto channel = [&](trace::MaskOptions masks) {
        local::TerminalChannelOptions options;
        options.artifacts = &artifacts;
        options.masks = std::move(masks);
        options.on_line = [&report](std::string_view line) { take_line(line, report); };
        options.before_cleanup = before_cleanup;
        return local::make_terminal_channel(context_.executor, std::move(options));
    };
    auto payload =
        payload_of(job_script(script_of(context_, runner, std::move(id))), std::move(authorities));
    auto run = factory.make(std::move(payload), channel, nullptr);
    if (!run) {
        report.failure = run.error().message;
        co_return report;
    }
    made = run->get();
    base::TaskGroup watch(context_.executor);
    watch.spawn("limit of the doctor's job", limit(*made));
    running_ = made;
    co_await made->run();
    running_ = nullptr;
    watch.cancel_all();
    co_await watch.wait();
    factory.give_back(*made);
    const auto& failure = made->outcome().failure;
    report.executor = runner.executor_kind().value_or(report.executor);
    if (failure) {
        report.failure = failure->message;
        using Reason = journal::FailureReason;
        report.settings_failed = failure->reason == Reason::kImagePullFailure ||
                                 failure->reason == Reason::kConfigurationError;
    }
    report.script_ran = !report.measured[Place::kJob].rights.empty();
    auto removing = remove_pushed(runner);
    co_await std::move(removing);
    co_return report;
}

Task<void> DoctorJobs::note_environment(const job::JobRun& run, JobReport& report) {
    const executors::Executor& executor = run.context().executor();
    const auto readiness = executor.readiness();
    report.own_engine = readiness.has_value();
    report.own_builder = readiness && !readiness->ready_message.empty();
    // The executor's state is JSON without a schema of its own; it tells nobody else.
    const auto state = base::parse_foreign_json(executor.saved_state());
    if (!state.is_object()) co_return;
    report.engine_refused = !state.value("unprivileged", "").empty();
    report.engine_inside = state.value("engine", false);
}

/// The images that the job has pushed. The registry may not remove any, and the job may not have
/// come so far: nobody needs to know.
Task<void> DoctorJobs::remove_pushed(const RunnerConfig& runner) {
    for (const auto& settings : runner.registries) {
        auto asking = login_of(runner, settings);
        auto login = co_await std::move(asking);
        if (!login) continue;
        auto registry = Registry::make(context_.executor, settings, std::move(*login));
        if (!registry) continue;
        for (const std::string& tag : pushed_tags(context_.mark)) {
            auto removing = (*registry)->remove(context_.repository_of(settings.host), tag);
            auto removed =
                co_await base::with_deadline<void>(std::move(removing), std::chrono::seconds(10));
            if (!removed)
                base::log::debug("An image of the doctor could not be removed",
                                 {{"registry", settings.host}, {"error", removed.error().message}});
        }
    }
}

}  // namespace runner::doctor
