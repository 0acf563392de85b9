#include "executors/docker/supervisor_exec.hpp"

#include "executors/docker/container_paths.hpp"

namespace executors::docker {

namespace {

/// How long an ENTRYPOINT may take until it runs the command that it was given.
constexpr int kEntrypointSeconds = 60;

}  // namespace

ExecSpec supervisor_exec(const JobObjects& objects, const std::vector<std::string>& directories,
                         SupervisorExec which) {
    ExecSpec spec;
    spec.command = {kHelper, "connect", "--dir", kJobDir};
    auto& words = spec.command;
    if (objects.engine) words.emplace_back("--spawn");
    if (which == SupervisorExec::kHeld) words.emplace_back("--held");
    words.emplace_back("--wait-ms");
    words.push_back(std::to_string(kEntrypointSeconds * 1000));
    // The supervisor's socket belongs to the container's user; root may always use it.
    spec.user = "0";
    spec.input = true;
    if (which == SupervisorExec::kAgain) return spec;
    // The volume with the sources may have directories of a former job that ran as another user.
    for (const std::string& directory : directories) {
        if (!directory.empty()) words.insert(words.end(), {"--hand-over", directory});
    }
    if (!objects.user.empty()) words.insert(words.end(), {"--user", objects.user});
    return spec;
}

}  // namespace executors::docker
