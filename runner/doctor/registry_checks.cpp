#include <set>

#include "executors/docker/run_uncancelled.hpp"
#include "runner/doctor/checks.hpp"
#include "runner/doctor/judge_registry.hpp"
#include "runner/doctor/registry.hpp"
#include "runner/doctor/registry_login.hpp"

namespace runner::doctor {

using base::ErrorKind;
using base::Result;
using base::Task;
using config::RunnerConfig;
using executors::docker::RegistrySettings;

namespace {

Task<Result<void>> push_and_pull(Registry& registry, std::string repository, std::string tag) {
    auto pushed = co_await registry.push(repository, tag);
    auto pulled = pushed;
    if (pushed) pulled = co_await registry.pull(repository, tag);
    auto removed = co_await registry.remove(repository, tag);
    if (!pulled) co_return pulled;
    co_return removed;
}

Task<Result<Finding>> check_registry(const Context& context, const RunnerConfig& runner,
                                     const RegistrySettings& settings) {
    auto asking = login_of(runner, settings);
    auto login = co_await std::move(asking);
    if (!login)
        co_return problem(login.error().message, "correct password_file in [[runners.registry]]");
    RegistryVisit visit{.host = settings.host,
                        .user = login->username,
                        .repository = context.repository_of(settings.host)};
    auto registry = Registry::make(context.executor, settings, std::move(*login));
    if (!registry) {
        if (registry.error().is(ErrorKind::kConfiguration))
            co_return skipped(registry.error().message + ": see the lines of the jobs");
        co_return problem(registry.error().message, "correct host in [[runners.registry]]");
    }
    visit.greeted = co_await (*registry)->greet();
    if (visit.greeted) {
        auto moving = push_and_pull(**registry, visit.repository, context.mark);
        // In one uncancelled task: what was pushed is removed also after an interrupt.
        visit.transferred = co_await executors::docker::run_uncancelled(std::move(moving));
    }
    co_return judge_registry(visit);
}

}  // namespace

void add_registry_checks(const Context& context, Checks& checks) {
    std::set<std::string> known;
    for (const RunnerConfig* runner : context.runners) {
        for (const RegistrySettings& settings : runner->registries) {
            if (!known.insert(settings.host + '\n' + settings.username).second) continue;
            checks.push_back({.name = "registry", .run = [&context, runner, &settings] {
                                  return check_registry(context, *runner, settings);
                              }});
        }
    }
}

}  // namespace runner::doctor
