#include "executors/docker/warm_environment.hpp"

#include <array>
#include <chrono>
#include <utility>

#include "base/stop_source.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/environment_info.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/job_removal.hpp"
#include "executors/docker/labels.hpp"
#include "executors/docker/preload.hpp"
#include "executors/docker/preparation.hpp"
#include "executors/docker/supervisor_exec.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

/// What `runner-helper connect --held` says first (executors/helper/hold.hpp).
constexpr std::string_view kHeldLine = "held\n";
/// What it may be told before its release.
constexpr std::string_view kRestLine = "rest\n";
constexpr std::string_view kWakeLine = "wake\n";
constexpr std::string_view kLeaveLine = "leave\n";
/// A little more than runner-helper gives itself.
constexpr std::chrono::seconds kLeaveLimit{5};
constexpr std::chrono::seconds kRemovalLimit{20};
constexpr std::chrono::seconds kCheckLimit{2};

/// Labels by which the environment is found after a crash, and those of the configuration.
std::map<std::string, std::string> labels_without_job(const JobEnvironment& job) {
    auto labels = job.labels;
    std::erase_if(labels, [](const auto& label) {
        const std::string& name = label.first;
        return name.starts_with(label_name("job.")) || name.starts_with(label_name("pipeline."));
    });
    return labels;
}

Task<Result<void>> read_held_line(protocol::http::ByteStream& stream) {
    std::string text;
    std::array<char, kHeldLine.size()> buffer{};
    while (text.size() < kHeldLine.size()) {
        const std::span<char> target(buffer.data(), kHeldLine.size() - text.size());
        auto got = co_await stream.read_some(target);
        if (!got) co_return got.error();
        if (*got == 0) break;
        text.append(buffer.data(), *got);
    }
    if (text == kHeldLine) co_return Result<void>();
    co_return base::make_error(ErrorKind::kProtocol, "the waiting container does not answer");
}

/// Returns when the builder that the script has begun to boot runs, or cannot.
Task<Result<void>> await_builder(EngineApi& api, const JobObjects& objects, ExecSpec spec) {
    spec.command = {kHelper, "await-builder"};
    auto ran = co_await run_exec(api, objects.container, std::move(spec));
    if (!ran) co_return ran.error();
    co_return Result<void>();
}

/// The builder is made by the same script as in a cold start.
Task<Result<void>> make_builder(EngineApi& api, const WarmRecipe& recipe, JobObjects& objects) {
    const auto readiness = engine_readiness(objects, recipe.dind);
    const bool later = !readiness || readiness->after_sources || readiness->script.empty();
    if (!objects.builder || later) co_return Result<void>();
    ExecSpec spec;
    spec.command = {"sh", "-c", readiness->script};
    spec.user = objects.user;
    for (const auto& [name, value] : readiness->environment)
        spec.environment.push_back(name + "=" + value);
    auto ran = co_await run_exec(api, objects.container, spec);
    if (!ran) co_return ran.error();
    // The job tries again, and is told when it fails.
    objects.builder_made = ran->exit_code == 0;
    if (!objects.builder_made) co_return Result<void>();
    auto awaited = co_await await_builder(api, objects, std::move(spec));
    co_return awaited;
}

Task<Result<void>> finish_engine(EngineApi& api, const WarmRecipe& recipe, JobObjects& objects) {
    // The job that takes the environment is told the same, and what has failed is tried again.
    auto line = co_await finish_data(api, objects);
    static_cast<void>(line);
    // The builder's script waits for its image.
    for (const auto& image : std::exchange(objects.preloads, {})) {
        auto copied = co_await copy_image(api, objects.container, image);
        if (!copied) co_return copied.error().with_context("copy the image " + image.name);
    }
    auto made = co_await make_builder(api, recipe, objects);
    co_return made;
}

Task<Result<void>> tell(WarmEnvironment& environment, std::string text) {
    auto writing = environment.connection->write_all(text);
    auto written = co_await base::with_deadline<void>(std::move(writing), kCheckLimit);
    co_return written;
}

Task<Result<void>> read_end(protocol::http::ByteStream& stream) {
    std::array<char, 64> ignored{};
    while (true) {
        auto got = co_await stream.read_some(ignored);
        if (!got) co_return got.error();
        if (*got == 0) co_return Result<void>();
    }
}

/// What fails here, the next job that uses the data cleans.
Task<void> leave_data(WarmEnvironment& environment) {
    std::string text(kLeaveLine);
    auto told = co_await tell(environment, std::move(text));
    if (!told) co_return;  // nobody is there who could do anything
    auto reading = read_end(*environment.connection);
    auto done = co_await base::with_deadline<void>(std::move(reading), kLeaveLimit);
    static_cast<void>(done);
}

/// The same.
Task<void> tidy(const WarmRecipe& recipe, WarmEnvironment& environment, DataTidying how) {
    if (environment.connection) {
        std::string text(kWakeLine);
        auto woken = co_await tell(environment, std::move(text));
        static_cast<void>(woken);
    }
    auto tidied = co_await tidy_data(recipe.engine->api(), environment.objects, recipe.dind, how);
    static_cast<void>(tidied);
}

std::string release_text(const std::vector<std::string>& environment) {
    std::string entries;
    for (const auto& entry : environment) entries.append(entry).push_back('\0');
    return std::to_string(entries.size()) + "\n" + entries;
}

}  // namespace

WarmRecipe make_recipe(std::shared_ptr<EngineConnection> engine, const DockerSettings& docker,
                       const DindSettings& dind, const std::vector<RegistrySettings>& registries,
                       const JobEnvironment& job, WarmNeed need) {
    WarmRecipe recipe{std::move(engine),    docker, dind, registries, job, std::move(need),
                      asks_registry(docker)};
    // Never pulled: the job that takes the environment has looked at the registry itself.
    recipe.docker.pull_policy = {"never"};
    recipe.docker.allowed_pull_policies = {"never"};
    auto& copy = recipe.job;
    if (copy.image) copy.image->pull_policies.clear();
    copy.labels = labels_without_job(job);
    copy.docker_auth_config.clear();
    copy.credentials.clear();
    copy.git_mirror.reset();
    copy.state_dir.clear();
    copy.payload_file.clear();
    copy.driver_job = nullptr;
    copy.taken_up = false;
    copy.daemon_log = base::log::Scope();
    recipe.need.environment.clear();
    // The next job must not see a variable that it does not have. What an engine reads it has, with
    // the same value (WarmNeed::decisive); a container without an engine gets its variables later.
    std::erase_if(copy.environment, [&](const auto& variable) {
        return !recipe.need.engine || !is_read_by_engines(variable.name);
    });
    return recipe;
}

Task<Result<WarmNeed>> look_again(const boost::asio::any_io_executor& executor,
                                  const WarmRecipe& recipe) {
    WarmEnvironment none;
    PreparationSteps steps(nullptr);
    const PreparationContext context{*recipe.engine,    recipe.docker, recipe.dind,
                                     recipe.registries, recipe.job,    none.lines,
                                     none.objects,      steps,         true};
    Preparation preparation(executor, context);
    auto looked = co_await preparation.look();
    recipe.engine->usage().release(none.objects.base);
    if (!looked) co_return looked.error();
    auto need = preparation.need();
    if (!need) co_return need.error();
    if (!may_wait(*need, recipe.docker)) {
        co_return base::make_error(ErrorKind::kConflict, "an engine of the machine's network");
    }
    need->environment.clear();
    co_return std::move(need);
}

Task<Result<void>> make_warm(const boost::asio::any_io_executor& executor, const WarmRecipe& recipe,
                             WarmEnvironment& made) {
    PreparationSteps steps(nullptr);
    const PreparationContext context{
        *recipe.engine, recipe.docker, recipe.dind,       recipe.registries,
        recipe.job,     made.lines,    made.objects,      steps,
        true,           nullptr,       recipe.revalidates};
    Preparation preparation(executor, context);
    auto looked = co_await preparation.look();
    if (!looked) co_return looked;
    auto need = preparation.need();
    if (!need) co_return need.error();
    if (need->text != recipe.need.text) {
        co_return base::make_error(ErrorKind::kConflict,
                                   "the image " + recipe.need.image + " is another one by now");
    }
    made.lines.clear();  // the job that comes has said so much itself
    auto prepared = co_await preparation.run();
    if (!prepared) co_return prepared;
    EngineApi& api = recipe.engine->api();
    const std::vector<std::string> directories{recipe.job.project_dir, recipe.job.tmp_dir};
    auto spec = supervisor_exec(made.objects, directories, SupervisorExec::kHeld);
    const std::string hint = entrypoint_hint(made.objects);
    auto stream = co_await open_exec(api, made.objects.container, std::move(spec), hint);
    if (!stream) co_return stream.error();
    made.connection = std::move(*stream);
    auto held = co_await read_held_line(*made.connection);
    if (!held || !made.objects.engine) co_return held;
    auto finished = co_await finish_engine(api, recipe, made.objects);
    // With another PID namespace, the other processes are not the container's alone.
    if (!finished || !recipe.docker.pid_mode.empty()) co_return finished;
    std::string text(kRestLine);
    auto told = co_await tell(made, std::move(text));
    co_return told;
}

Task<Result<void>> release_warm(EngineApi& api, WarmEnvironment& environment,
                                const WarmNeed& need) {
    auto asking = api.inspect_container(environment.objects.container);
    auto state = co_await base::with_deadline<ContainerState>(std::move(asking), kCheckLimit);
    if (!state) co_return state.error();
    if (!state->running) {
        co_return base::make_error(ErrorKind::kNotFound, "its container has ended with exit code " +
                                                             std::to_string(state->exit_code));
    }
    std::string text = release_text(need.environment);
    auto written = co_await tell(environment, std::move(text));
    co_return written;
}

Task<Result<void>> remove_warm(const WarmRecipe& recipe, WarmEnvironment& environment,
                               bool in_a_hurry) {
    EngineApi& api = recipe.engine->api();
    const auto usual = environment.interrupted ? DataTidying::kInterrupted : DataTidying::kAll;
    const auto tidying = in_a_hurry ? DataTidying::kLeast : usual;
    const bool leaves = in_a_hurry && environment.connection;
    auto left = leaves ? leave_data(environment) : tidy(recipe, environment, tidying);
    co_await std::move(left);
    // Not before: without its daemon the container ends.
    if (environment.connection) environment.connection->close();
    environment.connection.reset();
    auto removing = remove_objects(api, environment.objects, false);
    auto removed = co_await base::with_deadline<void>(std::move(removing), kRemovalLimit);
    recipe.engine->usage().release(environment.objects.base);
    co_return removed;
}

}  // namespace executors::docker
