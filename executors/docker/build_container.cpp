#include "executors/docker/build_container.hpp"

#include <utility>

#include "executors/docker/run_uncancelled.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kMostKnown = 500;

/// Jobs choose images and directories: what is remembered stays bounded.
void remember(std::map<std::string, ImageFiles>& known, const std::string& key, ImageFiles files) {
    if (known.size() >= kMostKnown) known.clear();
    known[key] = std::move(files);
}

}  // namespace

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
    auto files = co_await look_into_image();
    if (!files) co_return files.error().with_context("look into the image");
    objects.has_git = files->has_git;
    ClientHome home;
    if (objects.engine || objects.sidecar) {
        home = find_client_home(context_.job, parts_.choice, parts_.image, *files);
        auto client = co_await look_for_client(*files, home);
        if (!client) co_return client.error().with_context("look into the image");
    }
    BuildFiles build_files(context_, parts_, *files, home);
    auto put = co_await build_files.put();
    co_return put;
}

Task<Result<void>> BuildContainer::put_login() {
    auto files = co_await look_into_image();
    if (!files) co_return files.error().with_context("look into the image");
    const auto home = find_client_home(context_.job, parts_.choice, parts_.image, *files);
    auto client = co_await look_for_client(*files, home);
    if (!client) co_return client.error().with_context("look into the image");
    BuildFiles build_files(context_, parts_, *files, home);
    auto put = co_await build_files.put_login();
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

Task<Result<ImageFiles>> BuildContainer::look_into_image() {
    const auto& objects = context_.objects;
    const bool engine = objects.engine || objects.sidecar;
    const std::string key = parts_.image.id + (engine ? " engine" : "");
    auto& known = context_.engine.image_files();
    if (const auto found = known.find(key); found != known.end()) co_return found->second;
    auto files = co_await probe_image(context_.api(), objects.container, parts_.image, engine);
    if (!files) co_return files.error();
    remember(known, key, *files);
    co_return std::move(files);
}

Task<Result<void>> BuildContainer::look_for_client(ImageFiles& files, const ClientHome& home) {
    const std::string key = parts_.image.id + " client " + home.directory + " " + home.buildx;
    auto& known = context_.engine.image_files();
    if (known.find(key) == known.end()) {
        auto found = co_await probe_client(context_.api(), context_.objects.container, home);
        if (!found) co_return found.error();
        remember(known, key, std::move(*found));
    }
    const ImageFiles& client = known[key];
    files.contents.insert(client.contents.begin(), client.contents.end());
    files.present.insert(files.present.end(), client.present.begin(), client.present.end());
    co_return Result<void>();
}

}  // namespace executors::docker
