#include "executors/docker/docker_executor.hpp"

#include <utility>

#include "base/log.hpp"
#include "base/stop_source.hpp"
#include "base/strings.hpp"
#include "base/task_group.hpp"
#include "executors/docker/engine_config.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/preload.hpp"
#include "executors/docker/preparation.hpp"
#include "executors/docker/run_all.hpp"
#include "executors/docker/service_log.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;
using protocol::http::ByteStream;

namespace {

constexpr const char* kEngineSocket = "/var/run/docker.sock";
/// How long an ENTRYPOINT may prepare things before it runs what it was given.
constexpr int kEntrypointSeconds = 60;
constexpr int kLogLines = 20;

class DockerExecutor final : public Executor {
  public:
    DockerExecutor(const boost::asio::any_io_executor& executor,
                   std::shared_ptr<EngineConnection> connection, const DockerSettings& docker,
                   const DindSettings& dind, const std::vector<RegistrySettings>& registries)
        : executor_(executor),
          connection_(std::move(connection)),
          docker_(docker),
          dind_(dind),
          registries_(registries),
          group_(executor) {}

    Task<Result<void>> prepare(const JobEnvironment& job, JobLog& log) override;
    Task<Result<std::unique_ptr<ByteStream>>> connect() override;
    [[nodiscard]] const EnvironmentInfo& info() const override { return info_; }
    [[nodiscard]] std::optional<ReadinessStage> readiness() const override;
    void be_quiet() override { log_ = nullptr; }
    [[nodiscard]] std::string saved_state() const override { return objects_.to_json(); }
    Task<Result<void>> restore(const JobEnvironment& job, const std::string& saved) override;
    Task<Result<void>> halt() override;
    Task<Result<void>> cleanup(std::chrono::seconds limit) override;

  private:
    EngineApi& api() { return connection_->api(); }
    void describe();
    [[nodiscard]] std::string entrypoint_hint() const;
    Task<base::Error> explain_refusal(base::Error error);
    Task<Result<void>> remove_everything();
    Task<Result<void>> remove_one(std::string id);
    Task<Result<void>> sweep();

    /// What the services of a job that is taken up again say is not shown: its log has no place for
    /// it twice.
    void follow_services(const JobEnvironment& job, JobLog& log);
    void start_preloads();
    Task<void> preload(PreloadImage image);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<EngineConnection> connection_;
    DockerSettings docker_;
    DindSettings dind_;
    std::vector<RegistrySettings> registries_;
    JobObjects objects_;
    EnvironmentInfo info_;
    std::map<std::string, std::string> sweep_labels_;
    bool interrupted_ = true;  ///< something may exist whose id we never heard
    bool connected_ = false;
    JobLog* log_ = nullptr;  ///< while services write into it
    base::TaskGroup group_;
};

Task<Result<void>> DockerExecutor::prepare(const JobEnvironment& job, JobLog& log) {
    objects_ = JobObjects{};
    interrupted_ = true;
    sweep_labels_ = job.labels;
    const Preparation::Given given{*connection_, docker_, dind_, registries_, job, log, objects_};
    Preparation preparation(executor_, given);
    auto prepared = co_await preparation.run();
    if (!prepared) co_return prepared;
    interrupted_ = false;
    describe();
    start_preloads();
    follow_services(job, log);
    co_return Result<void>();
}

void DockerExecutor::follow_services(const JobEnvironment& job, JobLog& log) {
    if (!job.debug_services) return;
    log_ = &log;
    for (const auto& [id, name] : objects_.service_names) {
        group_.spawn("log of " + name, follow_service(api(), id, name, log_));
    }
}

/// Beside the first stages, and the builder's even beside the script: who needs an image waits for
/// it inside.
void DockerExecutor::start_preloads() {
    for (const auto& image : objects_.preloads)
        group_.spawn("preload " + image.name, preload(image));
}

Task<void> DockerExecutor::preload(PreloadImage image) {
    auto copied = co_await copy_image(api(), objects_.container, image);
    if (!copied && !copied.error().is(ErrorKind::kCancelled)) {
        base::log::warning("An image could not be copied into the job's engine",
                           {{"image", image.name}, {"error", copied.error().message}});
    }
}

void DockerExecutor::describe() {
    info_ = EnvironmentInfo{};
    info_.description = objects_.hostname;
    info_.has_git = objects_.has_git;
    info_.helper = kHelper;
    info_.user = objects_.user;
    if (objects_.sidecar) {
        info_.script_environment.push_back({"DOCKER_HOST", std::string("unix://") + kEngineSocket});
    }
    if (!objects_.network.empty()) {
        info_.script_environment.push_back({"CI_BUILD_NETWORK_NAME", objects_.network});
    }
    info_.silence_hint = entrypoint_hint();
}

std::optional<ReadinessStage> DockerExecutor::readiness() const {
    if (!objects_.engine && !objects_.sidecar) return std::nullopt;
    ReadinessStage stage;
    stage.engine_socket = kEngineSocket;
    if (dind_.builder) {
        stage.script = builder_script(dind_);
        stage.ready_message = "The builder \"" + dind_.builder_name + "\" is ready and current (" +
                              base::join(dind_.builder_driver_opts, ", ") + ")";
    }
    return stage;
}

std::string DockerExecutor::entrypoint_hint() const {
    if (objects_.engine || objects_.entrypoint.empty()) return {};
    return "The ENTRYPOINT [" + base::join(objects_.entrypoint, " ") + "] of the image " +
           objects_.image +
           " did not run the command that it was given (it never got to \"$@\"): end it with exec "
           "\"$@\", or set `entrypoint: [\"\"]` for the image in the job";
}

Task<Result<std::unique_ptr<ByteStream>>> DockerExecutor::connect() {
    ExecSpec spec;
    spec.command = {kHelper, "connect", "--dir", kJobDir};
    if (objects_.engine) {
        spec.command.emplace_back("--spawn");
    }
    spec.command.emplace_back("--wait-ms");
    spec.command.push_back(std::to_string(kEntrypointSeconds * 1000));
    // The supervisor's socket belongs to the container's user; root may always use it.
    spec.user = "0";
    spec.input = true;
    const std::string hint = connected_ ? "" : entrypoint_hint();
    auto stream = co_await open_exec(api(), objects_.container, std::move(spec), hint);
    if (stream) {
        connected_ = true;
        co_return std::move(stream);
    }
    base::Error error = stream.error();
    if (error.is(ErrorKind::kConflict) || error.is(ErrorKind::kNotFound)) {
        auto explained = co_await explain_refusal(error);
        co_return explained;
    }
    co_return error;
}

/// The container does not run (any more): say how it ended, and its last words.
Task<base::Error> DockerExecutor::explain_refusal(base::Error error) {
    auto state = co_await api().inspect_container(objects_.container);
    if (!state) {
        if (!state.error().is(ErrorKind::kNotFound)) co_return error;
        co_return make_error(ErrorKind::kNotFound,
                             "the job's container is gone: somebody removed it");
    }
    if (state->running) co_return error;
    auto log = co_await api().container_log(objects_.container, kLogLines);
    std::string text =
        "the job's container ended with exit code " + std::to_string(state->exit_code);
    if (state->oom_killed) text += " (it ran out of memory)";
    if (objects_.engine) {
        text += ", and its Docker engine with it";
    } else if (const std::string hint = entrypoint_hint(); !hint.empty() && !connected_) {
        text += ". " + hint;
    }
    if (!state->error.empty()) text += ". " + state->error;
    if (log && !base::trim(*log).empty()) {
        text += ". Its last words:\n" + std::string(base::trim(*log));
    }
    co_return make_error(ErrorKind::kNotFound, text);
}

Task<Result<void>> DockerExecutor::restore(const JobEnvironment& job, const std::string& saved) {
    sweep_labels_ = job.labels;
    auto objects = JobObjects::from_json(saved);
    if (!objects) co_return objects.error();
    objects_ = std::move(*objects);
    connected_ = true;
    describe();
    auto state = co_await api().inspect_container(objects_.container);
    if (!state) co_return state.error();
    if (!state->running) {
        auto explained = co_await explain_refusal(
            make_error(ErrorKind::kNotFound, "the job's container does not run"));
        co_return explained;
    }
    interrupted_ = false;
    start_preloads();
    co_return Result<void>();
}

Task<Result<void>> DockerExecutor::halt() {
    std::vector<Task<Result<void>>> kills;
    for (const auto& id : objects_.services) kills.push_back(api().kill_container(id));
    if (!objects_.container.empty()) kills.push_back(api().kill_container(objects_.container));
    auto killed = co_await run_every(std::move(kills));
    co_return killed;
}

Task<Result<void>> DockerExecutor::cleanup(std::chrono::seconds limit) {
    be_quiet();
    group_.cancel_all();
    co_await group_.wait();
    auto work = remove_everything();
    auto removed = co_await base::with_deadline<void>(std::move(work), limit);
    if (removed) objects_ = JobObjects{};
    co_return removed;
}

Task<Result<void>> DockerExecutor::remove_everything() {
    std::vector<Task<Result<void>>> containers;
    for (const auto& id : objects_.services) containers.push_back(remove_one(id));
    if (!objects_.container.empty()) containers.push_back(remove_one(objects_.container));
    auto removed = co_await run_every(std::move(containers));
    std::vector<Task<Result<void>>> rest;
    for (const auto& name : objects_.volumes) rest.push_back(api().remove_volume(name));
    if (!objects_.network.empty()) rest.push_back(api().remove_network(objects_.network));
    auto others = co_await run_every(std::move(rest));
    if (interrupted_ && !sweep_labels_.empty()) {
        auto swept = co_await sweep();
        if (!swept) co_return swept;
        interrupted_ = false;
    }
    if (!removed) co_return removed;
    co_return others;
}

Task<Result<void>> DockerExecutor::remove_one(std::string id) {
    auto removed = co_await api().remove_container(id, docker_.volume_keep);
    co_return removed;
}

/// What was being made when the preparation was interrupted answers to its labels alone.
Task<Result<void>> DockerExecutor::sweep() {
    auto listed = co_await api().list_containers(sweep_labels_);
    if (!listed) co_return listed.error();
    std::vector<Task<Result<void>>> tasks;
    for (const auto& container : *listed) tasks.push_back(remove_one(container.id));
    auto removed = co_await run_every(std::move(tasks));
    co_return removed;
}

}  // namespace

std::unique_ptr<Executor> make_docker_executor(const boost::asio::any_io_executor& executor,
                                               std::shared_ptr<EngineConnection> connection,
                                               const DockerSettings& docker,
                                               const DindSettings& dind,
                                               const std::vector<RegistrySettings>& registries) {
    return std::make_unique<DockerExecutor>(executor, std::move(connection), docker, dind,
                                            registries);
}

}  // namespace executors::docker
