#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/subprocess.hpp"
#include "executors/docker/engine_endpoint.hpp"
#include "executors/find_helper.hpp"
#include "protocol/http/proxy.hpp"
#include "runner/doctor/checks.hpp"
#include "runner/doctor/judge_machine.hpp"
#include "runner/journal/inspection.hpp"

namespace runner::doctor {

using base::Result;
using base::Task;

namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;

Task<Result<Finding>> check_config(const Context& context) {
    using Severity = config::Finding::Severity;
    const auto& findings = context.inspection.findings;
    const std::string path = context.options.config_path.string();
    for (const auto severity : {Severity::kError, Severity::kWarning}) {
        const auto found =
            std::find_if(findings.begin(), findings.end(),
                         [severity](const auto& finding) { return finding.severity == severity; });
        if (found == findings.end()) continue;
        const std::string seen = config::to_string(path, *found);
        const std::string remedy = "runner config lint shows all of them";
        co_return severity == Severity::kError ? problem(seen, remedy) : warning(seen, remedy);
    }
    const auto count = context.config->runners.size();
    if (count == 0) co_return warning(path + " has no runners", "runner register");
    co_return ok(fmt::format("{} has {} {}", path, count, count == 1 ? "runner" : "runners"));
}

Task<Result<Finding>> check_daemon(const Context& context) {
    const std::string path = context.state_directory.string();
    if (journal::is_in_use(context.state_directory)) co_return ok("a daemon runs with " + path);
    co_return warning("no daemon runs with " + path, "systemctl start runner");
}

/// The nearest directory that exists: a new installation has no state directory yet.
std::filesystem::path existing(std::filesystem::path path) {
    std::error_code none;
    while (!std::filesystem::exists(path, none) && path.has_relative_path())
        path = path.parent_path();
    return path;
}

Task<Result<Finding>> check_disk(const Context& context) {
    auto probing = probe_host(context, {"disk", existing(context.state_directory).string()});
    auto measured = co_await std::move(probing);
    if (!measured) co_return measured.error();
    const DiskNeed need{
        .problem_below = 100 * kMegabyte,
        .warning_below = 1000 * kMegabyte,
        .remedy = "free space there: the daemon keeps the logs of running jobs in it"};
    co_return judge_disks(measured->disks, need);
}

Task<Result<Finding>> check_cgroups(const Context& context) {
    auto probing = probe_host(context, {"cgroups"});
    auto measured = co_await std::move(probing);
    if (!measured) co_return measured.error();
    if (measured->cgroups.empty()) co_return skipped("runner-helper measured nothing");
    co_return judge_cgroups(Place::kHost, measured->cgroups.front(), false);
}

/// Registers this machine's interpreters; the measurement that follows says what came of it.
Task<Result<void>> register_platforms(const Context& context) {
    base::SubprocessOptions options;
    options.arguments = {executors::find_helper(), "platforms", "--register"};
    auto end = co_await base::run_to_end(context.executor, std::move(options));
    if (!end) co_return end.error();
    co_return Result<void>();
}

Task<Result<Finding>> check_platforms(const Context& context) {
    if (context.options.fix) {
        auto fixed = co_await register_platforms(context);
        if (!fixed) co_return fixed.error();
    }
    auto probing = probe_host(context, {"platforms"});
    auto measured = co_await std::move(probing);
    if (!measured) co_return measured.error();
    co_return judge_platforms(measured->platforms);
}

/// Whether jobs run on this machine's kernel.
bool is_local(const config::RunnerConfig& runner) {
    if (runner.shared_host()) return true;
    const auto lookup = [](const char* name) -> std::optional<std::string> {
        std::string value = protocol::http::environment_value(name);
        if (value.empty()) return std::nullopt;
        return value;
    };
    const auto endpoint = executors::docker::resolve_endpoint(runner.docker, lookup);
    return endpoint && endpoint->local;
}

}  // namespace

void add_host_checks(const Context& context, Checks& checks) {
    const auto add = [&](const char* name, auto* run) {
        checks.push_back({.name = name, .run = [&context, run] { return run(context); }});
    };
    add("config", &check_config);
    add("daemon", &check_daemon);
    add("disk", &check_disk);
    const auto& runners = context.runners;
    const bool local = std::any_of(runners.begin(), runners.end(),
                                   [](const auto* runner) { return is_local(*runner); });
    if (!local) return;
    add("cgroups", &check_cgroups);
    add("platforms", &check_platforms);
}

}  // namespace runner::doctor
