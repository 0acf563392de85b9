#include "executors/docker/preparation.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "base/strings.hpp"
#include "executors/docker/build_container.hpp"
#include "executors/docker/build_plan.hpp"
#include "executors/docker/engine_files.hpp"
#include "executors/docker/platforms.hpp"
#include "executors/docker/preload.hpp"
#include "executors/docker/run_all.hpp"
#include "executors/docker/service_health.hpp"

namespace executors::docker {

using base::Result;
using base::Task;

namespace {

/// What the choice of the inner engine means for the job's objects.
void note_inner_engine(InnerEngine inner, const ImageChoice& choice, const ImageInfo& image,
                       JobObjects& objects) {
    objects.engine = inner == InnerEngine::kBuildContainer;
    objects.sidecar = inner == InnerEngine::kSidecar;
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
      puller_(context_.api(), context_.docker, auth_, context_.log),
      volumes_(context_),
      network_(context_),
      services_(context_, puller_),
      sidecar_(context_, puller_, network_, volumes_) {}

Task<Result<void>> Preparation::run() {
    auto planned = plan();
    if (!planned) co_return planned;
    // The first request: when the engine cannot be reached, this says so and nothing else does.
    auto info = co_await context_.engine.info();
    if (!info) co_return info.error();
    auto made = co_await make_volumes_and_network();
    if (!made) co_return made;
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(start_services());
    tasks.push_back(obtain_image());
    auto ready = co_await run_all(std::move(tasks));
    if (!ready) co_return ready;
    auto engine = co_await prepare_inner_engine();
    if (!engine) co_return engine;
    auto started = co_await start_containers();
    co_return started;
}

Result<void> Preparation::plan() {
    auto choice = choose_image(context_.job, context_.docker, context_.dind, context_.log);
    if (!choice) return choice.error();
    choice_ = std::move(*choice);
    auto& objects = context_.objects;
    objects.base = context_.job.base_name + "-" + base::random_hex(8);
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
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(volumes_.make());
    tasks.push_back(network_.make());
    auto made = co_await run_all(std::move(tasks));
    co_return made;
}

Task<Result<void>> Preparation::start_services() {
    const auto surroundings = make_surroundings(context_, network_, volumes_);
    auto started = co_await services_.start(std::move(planned_services_), surroundings);
    co_return started;
}

Task<Result<void>> Preparation::obtain_image() {
    auto image = co_await puller_.obtain(choice_.image);
    if (!image) co_return image.error();
    image_ = std::move(*image);
    auto volume = co_await context_.engine.helper_volume(image_.id);
    if (!volume) co_return volume.error();
    helper_volume_ = *volume;
    co_return Result<void>();
}

Task<Result<void>> Preparation::prepare_inner_engine() {
    auto& objects = context_.objects;
    note_inner_engine(choose_inner_engine(context_.dind, choice_, image_), choice_, image_,
                      objects);
    if (objects.engine) {
        context_.log.print(
            "The image runs a Docker engine of its own: started by its ENTRYPOINT [" +
            base::join(image_.entrypoint, " ") + "]");
    }
    if (!objects.engine && !objects.sidecar) co_return Result<void>();
    auto preloads = co_await plan_preloads(context_.api(), puller_, context_.dind, context_.log);
    objects.preloads = std::move(preloads);
    if (!objects.sidecar) co_return Result<void>();
    auto beside = co_await sidecar_.start(declared_);
    co_return beside;
}

Task<Result<void>> Preparation::start_containers() {
    const auto& objects = context_.objects;
    ServiceHealth health(context_.api(), context_.docker, context_.log);
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(health.wait(services_.started()));
    tasks.push_back(start_build());
    auto started = co_await run_all(std::move(tasks));
    if (!started) {
        // The helper's volume may have been removed, or the engine replaced: the next preparation
        // asks for both again.
        context_.engine.forget();
        co_return started;
    }
    if (objects.engine || objects.sidecar) {
        PlatformSearch search{context_.engine, context_.dind, objects.container, helper_volume_,
                              context_.job.labels};
        auto reported = co_await report_platforms(executor_, std::move(search), context_.log);
        if (!reported) co_return reported;
    }
    co_return started;
}

Task<Result<void>> Preparation::start_build() {
    BuildPlanInput input{context_.dind,
                         context_.job,
                         context_.objects,
                         choice_,
                         image_,
                         network_.mode(),
                         volumes_.binds(),
                         all_extra_hosts(context_),
                         services_.host_entries()};
    input.binds.push_back(helper_volume_ + ":/.runner:ro");
    input.direct_hosts = direct_hosts(context_.registries);
    for (auto& entry : sidecar_.host_entries()) input.service_hosts.push_back(std::move(entry));
    const BuildParts parts{choice_, image_, declared_, volumes_.writable(), network_, auth_};
    BuildContainer build(context_, parts);
    auto started = co_await build.start(plan_build_container(input));
    co_return started;
}

}  // namespace executors::docker
