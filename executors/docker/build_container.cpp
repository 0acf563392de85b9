#include "executors/docker/build_container.hpp"

#include <utility>

#include "executors/docker/run_all.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

Task<Result<void>> BuildContainer::make(ContainerPlan plan) {
    EngineApi& api = context_.api();
    auto& objects = context_.objects;
    auto body = build_container_json(context_.docker, plan, api.at_least(44));
    if (!body) co_return body.error();
    objects.container = objects.base + "-build";
    auto creation = create(std::move(*body));
    auto created = co_await run_uncancelled(std::move(creation));
    if (!created) {
        base::Error error = created.error();
        if (error.is(ErrorKind::kInvalidInput)) error.kind = ErrorKind::kConfiguration;
        co_return error.with_context("create the job's container");
    }
    if (objects.engine) objects.engine_container = objects.container;
    auto image_files = co_await look_into_image();
    if (!image_files) co_return image_files.error();
    objects.has_git = (*image_files)->has_git;
    BuildFiles files(context_, parts_, **image_files);
    auto put = co_await files.put();
    co_return put;
}

Task<Result<void>> BuildContainer::start() {
    auto started = co_await context_.api().start_container(context_.objects.container);
    if (!started) co_return started.error().with_context("start the job's container");
    co_return Result<void>();
}

Task<Result<void>> BuildContainer::create(std::string body) {
    const std::string name = context_.objects.base + "-build";
    auto id = co_await context_.api().create_container(name, parts_.choice.image.platform,
                                                       std::move(body));
    if (!id) co_return id.error();
    context_.objects.container = *id;
    co_return Result<void>();
}

Task<Result<const ImageFiles*>> BuildContainer::look_into_image() {
    const auto& objects = context_.objects;
    const bool engine = objects.engine || objects.sidecar;
    const std::string key = parts_.image.id + (engine ? " engine" : "");
    auto& known = context_.engine.image_files();
    if (known.find(key) == known.end()) {
        auto files = co_await probe_image(context_.api(), objects.container, parts_.image, engine);
        if (!files) co_return files.error().with_context("look into the image");
        known[key] = std::move(*files);
    }
    const ImageFiles* found = &known[key];
    co_return found;
}

}  // namespace executors::docker
