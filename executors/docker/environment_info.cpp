#include "executors/docker/environment_info.hpp"

#include <utility>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "executors/docker/builder_script.hpp"
#include "executors/docker/client_plan.hpp"
#include "executors/docker/container_paths.hpp"
#include "executors/docker/job_network.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Task;

namespace {

constexpr int kLogLines = 20;

/// A file of the repository stays.
std::string login_script(const std::string& directory) {
    const std::string file = base::shell_quote(directory + "/config.json");
    return "[ -e " + file + " ] || (umask 077; mkdir -p " + base::shell_quote(directory) +
           " && cp " + kLoginDir + "/config.json " + file + ") || exit 1\n";
}

}  // namespace

EnvironmentInfo describe_environment(const JobObjects& objects) {
    EnvironmentInfo info;
    info.description = objects.hostname;
    info.git_directory = objects.git_directory;
    info.lfs_directory = objects.lfs_directory;
    info.git_seed = objects.mirror.seed;
    info.measures_clone = !objects.mirror.volume.empty();
    info.helper = kHelper;
    info.user = objects.user;
    for (const auto& [name, value] : objects.script_environment) {
        info.script_environment.push_back({name, value});
    }
    if (!objects.network.empty()) {
        info.fixed_environment.push_back({kNetworkVariable, objects.network});
    }
    info.silence_hint = entrypoint_hint(objects);
    return info;
}

std::optional<ReadinessStage> engine_readiness(const JobObjects& objects,
                                               const DindSettings& dind) {
    if (!objects.engine && !objects.sidecar) return std::nullopt;
    ReadinessStage stage;
    stage.engine_socket = kEngineSocket;
    stage.user = objects.user;
    stage.environment = objects.client_environment;
    stage.after_sources = objects.client_late;
    if (!objects.login_directory.empty()) {
        stage.script = login_script(objects.login_directory);
        stage.failed_message = "The login of the docker client could not be written: ";
    }
    if (objects.builder) {
        if (!objects.builder_made) stage.script += builder_script(dind, objects.builder_anywhere);
        stage.failed_message = "The builder could not be prepared; the job goes on without it: ";
        stage.ready_message = "The builder \"" + dind.builder_name + "\" is current (" +
                              base::join(dind.builder_driver_opts, ", ") +
                              "); its container will be there at first use";
    }
    return stage;
}

std::string entrypoint_hint(const JobObjects& objects) {
    if (!objects.unprivileged.empty()) return objects.unprivileged;
    if (objects.engine || objects.entrypoint.empty()) return {};
    return "The ENTRYPOINT [" + base::join(objects.entrypoint, " ") + "] of the image " +
           objects.image +
           " did not run the command that it was given (it never got to \"$@\"): end it with exec "
           "\"$@\", or set `entrypoint: [\"\"]` for the image in the job";
}

Task<base::Error> explain_refusal(EngineApi& api, const JobObjects& objects, std::string hint,
                                  base::Error error) {
    auto state = co_await api.inspect_container(objects.container);
    if (!state) {
        if (!state.error().is(ErrorKind::kNotFound)) co_return error;
        co_return make_error(ErrorKind::kNotFound,
                             "the job's container is gone: somebody removed it");
    }
    if (state->running) co_return error;
    auto log = co_await api.container_log(objects.container, kLogLines);
    std::string text =
        "the job's container ended with exit code " + std::to_string(state->exit_code);
    if (state->oom_killed) text += " (it ran out of memory)";
    if (objects.engine) {
        text += ", and its Docker engine with it";
    } else if (!hint.empty()) {
        text += ". " + hint;
    }
    if (!state->error.empty()) text += ". " + state->error;
    if (log && !base::trim(*log).empty()) {
        text += ". Its last words:\n" + std::string(base::trim(*log));
    }
    co_return make_error(ErrorKind::kNotFound, text);
}

}  // namespace executors::docker
