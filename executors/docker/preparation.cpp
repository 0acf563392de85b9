#include "executors/docker/preparation.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "base/run_together.hpp"
#include "base/strings.hpp"
#include "executors/docker/build_plan.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/engine_files.hpp"
#include "executors/docker/mirror_seed.hpp"
#include "executors/docker/platforms.hpp"
#include "executors/docker/port_probe.hpp"
#include "executors/docker/preload.hpp"
#include "executors/docker/service_health.hpp"
#include "executors/docker/volumes.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

/// What the choice of the inner engine means for the job's objects.
void note_inner_engine(const InnerEnginePlan& plan, const ImageChoice& choice,
                       const ImageInfo& image, JobObjects& objects) {
    objects.engine = plan.place == InnerEngine::kBuildContainer;
    objects.sidecar = plan.place == InnerEngine::kSidecar;
    objects.unprivileged = plan.unprivileged;
    // For images whose ENTRYPOINT looks for an engine itself.
    if (objects.sidecar && plan.client.reaches) {
        objects.script_environment["DOCKER_HOST"] = std::string("unix://") + kEngineSocket;
    }
    for (const auto& variable : plan.client.variables) {
        objects.script_environment[variable.name] = variable.value;
    }
    if (objects.engine) {
        objects.user = choice.user;
    } else {
        objects.entrypoint = choice.image.entrypoint ? *choice.image.entrypoint : image.entrypoint;
        std::erase(objects.entrypoint, "");
    }
}

}  // namespace

Preparation::Preparation(const boost::asio::any_io_executor& executor,
                         const PreparationContext& context)
    : executor_(executor),
      context_(context),
      auth_(executor, context_.job, context_.registries, context_.log),
      puller_(context_, auth_),
      volumes_(context_),
      network_(context_),
      services_(context_, puller_, volumes_),
      sidecar_(context_, puller_, network_, volumes_),
      data_(context_) {}

Task<Result<void>> Preparation::run() {
    if (!looked_) {
        auto begun = co_await begin();
        if (!begun) co_return begun;
    }
    auto made = co_await make_volumes_and_network();
    if (!made) co_return made;
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(start_services());
    if (!looked_) tasks.push_back(obtain_image());
    auto ready = co_await base::run_together(std::move(tasks));
    if (!ready) co_return ready;
    auto engine = co_await prepare_inner_engine();
    if (!engine) co_return engine;
    auto started = co_await start_build();
    if (!started) co_return started;
    auto reported = co_await report_inner_platforms();
    co_return reported;
}

Task<Result<void>> Preparation::begin() {
    auto planned = plan();
    if (!planned) co_return planned;
    // The first request: when the engine cannot be reached, this says so and nothing else does.
    auto info = co_await context_.engine.info();
    if (!info) co_return info.error();
    reaches_networks_ = context_.api().endpoint().local && !info->is_rootless();
    co_return Result<void>();
}

Task<Result<void>> Preparation::look() {
    auto begun = co_await begin();
    if (!begun) co_return begun;
    auto image = co_await obtain_image();
    if (!image) co_return image;
    choose_engine();
    looked_ = true;
    co_return Result<void>();
}

Result<WarmNeed> Preparation::need() {
    return describe_need({.docker = context_.docker,
                          .job = context_.job,
                          .objects = context_.objects,
                          .image_id = image_.id,
                          .platform = choice_.image.platform,
                          .plan = plan_build(false),
                          .writable = volumes_.writable(),
                          .registries = declared_});
}

Result<void> Preparation::plan() {
    auto choice = choose_image(context_.job, context_.docker, context_.dind, context_.log);
    if (!choice) return choice.error();
    choice_ = std::move(*choice);
    auto& objects = context_.objects;
    objects.base = context_.job.base_name + "-" + base::random_hex(8);
    if (objects.volume_base.empty()) objects.volume_base = objects.base;
    objects.image = choice_.image.name;
    objects.hostname =
        context_.docker.hostname.empty() ? context_.job.base_name : context_.docker.hostname;
    auto volumes = volumes_.plan();
    if (!volumes) return volumes;
    auto services = plan_services(context_.job, context_.docker, objects.base);
    if (!services) return services.error();
    for (const auto& text : services->warnings) context_.log.warning(text);
    planned_services_ = std::move(services->services);
    auto declared = read_registries(context_.registries);
    if (!declared) return declared.error();
    declared_ = std::move(*declared);
    return {};
}

Task<Result<void>> Preparation::make_volumes_and_network() {
    const PreparationSteps::Step step(context_.steps, "creating_user_volumes");
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(volumes_.make());
    tasks.push_back(network_.make());
    auto made = co_await base::run_together(std::move(tasks));
    co_return made;
}

Task<Result<void>> Preparation::start_services() {
    if (planned_services_.empty()) co_return Result<void>();
    const PreparationSteps::Step step(context_.steps, "creating_services");
    const auto surroundings = make_surroundings(context_, network_, volumes_);
    auto started = co_await services_.start(std::move(planned_services_), surroundings);
    co_return started;
}

Task<Result<void>> Preparation::obtain_image() {
    auto image = co_await puller_.obtain(choice_.image);
    if (!image) co_return image.error();
    image_ = std::move(*image);
    const PreparationSteps::Step step(context_.steps, "creating_build_volumes");
    auto volume = co_await context_.engine.helper_volume(image_.id);
    if (!volume) co_return volume.error();
    helper_volume_ = *volume;
    context_.engine.usage().use_volume(context_.objects.base, helper_volume_);
    co_return Result<void>();
}

Task<Result<void>> Preparation::prepare_inner_engine() {
    auto& objects = context_.objects;
    if (!looked_) choose_engine();
    if (!objects.engine && !objects.sidecar) co_return Result<void>();
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(find_preloads());
    tasks.push_back(data_.make(volumes_.binds()));
    auto found = co_await base::run_together(std::move(tasks));
    if (!found || !objects.sidecar) co_return found;
    auto beside = co_await sidecar_.start(declared_, engine_, helper_volume_, data_.get());
    co_return beside;
}

Task<Result<void>> Preparation::find_preloads() {
    auto preloads = co_await plan_preloads(context_.api(), puller_, context_.dind, context_.log);
    if (!preloads) co_return preloads.error();
    context_.objects.preloads = std::move(*preloads);
    auto chosen = co_await choose_builder_volume();
    co_return chosen;
}

Task<Result<void>> Preparation::choose_builder_volume() {
    auto& objects = context_.objects;
    const auto builder =
        std::find_if(objects.preloads.begin(), objects.preloads.end(),
                     [](const PreloadImage& preload) { return preload.mark == kBuilderMark; });
    // A data root that an administrator keeps has the image after its first job, and stays his.
    // An engine that does not run as root has its data elsewhere.
    const bool own =
        !is_mounted(volumes_.binds(), kDataRoot) && (objects.sidecar || runs_as_root({}, image_));
    if (builder == objects.preloads.end() || !own || !context_.docker.runtime.empty()) {
        co_return Result<void>();
    }
    std::string engine_image = image_.id;
    if (objects.sidecar) {
        auto beside = co_await context_.api().inspect_image(context_.dind.image);
        if (!beside && beside.error().is(base::ErrorKind::kNotFound)) co_return Result<void>();
        if (!beside) co_return beside.error();
        engine_image = beside->id;
    }
    BuilderVolume volume{builder_volume_name(engine_image, builder->id), engine_image,
                         helper_volume_};
    context_.engine.usage().use_volume(objects.base, volume.name);
    auto made = co_await context_.engine.builder_volumes().make(volume, *builder);
    if (made) objects.builder_volume = std::move(volume);
    co_return made;
}

void Preparation::choose_engine() {
    auto& objects = context_.objects;
    engine_ = plan_inner_engine({.docker = context_.docker,
                                 .dind = context_.dind,
                                 .job = context_.job,
                                 .choice = choice_,
                                 .image = image_,
                                 .services = services_.started(),
                                 .binds = volumes_.binds(),
                                 .hostname = objects.hostname,
                                 .network_mode = network_.mode()});
    note_inner_engine(engine_, choice_, image_, objects);
    if (!engine_.note.empty()) context_.log.print(engine_.note);
    for (const auto& text : engine_.warnings) context_.log.warning(text);
    const bool own = objects.engine || objects.sidecar;
    objects.builder = own && context_.dind.builder && engine_.client.reaches;
    objects.builder_anywhere = !engine_.client.by_default;
    if (objects.engine && choice_.image.entrypoint) {
        // The engine replaces the image's CMD together with its ENTRYPOINT.
        image_.entrypoint = *choice_.image.entrypoint;
        image_.command.clear();
    }
}

BuildParts Preparation::parts() {
    return {choice_, image_, declared_, volumes_.writable(), volumes_.binds(), network_, auth_};
}

Task<Result<void>> Preparation::complete() {
    if (!context_.objects.engine) co_return Result<void>();
    BuildContainer build(context_, parts());
    auto put = co_await build.put_login();
    co_return put;
}

Task<Result<void>> Preparation::start_build() {
    const PreparationSteps::Step step(context_.steps, "bootstrap");
    BuildContainer build(context_, parts());
    JobGit git(context_, image_);
    MadeFlag made(executor_);
    MirrorSeed seed(context_, image_.id, helper_volume_, volumes_.new_builds());
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(make(build, git, made));
    tasks.push_back(seed.run(made));
    tasks.push_back(start_when_ready(build, git, made));
    auto started = co_await base::run_together(std::move(tasks));
    // The helper's volume may have been removed, or the engine replaced: the next preparation asks
    // for both again.
    if (!started) context_.engine.forget();
    co_return started;
}

Task<Result<void>> Preparation::make(BuildContainer& build, JobGit& git, MadeFlag& made) {
    auto done = co_await build.make(plan_build(context_.held));
    if (!done) co_return done;
    done = co_await git.before_start();
    if (!done) co_return done;
    made.set();
    co_return done;
}

Task<Result<void>> Preparation::start_when_ready(BuildContainer& build, JobGit& git,
                                                 MadeFlag& made) {
    // An ENTRYPOINT such as that of docker:cli looks at once for what the services have made.
    auto done = co_await await_services();
    if (!done) co_return done;
    co_await made.wait();
    done = co_await build.start();
    if (!done) co_return done;
    done = co_await git.after_start();
    co_return done;
}

Task<Result<void>> Preparation::await_services() {
    PortProbe probe(context_.api(), helper_volume_, context_.job.labels, context_.objects.services);
    ServiceHealth health(context_.api(), context_.docker, context_.log, reaches_networks_, probe);
    const auto awaited = awaited_services();
    auto ready = co_await health.wait(awaited);
    co_return ready;
}

std::vector<StartedService> Preparation::awaited_services() const {
    auto awaited = services_.started();
    // Scripts wait for the engine beside the job in any case; an ENTRYPOINT could not.
    const auto& engine = sidecar_.started();
    if (!context_.objects.entrypoint.empty()) {
        awaited.insert(awaited.end(), engine.begin(), engine.end());
    }
    return awaited;
}

ContainerPlan Preparation::plan_build(bool held) {
    BuildPlanInput input{context_.dind,
                         context_.job,
                         context_.objects,
                         choice_,
                         image_,
                         engine_.client,
                         engine_.name,
                         network_.mode(),
                         network_.has_names(),
                         volumes_.binds(),
                         all_extra_hosts(context_),
                         services_.host_entries()};
    input.binds.push_back(helper_volume_ + ":/.runner:ro");
    const std::string builder = builder_volume_bind(context_.objects.builder_volume);
    if (context_.objects.engine && !builder.empty()) input.binds.push_back(builder);
    input.direct_hosts = direct_hosts(context_.registries);
    input.data = data_.get();
    input.held = held;
    for (auto& entry : sidecar_.host_entries()) input.service_hosts.push_back(std::move(entry));
    return plan_build_container(input);
}

Task<Result<void>> Preparation::report_inner_platforms() {
    const auto& objects = context_.objects;
    if (!objects.engine && !objects.sidecar) co_return Result<void>();
    PlatformSearch search{context_.engine,   context_.dind,  context_.registries,
                          objects.container, helper_volume_, context_.job.labels};
    auto reported = co_await report_platforms(executor_, std::move(search), context_.log);
    co_return reported;
}

}  // namespace executors::docker
