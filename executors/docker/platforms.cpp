#include "executors/docker/platforms.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/strings.hpp"
#include "base/subprocess.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/container_spec.hpp"
#include "executors/docker/exec_stream.hpp"
#include "executors/docker/own_pull.hpp"
#include "executors/docker/run_uncancelled.hpp"

namespace executors::docker {

using base::Result;
using base::Task;
using nlohmann::json;

namespace {

std::vector<std::string> platforms_in(const std::string& output) {
    std::vector<std::string> found;
    for (const auto& line : base::split(output, '\n')) {
        if (line.starts_with("linux/")) found.push_back(line);
    }
    return found;
}

/// Whether the machine can run programs of the other common 64-bit processor.
bool has_foreign(const std::vector<std::string>& platforms) {
    if (platforms.empty()) return false;
    const std::string other = platforms.front() == "linux/amd64" ? "linux/arm64" : "linux/amd64";
    return std::find(platforms.begin(), platforms.end(), other) != platforms.end();
}

/// Registers the interpreters of this machine, for an engine that runs on it. Without the rights
/// nothing happens.
Task<void> register_from_host(const boost::asio::any_io_executor& executor, std::string helper) {
    base::SubprocessOptions options;
    options.arguments = {std::move(helper), "platforms", "--register"};
    auto process = base::Subprocess::start(executor, options);
    if (!process) {
        base::log::debug("Registering interpreters failed", {{"error", process.error().message}});
        co_return;
    }
    while (true) {
        auto output = co_await (*process)->read_some(4096);
        if (!output || output->empty()) break;
    }
    auto status = co_await (*process)->wait();
    if (!status)
        base::log::debug("Registering interpreters failed", {{"error", status.error().message}});
}

Task<Result<std::vector<std::string>>> ask_container(EngineApi& api, std::string container,
                                                     bool install) {
    ExecSpec spec;
    spec.command = {kHelper, "platforms"};
    if (install) spec.command.emplace_back("--register");
    spec.user = "0";
    auto done = co_await run_exec(api, std::move(container), std::move(spec));
    if (!done) co_return done.error();
    co_return platforms_in(done->output);
}

/// Starts a container and waits for it to end.
Task<Result<void>> run_container(EngineApi& api, std::string id) {
    auto started = co_await api.start_container(id);
    if (!started) co_return started.error();
    auto code = co_await api.wait_container(id);
    if (!code) co_return code.error();
    co_return Result<void>();
}

/// Not every machine can reach a registry, and no job fails without this image: one try.
Task<Result<void>> get_image(const PlatformSearch& search, JobLog& log) {
    auto known = co_await search.engine.api().inspect_image(search.dind.platforms_image);
    if (known) co_return Result<void>();
    OwnPull wanted;
    wanted.image = search.dind.platforms_image;
    wanted.registries = search.registries;
    wanted.once = true;
    auto pulled = co_await pull_for_runner(search.engine.pulls(), std::move(wanted), log);
    if (!pulled) co_return pulled.error();
    co_return Result<void>();
}

/// Registers the interpreters of an image that contains them, by a privileged container.
Task<Result<void>> register_from_image(const PlatformSearch& search, JobLog& log) {
    EngineApi& api = search.engine.api();
    auto there = co_await get_image(search, log);
    if (!there) co_return there.error();
    const std::vector<std::string> binds{search.helper_volume + ":/.runner:ro"};
    const json body = {
        {"Image", search.dind.platforms_image},
        {"Entrypoint", {kHelper}},
        {"Healthcheck", no_healthcheck()},
        {"Cmd", {"platforms", "--register"}},
        {"Labels", search.labels},
        {"HostConfig", {{"Privileged", true}, {"NetworkMode", "none"}, {"Binds", binds}}}};
    const std::string name = "runner-platforms-" + base::random_hex(4);
    auto id = co_await api.create_container(name, "", body.dump());
    if (!id) co_return id.error();
    auto ran = co_await run_container(api, *id);
    auto removal = api.remove_container(*id, false);
    auto removed = co_await run_uncancelled(std::move(removal));
    if (!ran) co_return ran.error();
    co_return removed;
}

Task<Result<std::vector<std::string>>> find_platforms(const boost::asio::any_io_executor& executor,
                                                      const PlatformSearch& search, JobLog& log) {
    EngineApi& api = search.engine.api();
    const bool install = search.dind.platforms == Platforms::kAuto;
    if (install && api.endpoint().local && ::geteuid() == 0) {
        co_await register_from_host(executor, search.engine.helper_path());
    }
    auto found = co_await ask_container(api, search.container, install);
    if (!found || !install || has_foreign(*found) || search.dind.platforms_image.empty())
        co_return found;
    auto tried = co_await register_from_image(search, log);
    if (!tried) {
        base::log::warning("Interpreters for foreign platforms could not be registered",
                           {{"image", search.dind.platforms_image},
                            {"error", tried.error().message},
                            {"remedy",
                             "install qemu-user-static on the engine's machine, or name an image "
                             "that has it as platforms_image in [runners.dind]"}});
        co_return found;
    }
    auto again = co_await ask_container(api, search.container, false);
    co_return again;
}

}  // namespace

Task<Result<void>> report_platforms(const boost::asio::any_io_executor& executor,
                                    PlatformSearch search, JobLog& log) {
    std::string& known = search.engine.platforms();
    if (known.empty()) {
        auto found = co_await find_platforms(executor, search, log);
        if (!found && found.error().is(base::ErrorKind::kCancelled)) co_return found.error();
        if (!found) {
            log.warning("The platforms of the engine's machine could not be found out: " +
                        found.error().message);
            co_return Result<void>();
        }
        known = base::join(*found, ", ");
        if (!has_foreign(*found))
            known += " (no interpreter for others is registered on the engine's machine)";
    }
    log.print("Available platforms: " + known);
    co_return Result<void>();
}

}  // namespace executors::docker
