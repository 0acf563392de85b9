#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "executors/docker/registry_auth.hpp"
#include "executors/docker/run_uncancelled.hpp"
#include "runner/doctor/checks.hpp"
#include "runner/doctor/judge_registry.hpp"
#include "runner/doctor/registry.hpp"
#include "runner/doctor/registry_login.hpp"

namespace runner::doctor {

using base::Result;
using base::Task;
using config::RunnerConfig;
using executors::docker::EngineConnection;
using executors::docker::RegistrySettings;

namespace {

using Engine = std::shared_ptr<EngineConnection>;

/// What is pulled, and with which login.
struct Pull {
    std::string image;
    std::string tag;
    base::Secret auth;
};

/// Whether the configuration names images of the registry for the host's engine.
bool has_images_of(const RunnerConfig& runner, const std::string& host) {
    auto images = runner.dind.preload_images;
    images.push_back(runner.docker.image);
    images.push_back(runner.dind.builder_image);
    return std::any_of(images.begin(), images.end(),
                       [&host](const std::string& image) { return image.starts_with(host + "/"); });
}

/// Pulls, and removes what was pulled.
Task<Result<void>> pull_and_remove(Engine engine, Pull pull) {
    const auto pulled = co_await engine->api().pull_image(pull.image, pull.tag, "", pull.auth);
    if (!pulled) co_return pulled.error();
    auto removed = co_await engine->api().remove_image(pull.image + ":" + pull.tag);
    co_return removed;
}

Task<Result<void>> pull_what_was_pushed(Registry& registry, std::string repository, Engine engine,
                                        Pull pull) {
    const std::string tag = pull.tag;
    auto pulling = pull_and_remove(engine, std::move(pull));
    auto pulled = co_await std::move(pulling);
    auto removed = co_await registry.remove(repository, tag);
    if (!pulled) co_return pulled;
    co_return removed;
}

Task<Result<Finding>> check_pull(const Context& context, const RunnerConfig& runner,
                                 const RegistrySettings& settings, Engine engine) {
    const auto info = co_await engine->info();
    if (!info) co_return skipped("the engine does not answer (see engine)");
    auto asking = login_of(runner, settings);
    const auto login = co_await std::move(asking);
    const std::string& host = settings.host;
    if (!login) co_return skipped(host + ": its login cannot be read (see the host's line)");
    auto registry = Registry::make(context.executor, settings, *login);
    if (!registry) co_return skipped(host + ": only jobs reach it (see their lines)");
    const std::string repository = context.repository_of(host);
    const std::string tag = context.mark + "-host-engine";
    const auto pushed = co_await (*registry)->push(repository, tag);
    if (!pushed) co_return skipped(host + ": nothing could be put there (see the host's line)");
    Pull pull{host + "/" + repository, tag, {}};
    if (!login->username.empty()) pull.auth = registry_auth_header(*login, host);
    auto pulling = pull_what_was_pushed(**registry, repository, engine, std::move(pull));
    // In one uncancelled task: what was pulled and pushed is removed also after an interrupt.
    const auto pulled = co_await executors::docker::run_uncancelled(std::move(pulling));
    co_return judge_engine_pull(host, pulled, has_images_of(runner, host));
}

}  // namespace

void add_engine_registry_checks(const Context& context, Checks& checks) {
    std::set<std::string> known;
    for (const RunnerConfig* runner : context.runners) {
        if (runner->executor_kind() != executors::ExecutorKind::kDocker) continue;
        if (runner->registries.empty()) continue;
        auto engine = context.connect_engine(context.executor, runner->docker);
        if (!engine) continue;  // the line about the engine says it
        for (const RegistrySettings& settings : runner->registries) {
            const std::string key = executors::docker::engine_key(runner->docker) + '\n' +
                                    settings.host + '\n' + settings.username;
            if (!known.insert(key).second) continue;
            checks.push_back({.place = Place::kEngine,
                              .where = (*engine)->api().endpoint().shown,
                              .name = "registry",
                              .limit = std::chrono::seconds(60),
                              .run = [&context, runner, &settings, engine = *engine] {
                                  return check_pull(context, *runner, settings, engine);
                              }});
        }
    }
}

}  // namespace runner::doctor
