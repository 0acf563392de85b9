#include "executors/docker/docker_executor.hpp"

#include <chrono>

#include "base/stop_source.hpp"
#include "executors/docker/engine_config.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/preparation.hpp"
#include "executors/docker/run_all.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;

namespace {

constexpr int kLogLines = 20;
constexpr const char* kEntrypointPatienceMs = "30000";

/// What is gone already is as good as removed.
Result<void> unless_gone(Result<void> result) {
    if (!result && result.error().is(ErrorKind::kNotFound)) return {};
    return result;
}

Task<Result<void>> remove_container(EngineApi& api, std::string id, bool keep_volumes) {
    auto removed = co_await api.remove_container(std::move(id), keep_volumes);
    co_return unless_gone(std::move(removed));
}

Task<Result<void>> remove_volume(EngineApi& api, std::string name) {
    auto removed = co_await api.remove_volume(std::move(name));
    co_return unless_gone(std::move(removed));
}

Task<Result<void>> remove_network(EngineApi& api, std::string id) {
    auto removed = co_await api.remove_network(std::move(id));
    co_return unless_gone(std::move(removed));
}

class DockerExecutor final : public Executor {
  public:
    DockerExecutor(const boost::asio::any_io_executor& executor,
                   std::shared_ptr<EngineConnection> connection, const DockerSettings& docker,
                   const DindSettings& dind, const std::vector<RegistrySettings>& registries)
        : executor_(executor),
          connection_(std::move(connection)),
          docker_(docker),
          dind_(dind),
          registries_(registries) {}

    Task<Result<void>> prepare(const JobEnvironment& job, JobLog& log) override {
        objects_ = {};
        Preparation preparation(executor_, {.engine = *connection_,
                                            .docker = docker_,
                                            .dind = dind_,
                                            .registries = registries_,
                                            .job = job,
                                            .log = log,
                                            .objects = objects_});
        auto made = co_await preparation.run();
        if (made) describe();
        co_return std::move(made);
    }

    Task<Result<std::unique_ptr<protocol::http::ByteStream>>> connect() override {
        ExecSpec spec;
        spec.command = {kHelper, "connect", "--dir", kJobDir, "--wait-ms", kEntrypointPatienceMs};
        if (objects_.engine) spec.command.emplace_back("--spawn");
        spec.user = "0";
        spec.input = true;
        auto stream = co_await open_exec(connection_->api(), objects_.container, std::move(spec));
        if (stream) co_return std::move(*stream);
        const base::Error failure = stream.error();
        auto explained = co_await explain(failure);
        co_return explained;
    }

    const EnvironmentInfo& info() const override { return info_; }

    std::optional<ReadinessStage> readiness() const override {
        if (!objects_.engine && !objects_.sidecar) return std::nullopt;
        ReadinessStage stage;
        stage.engine_socket =
            objects_.engine ? "/var/run/docker.sock" : std::string(kEngineDir) + "/docker.sock";
        if (dind_.builder) {
            stage.script = builder_script(dind_, objects_.has_buildkitd_config);
            stage.ready_message = "The Docker engine answers; builder \"" + dind_.builder_name +
                                  "\" is current and boots with the first build";
        } else {
            stage.ready_message = "The Docker engine answers";
        }
        return stage;
    }

    std::string saved_state() const override { return objects_.to_json(); }

    Task<Result<void>> restore(const JobEnvironment&, const std::string& saved) override {
        auto objects = JobObjects::from_json(saved);
        if (!objects) co_return objects.error();
        objects_ = std::move(*objects);
        describe();
        auto state = co_await connection_->api().inspect_container(objects_.container);
        if (!state) co_return state.error();
        if (!state->running) {
            co_return make_error(ErrorKind::kNotFound, "the job's container has ended with exit code " +
                                                           std::to_string(state->exit_code));
        }
        co_return Result<void>();
    }

    Task<Result<void>> cleanup(std::chrono::seconds limit) override {
        auto removing = remove_everything();
        auto removed = co_await base::with_deadline(std::move(removing), limit);
        if (removed) objects_ = {};
        co_return std::move(removed);
    }

  private:
    void describe() {
        info_.description = objects_.hostname;
        info_.has_git = objects_.has_git;
        info_.user = objects_.user;
        info_.shared = false;
        info_.script_environment = {{"RUNNER_BUILDER_NAME", dind_.builder_name}};
        if (objects_.sidecar) {
            info_.script_environment.push_back(
                {"DOCKER_HOST", std::string("unix://") + kEngineDir + "/docker.sock"});
        }
    }

    /// An exec that fails says little: what became of the container says more.
    Task<base::Error> explain(base::Error failure) {
        auto state = co_await connection_->api().inspect_container(objects_.container);
        if (!state) co_return state.error().with_context("the job's container is gone");
        auto tail = co_await connection_->api().container_log(objects_.container, kLogLines);
        const std::string said = tail && !tail->empty() ? "; its last output: " + *tail : std::string();
        if (!state->running) {
            co_return make_error(ErrorKind::kNotFound,
                                 "the container of image " + objects_.image + " has ended with exit code " +
                                     std::to_string(state->exit_code) +
                                     " before the script could start" + said);
        }
        if (objects_.engine) co_return failure;
        std::string entrypoint;
        for (const std::string& word : objects_.entrypoint) entrypoint += " " + word;
        co_return make_error(
            ErrorKind::kConfiguration,
            "the ENTRYPOINT" + entrypoint + " of image " + objects_.image +
                " has not run its arguments (`exec \"$@\"`): set `image:entrypoint: [\"\"]` in the job, "
                "or repair the ENTRYPOINT" + said);
    }

    Task<Result<void>> remove_everything() {
        auto& api = connection_->api();
        std::vector<Task<Result<void>>> containers;
        if (!objects_.container.empty()) {
            containers.push_back(remove_container(api, objects_.container, docker_.volume_keep));
        }
        for (const std::string& service : objects_.services) {
            containers.push_back(remove_container(api, service, docker_.volume_keep));
        }
        auto removed = co_await run_every(std::move(containers));
        std::vector<Task<Result<void>>> rest;
        for (const std::string& volume : objects_.volumes) rest.push_back(remove_volume(api, volume));
        if (!objects_.network.empty()) rest.push_back(remove_network(api, objects_.network));
        auto others = co_await run_every(std::move(rest));
        if (!removed) co_return removed.error();
        co_return std::move(others);
    }

    boost::asio::any_io_executor executor_;
    std::shared_ptr<EngineConnection> connection_;
    DockerSettings docker_;
    DindSettings dind_;
    std::vector<RegistrySettings> registries_;
    JobObjects objects_;
    EnvironmentInfo info_;
};

std::string label_of(const Listed& thing, const std::string& name) {
    const auto found = thing.labels.find("com.gitlab.gitlab-runner." + name);
    return found == thing.labels.end() ? std::string() : found->second;
}

/// Belongs to a job that is over, and is nothing that later jobs reuse.
bool is_leftover(const Listed& thing, const std::set<std::int64_t>& live_jobs) {
    const std::string job = label_of(thing, "job.id");
    if (job.empty() || label_of(thing, "reusable") == "true") return false;
    return live_jobs.count(std::atoll(job.c_str())) == 0;
}

}  // namespace

std::unique_ptr<Executor> make_docker_executor(const boost::asio::any_io_executor& executor,
                                               std::shared_ptr<EngineConnection> connection,
                                               const DockerSettings& docker, const DindSettings& dind,
                                               const std::vector<RegistrySettings>& registries) {
    return std::make_unique<DockerExecutor>(executor, std::move(connection), docker, dind, registries);
}

Task<Result<int>> remove_leftovers(std::shared_ptr<EngineConnection> connection,
                                   std::map<std::string, std::string> labels,
                                   std::set<std::int64_t> live_jobs) {
    auto& api = connection->api();
    int count = 0;
    auto containers = co_await api.list_containers(labels);
    if (!containers) co_return containers.error();
    for (const Listed& container : *containers) {
        if (!is_leftover(container, live_jobs)) continue;
        auto removed = co_await remove_container(api, container.id, false);
        if (!removed) co_return removed.error().with_context("container " + container.name);
        ++count;
    }
    auto networks = co_await api.list_networks(labels);
    if (!networks) co_return networks.error();
    for (const Listed& network : *networks) {
        if (!is_leftover(network, live_jobs)) continue;
        auto removed = co_await remove_network(api, network.id);
        if (!removed) co_return removed.error().with_context("network " + network.name);
        ++count;
    }
    auto volumes = co_await api.list_volumes(labels);
    if (!volumes) co_return volumes.error();
    for (const Listed& volume : *volumes) {
        if (!is_leftover(volume, live_jobs)) continue;
        auto removed = co_await remove_volume(api, volume.name);
        if (!removed) co_return removed.error().with_context("volume " + volume.name);
        ++count;
    }
    co_return count;
}

}  // namespace executors::docker
