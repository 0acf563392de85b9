#include "executors/docker/preparation.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"
#include "base/random.hpp"
#include "base/strings.hpp"
#include "executors/docker/dial.hpp"
#include "executors/docker/image_rules.hpp"
#include "executors/docker/platforms.hpp"
#include "executors/docker/run_all.hpp"
#include "executors/docker/service_plan.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;
using nlohmann::json;

namespace {

constexpr std::string_view kPrefix = "com.gitlab.gitlab-runner.";
constexpr const char* kMtuOption = "com.docker.network.driver.mtu";

}  // namespace

Preparation::Preparation(const boost::asio::any_io_executor& executor, const Given& given)
    : executor_(executor),
      given_(given),
      api_(given.engine.api()),
      auth_(executor, given.job, given.registries, given.log),
      puller_(api_, given.docker, auth_, given.log),
      services_(api_, puller_, given.docker, given.job, given.objects, given.log),
      sidecar_(api_, puller_, given.docker, given.job, given.objects, given.log) {}

Task<Result<void>> Preparation::run() {
    auto chosen = choose_image();
    if (!chosen) co_return chosen;
    auto planned = plan();
    if (!planned) co_return planned;
    // The first word with the engine: without one, its sentence comes before everything else's.
    auto info = co_await given_.engine.info();
    if (!info) co_return info.error();
    auto surroundings = co_await make_surroundings();
    if (!surroundings) co_return surroundings;
    const ServiceSurroundings around{.binds = volumes_.binds,
                                     .extra_hosts = extra_hosts(),
                                     .network = network_,
                                     .user_network = !given_.objects.network.empty()};
    std::vector<Task<Result<void>>> tasks;
    tasks.push_back(services_.start(planned_services_, around));
    tasks.push_back(obtain_image());
    auto ready = co_await run_all(std::move(tasks));
    if (!ready) co_return ready;
    auto decided = decide_engine();
    if (!decided) co_return decided;
    auto preloads = co_await plan_preloads();
    if (!preloads) co_return preloads;
    if (given_.objects.sidecar) {
        auto beside = co_await start_sidecar();
        if (!beside) co_return beside;
    }
    std::vector<Task<Result<void>>> last;
    last.push_back(services_.wait_healthy());
    last.push_back(start_build());
    auto started = co_await run_all(std::move(last));
    // A pruned or foreign helper volume shows here; the next try looks again.
    if (!started) {
        given_.engine.forget();
        co_return started;
    }
    if (given_.objects.engine || given_.objects.sidecar) {
        PlatformSearch search{given_.engine, given_.dind, given_.objects.container, helper_volume_,
                              given_.job.labels};
        co_await tell_platforms(executor_, std::move(search), given_.log);
    }
    co_return started;
}

Result<void> Preparation::choose_image() {
    const auto& docker = given_.docker;
    const bool own = !given_.job.image || given_.job.image->name.empty();
    if (given_.job.image) image_ = *given_.job.image;
    if (own) image_.name = docker.image;
    if (image_.name.empty()) {
        return make_error(
            ErrorKind::kConfiguration,
            "no Docker image specified to run the build in: name one with `image:` in "
            "the job, or as `image` in [runners.docker]");
    }
    given_.log.print("Using Docker executor with image " + image_.name + " ...");
    if (own) given_.log.notice("Using default image");
    auto allowed = check_allowed(image_.name, "images", docker.allowed_images, {docker.image});
    if (!allowed) return allowed;
    auto user = choose_user(docker, image_.user);
    if (!user) return user.error();
    user_ = *user;
    if (image_.entrypoint && docker.disable_entrypoint_overwrite) {
        given_.log.warning("Entrypoint override disabled");
        image_.entrypoint.reset();
    }
    privileged_ =
        docker.privileged && privileged_allowed(image_.name, docker.allowed_privileged_images);
    if (given_.dind.mode == DindMode::kOn && !privileged_) {
        return make_error(ErrorKind::kConfiguration,
                          "[runners.dind] mode = \"on\" needs a privileged container: set "
                          "`privileged = true` in [runners.docker], and allow the image \"" +
                              image_.name + "\" in allowed_privileged_images if there is a list");
    }
    return {};
}

Result<void> Preparation::plan() {
    auto& objects = given_.objects;
    objects.base = given_.job.base_name + "-" + base::random_hex(8);
    objects.image = image_.name;
    objects.hostname =
        given_.docker.hostname.empty() ? given_.job.base_name : given_.docker.hostname;
    auto volumes = plan_volumes(given_.job, given_.docker, objects.base);
    if (!volumes) return volumes.error();
    volumes_ = std::move(*volumes);
    auto services = plan_services(given_.job, given_.docker, objects.base);
    if (!services) return services.error();
    for (const auto& text : services->warnings) given_.log.warning(text);
    planned_services_ = std::move(services->services);
    auto declared = read_registries(given_.registries);
    if (!declared) return declared.error();
    declared_ = std::move(*declared);
    network_ = given_.docker.network_mode;
    return {};
}

Task<Result<void>> Preparation::make_surroundings() {
    std::vector<Task<Result<void>>> tasks;
    for (const auto& volume : volumes_.managed) {
        auto labels = given_.job.labels;
        labels[std::string(kPrefix) + "type"] = "cache";
        labels[std::string(kPrefix) + "destination"] = volume.destination;
        labels[std::string(kPrefix) + "protected"] = given_.job.protected_ref ? "true" : "false";
        labels[std::string(kPrefix) + "reusable"] = volume.reusable ? "true" : "false";
        json body = {{"Name", volume.name}, {"Labels", labels}};
        if (!given_.docker.volume_driver.empty()) body["Driver"] = given_.docker.volume_driver;
        if (!given_.docker.volume_driver_ops.empty()) {
            body["DriverOpts"] = given_.docker.volume_driver_ops;
        }
        if (!volume.reusable) given_.objects.volumes.push_back(volume.name);
        tasks.push_back(make_volume(body.dump()));
    }
    if (network_.empty() && given_.job.network_per_build) tasks.push_back(make_network());
    auto made = co_await run_all(std::move(tasks));
    co_return made;
}

Task<Result<void>> Preparation::make_volume(std::string body) {
    auto task = api_.create_volume(std::move(body));
    auto made = co_await run_to_its_end(std::move(task));
    co_return made;
}

Task<Result<void>> Preparation::make_network() {
    const std::string name = given_.job.base_name + "-job-" + std::to_string(given_.job.job_id) +
                             "-" + base::random_hex(2);
    json body = {{"Name", name},
                 {"Driver", "bridge"},
                 {"CheckDuplicate", true},
                 {"EnableIPv6", given_.docker.enable_ipv6},
                 {"Labels", given_.job.labels}};
    int mtu = given_.docker.network_mtu;
    if (mtu == 0) {
        // A new bridge has 1500 unless told; the engine's own bridge knows what its host can carry.
        auto bridge = co_await api_.inspect_network("bridge");
        if (bridge) mtu = bridge->mtu;
    }
    if (mtu > 0) body["Options"][kMtuOption] = std::to_string(mtu);
    given_.objects.network = name;
    network_ = name;
    auto create = [](EngineApi& api, std::string text) -> Task<Result<void>> {
        auto id = co_await api.create_network(std::move(text));
        if (!id) co_return id.error();
        co_return Result<void>();
    };
    auto task = create(api_, body.dump());
    auto made = co_await run_to_its_end(std::move(task));
    if (!made) co_return made.error().with_context("make the job's network");
    co_return Result<void>();
}

Task<Result<void>> Preparation::obtain_image() {
    auto facts = co_await puller_.obtain(image_);
    if (!facts) co_return facts.error();
    facts_ = std::move(*facts);
    auto volume = co_await given_.engine.helper_volume(facts_.id);
    if (!volume) co_return volume.error();
    helper_volume_ = *volume;
    co_return Result<void>();
}

Result<void> Preparation::decide_engine() {
    auto& objects = given_.objects;
    const bool wanted = given_.dind.mode != DindMode::kOff && privileged_;
    objects.engine =
        wanted && !image_.entrypoint && starts_engine(facts_.entrypoint, facts_.command);
    objects.sidecar = given_.dind.mode == DindMode::kOn && !objects.engine;
    if (objects.engine) {
        objects.user = user_;
        given_.log.print("The image runs a Docker engine of its own: started by its ENTRYPOINT [" +
                         base::join(facts_.entrypoint, " ") + "]");
    } else {
        objects.entrypoint = image_.entrypoint ? *image_.entrypoint : facts_.entrypoint;
        std::erase(objects.entrypoint, "");
    }
    return {};
}

Task<Result<void>> Preparation::plan_preloads() {
    if (!given_.objects.engine && !given_.objects.sidecar) co_return Result<void>();
    int number = 0;
    for (const auto& name : given_.dind.preload_images) {
        ImageSpec image;
        image.name = name;
        auto facts = co_await puller_.obtain(std::move(image));
        if (!facts) {
            given_.log.warning("The image " + name +
                               " of preload_images cannot be had: " + facts.error().message);
            continue;
        }
        given_.objects.preloads.push_back({name, facts->id, "image-" + std::to_string(number++)});
    }
    if (given_.dind.builder) {
        const std::string name = builder_image_name(given_.dind);
        // Only what is here already: buildx pulls it itself where there is a registry.
        auto facts = co_await api_.inspect_image(name);
        if (facts) given_.objects.preloads.push_back({name, facts->id, "builder"});
    }
    co_return Result<void>();
}

Task<Result<void>> Preparation::start_sidecar() {
    given_.log.print("The image has no Docker engine: " + given_.dind.image + " runs beside it");
    auto& objects = given_.objects;
    const std::string volume = objects.base + "-engine";
    auto labels = given_.job.labels;
    labels[std::string(kPrefix) + "type"] = "engine";
    const json body = {{"Name", volume}, {"Labels", labels}};
    objects.volumes.push_back(volume);
    auto made = co_await make_volume(body.dump());
    if (!made) co_return made;
    volumes_.binds.push_back(volume + ":" + kEngineDir);

    PlannedService engine;
    engine.spec.image.name = given_.dind.image;
    engine.spec.command = {"dockerd", std::string("--host=unix://") + kEngineDir + "/docker.sock",
                           "--host=unix:///var/run/docker.sock"};
    auto mtu = co_await network_mtu();
    if (!mtu) co_return mtu.error();
    auto text = merge_daemon_json(declared_, *mtu, {}, {});
    if (!text) co_return text.error();
    engine.files.emplace_back(kDaemonJson, *text);
    for (const auto& registry : declared_) {
        if (registry.ca_pem.empty()) continue;
        engine.files.emplace_back(registry_ca_path(registry.settings.host), registry.ca_pem);
    }
    engine.spec.environment = given_.job.environment;
    engine.spec.environment.push_back({"DOCKER_TLS_CERTDIR", ""});
    engine.container_name = objects.base + "-engine";
    engine.aliases = {"docker"};
    engine.slug = "engine";
    engine.version = "latest";
    engine.privileged = true;
    const ServiceSurroundings around{.binds = volumes_.binds,
                                     .extra_hosts = extra_hosts(),
                                     .network = network_,
                                     .user_network = !objects.network.empty()};
    std::vector<PlannedService> one;
    one.push_back(std::move(engine));
    auto started = co_await sidecar_.start(std::move(one), around);
    if (started && !objects.services.empty()) objects.engine_container = objects.services.back();
    co_return started;
}

std::vector<std::string> Preparation::extra_hosts() const {
    std::vector<std::string> hosts = given_.docker.extra_hosts;
    const auto more = registry_hosts(given_.registries);
    hosts.insert(hosts.end(), more.begin(), more.end());
    return hosts;
}

bool Preparation::runs_as_root() const {
    const std::string user = user_.empty() ? facts_.user : user_;
    const std::string name = user.substr(0, user.find(':'));
    return name.empty() || name == "root" || name == "0";
}

}  // namespace executors::docker
