#include "executors/docker/docker_executor.hpp"

#include <utility>

#include "base/stop_source.hpp"
#include "base/task_group.hpp"
#include "executors/docker/engine_data.hpp"
#include "executors/docker/environment_info.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/job_objects.hpp"
#include "executors/docker/job_removal.hpp"
#include "executors/docker/preload.hpp"
#include "executors/docker/preparation.hpp"
#include "executors/docker/service_log.hpp"
#include "executors/docker/supervisor_exec.hpp"
#include "executors/docker/warm_start.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;
using protocol::http::ByteStream;

namespace {

class DockerExecutor final : public Executor {
  public:
    DockerExecutor(const boost::asio::any_io_executor& executor,
                   std::shared_ptr<EngineConnection> connection, const DockerSettings& docker,
                   const DindSettings& dind, const std::vector<RegistrySettings>& registries,
                   std::shared_ptr<WarmPool> pool)
        : executor_(executor),
          connection_(std::move(connection)),
          warm_(std::move(pool), connection_),
          docker_(docker),
          dind_(dind),
          registries_(registries),
          group_(executor) {}

    ~DockerExecutor() override { connection_->usage().release(objects_.base); }
    DockerExecutor(const DockerExecutor&) = delete;
    DockerExecutor& operator=(const DockerExecutor&) = delete;

    void observe(ExecutorObserver& observer) override { observer_ = &observer; }
    Task<Result<void>> prepare(const JobEnvironment& job, JobLog& log) override;
    Task<Result<std::unique_ptr<ByteStream>>> connect() override;
    [[nodiscard]] const EnvironmentInfo& info() const override { return info_; }
    [[nodiscard]] std::optional<ReadinessStage> readiness() const override {
        return engine_readiness(objects_, dind_);
    }
    Task<std::string> describe_engine() override;
    [[nodiscard]] bool can_renew() const override { return true; }
    Task<Result<void>> renew(const JobEnvironment& job, JobLog& log) override;
    void on_clone(const GitClone& clone) override;
    void be_quiet() override { log_ = nullptr; }
    [[nodiscard]] std::string saved_state() const override;
    Task<Result<void>> restore(const JobEnvironment& job, const std::string& saved) override;
    Task<Result<void>> halt() override;
    Task<Result<void>> cleanup(std::chrono::seconds limit) override;

  private:
    EngineApi& api() { return connection_->api(); }
    /// `objects_` may have the volumes that an earlier container of the job had.
    Task<Result<void>> make_environment(const JobEnvironment& job, JobLog& log);
    Task<Result<void>> remove_everything();
    void hold_objects();
    /// Shows the output of services in the job log (CI_DEBUG_SERVICES). Not for a job that was
    /// restored: its log has that output already.
    void follow_services(const JobEnvironment& job, JobLog& log);
    void start_preloads();
    Task<void> preload(PreloadImage image);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<EngineConnection> connection_;
    WarmStart warm_;
    DockerSettings docker_;
    DindSettings dind_;
    std::vector<RegistrySettings> registries_;
    JobObjects objects_;
    EnvironmentInfo info_;
    base::log::Scope daemon_log_;
    ExecutorObserver* observer_ = nullptr;
    std::map<std::string, std::string> job_labels_;
    std::vector<std::string> job_directories_;
    std::optional<GitMirrorSource> mirror_source_;
    bool interrupted_ = true;  ///< containers may exist whose id was never received
    bool connected_ = false;   ///< the supervisor has answered once
    JobLog* log_ = nullptr;    ///< not null while services write into it
    base::TaskGroup group_;
};

Task<Result<void>> DockerExecutor::prepare(const JobEnvironment& job, JobLog& log) {
    connection_->usage().release(objects_.base);
    objects_ = JobObjects{};
    if (job.taken_up) {
        auto removed = co_await remove_leftovers_of_job(api(), job.labels);
        if (!removed) co_return removed;
    }
    auto made = co_await make_environment(job, log);
    co_return made;
}

/// The services are made anew, too: the script begins again, and finds them as at its first begin.
/// The volumes stay, because the sources are on them.
Task<Result<void>> DockerExecutor::renew(const JobEnvironment& job, JobLog& log) {
    log.warning("Container \"" + objects_.container + "\" not found or removed. Will retry...");
    be_quiet();
    group_.cancel_all();
    co_await group_.wait();
    warm_.ended(std::exchange(objects_.data_volume, {}));
    connection_->usage().release(objects_.base);
    JobObjects kept;
    kept.volume_base = objects_.volume_base;
    kept.volumes = std::exchange(objects_.volumes, {});
    interrupted_ = true;
    auto removed = co_await remove_everything();
    objects_ = std::move(kept);
    if (!removed) co_return removed;
    connected_ = false;
    auto made = co_await make_environment(job, log);
    co_return made;
}

Task<Result<void>> DockerExecutor::make_environment(const JobEnvironment& job, JobLog& log) {
    interrupted_ = true;
    daemon_log_ = job.daemon_log;
    job_labels_ = job.labels;
    job_directories_ = {job.project_dir, job.tmp_dir};
    mirror_source_ = job.git_mirror;
    PreparationSteps steps(observer_);
    const PreparationContext context{
        *connection_, docker_, dind_,        registries_,           job, log, objects_,
        steps,        false,   warm_.pool(), asks_registry(docker_)};
    Preparation preparation(executor_, context);
    auto taken = co_await warm_.try_take(preparation, context);
    if (!taken) co_return taken.error();
    if (!*taken) {
        auto prepared = co_await preparation.run();
        if (!prepared) co_return prepared;
    }
    warm_.note_prepared(context);
    interrupted_ = false;
    info_ = describe_environment(objects_);
    start_preloads();
    follow_services(job, log);
    co_return Result<void>();
}

void DockerExecutor::follow_services(const JobEnvironment& job, JobLog& log) {
    if (!job.debug_services) return;
    log_ = &log;
    for (const auto& [id, name] : objects_.service_names) {
        group_.spawn("log of " + name, follow_service(api(), id, name, log_, daemon_log_));
    }
}

void DockerExecutor::on_clone(const GitClone& clone) {
    const JobMirror& mirror = objects_.mirror;
    if (!mirror_source_ || mirror.volume.empty()) return;
    const auto wanted = filling_after(docker_.git_mirror, clone, mirror.seed_bytes);
    if (wanted == MirrorFilling::kNone) return;
    GitMirrors::Filling filling;
    filling.source = *mirror_source_;
    filling.docker = docker_;
    filling.image = mirror.image;
    filling.architecture = mirror.architecture;
    filling.labels = job_labels_;
    filling.renew = wanted == MirrorFilling::kRenew;
    connection_->git_mirrors().fill_later(std::move(filling));
}

/// Images are copied while the first stages run, the builder's even while the script runs: programs
/// in the job that need an image wait for it.
void DockerExecutor::start_preloads() {
    for (const auto& image : objects_.preloads)
        group_.spawn("preload " + image.name, preload(image));
}

Task<void> DockerExecutor::preload(PreloadImage image) {
    auto copied = co_await copy_image(api(), objects_.container, image);
    if (copied && *copied && image.mark == kBuilderMark && !objects_.builder_volume.name.empty()) {
        connection_->builder_volumes().fill_later(objects_.builder_volume, std::move(image),
                                                  job_labels_);
        co_return;
    }
    if (!copied && !copied.error().is(ErrorKind::kCancelled)) {
        daemon_log_.warning("An image could not be copied into the job's engine",
                            {{"image", image.name}, {"error", copied.error().message}});
    }
}

Task<Result<std::unique_ptr<ByteStream>>> DockerExecutor::connect() {
    if (auto ready = warm_.take_connection()) {
        connected_ = true;
        co_return std::move(ready);
    }
    auto spec = supervisor_exec(objects_, job_directories_,
                                connected_ ? SupervisorExec::kAgain : SupervisorExec::kFirst);
    const std::string hint = connected_ ? "" : entrypoint_hint(objects_);
    auto stream = co_await open_exec(api(), objects_.container, std::move(spec), hint);
    if (stream) {
        connected_ = true;
        co_return std::move(stream);
    }
    base::Error error = stream.error();
    if (error.is(ErrorKind::kConflict) || error.is(ErrorKind::kNotFound)) {
        auto explained = co_await explain_refusal(api(), objects_, hint, error);
        co_return explained;
    }
    co_return error;
}

std::string DockerExecutor::saved_state() const {
    JobObjects saved = objects_;
    const auto used = connection_->usage().used_by(objects_.base);
    saved.used_volumes.assign(used.volumes.begin(), used.volumes.end());
    saved.used_images.assign(used.images.begin(), used.images.end());
    return saved.to_json();
}

/// As the preparation did before the restart. States of former versions lack the lists.
void DockerExecutor::hold_objects() {
    EngineUsage& usage = connection_->usage();
    for (const auto& volume : objects_.used_volumes) usage.use_volume(objects_.base, volume);
    for (const auto& image : objects_.used_images) usage.use_image(objects_.base, image);
    for (const auto& volume : {objects_.data_volume, objects_.builder_volume.name}) {
        if (!volume.empty()) usage.use_volume(objects_.base, volume);
    }
}

Task<Result<void>> DockerExecutor::restore(const JobEnvironment& job, const std::string& saved) {
    daemon_log_ = job.daemon_log;
    job_labels_ = job.labels;
    mirror_source_ = job.git_mirror;
    auto objects = JobObjects::from_json(saved);
    if (!objects) co_return objects.error();
    objects_ = std::move(*objects);
    hold_objects();
    connected_ = true;
    info_ = describe_environment(objects_);
    auto state = co_await api().inspect_container(objects_.container);
    if (!state) co_return state.error();
    if (!state->running) {
        auto stopped = make_error(ErrorKind::kNotFound, "the job's container does not run");
        auto explained = co_await explain_refusal(api(), objects_, "", std::move(stopped));
        co_return explained;
    }
    interrupted_ = false;
    start_preloads();
    // Uses are recorded under the engine's id.
    auto known = co_await connection_->info();
    if (!known) {
        daemon_log_.debug("The use of volumes and images is not recorded",
                          {{"error", known.error().message}});
    }
    co_return Result<void>();
}

Task<std::string> DockerExecutor::describe_engine() {
    auto text = co_await finish_data(api(), objects_);
    co_return text;
}

Task<Result<void>> DockerExecutor::halt() {
    auto tidied = co_await tidy_data(api(), objects_, dind_, DataTidying::kAll);
    if (!tidied) {
        daemon_log_.debug("The data of the job's engine is left as it is",
                          {{"error", tidied.error().message}});
    }
    auto killed = co_await kill_containers(api(), objects_);
    warm_.ended(std::exchange(objects_.data_volume, {}));
    co_return killed;
}

Task<Result<void>> DockerExecutor::cleanup(std::chrono::seconds limit) {
    be_quiet();
    group_.cancel_all();
    co_await group_.wait();
    auto work = remove_everything();
    auto removed = co_await base::with_deadline<void>(std::move(work), limit);
    warm_.ended(std::exchange(objects_.data_volume, {}));
    connection_->usage().release(objects_.base);
    if (removed) objects_ = JobObjects{};
    co_return removed;
}

Task<Result<void>> DockerExecutor::remove_everything() {
    auto removed = co_await remove_objects(api(), objects_, docker_.volume_keep);
    if (interrupted_ && !job_labels_.empty()) {
        auto swept = co_await remove_labelled(api(), job_labels_, docker_.volume_keep);
        if (!swept) co_return swept;
        interrupted_ = false;
    }
    co_return removed;
}

}  // namespace

std::unique_ptr<Executor> make_docker_executor(const boost::asio::any_io_executor& executor,
                                               std::shared_ptr<EngineConnection> connection,
                                               const DockerSettings& docker,
                                               const DindSettings& dind,
                                               const std::vector<RegistrySettings>& registries,
                                               std::shared_ptr<WarmPool> pool) {
    return std::make_unique<DockerExecutor>(executor, std::move(connection), docker, dind,
                                            registries, std::move(pool));
}

}  // namespace executors::docker
