#include "runner/doctor/judge_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/clock.hpp"
#include "base/strings.hpp"
#include "runner/doctor/judge_gitlab.hpp"

namespace runner::doctor {

using executors::docker::EngineInfo;

namespace {

constexpr std::int64_t kTolerableEngineSeconds = 60;
constexpr int kTimedOut = 124;

bool is_fast(const std::string& driver) {
    static const std::vector<std::string> fast{"overlay2", "overlayfs", "btrfs", "zfs", "stargz"};
    return std::find(fast.begin(), fast.end(), driver) != fast.end();
}

std::string reason_of(const CommandFigures& command) {
    if (command.exit_code == kTimedOut) return "no end within the time limit";
    return last_line(command.output);
}

}  // namespace

Finding judge_engine(const std::string& where, const base::Result<EngineInfo>& info) {
    if (!info) {
        return problem(info.error().message,
                       "systemctl start docker, or correct host in [runners.docker]");
    }
    if (info->os_type != "linux")
        return problem(fmt::format("{} runs containers of {}", where, info->os_type),
                       "name an engine for Linux containers: host in [runners.docker]");
    std::string seen = fmt::format("version {}, API {}", info->server_version, info->api_version);
    if (info->is_rootless()) seen += ", rootless";
    return ok(std::move(seen));
}

Finding judge_storage(Place place, const EngineInfo& info) {
    if (is_fast(info.storage_driver)) return ok(info.storage_driver);
    return warning(
        fmt::format("{} is slow, and each layer of an image is a full copy", info.storage_driver),
        place == Place::kEngine ? "set \"storage-driver\": \"overlay2\" in the engine's daemon.json"
                                : "add \"/var/lib/docker\" to volumes in [runners.docker]");
}

Finding judge_engine_cgroups(const EngineInfo& info) {
    if (info.cgroup_driver == "none")
        return problem("the engine runs containers without cgroups",
                       "mount -t cgroup2 none /sys/fs/cgroup on its machine, and restart it");
    const std::string seen =
        fmt::format("cgroups version {}, driver {}", info.cgroup_version, info.cgroup_driver);
    if (!info.warnings.empty())
        return warning(fmt::format("{}; {}", seen, base::join(info.warnings, "; ")),
                       "docker info shows these warnings, too; delegate the missing controllers");
    return ok(seen);
}

Finding judge_engine_clock(const EngineInfo& info, std::int64_t now) {
    const auto time = base::parse_rfc3339(info.system_time);
    if (!time) return skipped("the engine does not tell its time");
    const std::int64_t difference = *time - now;
    if (std::abs(difference) <= kTolerableEngineSeconds)
        return ok("agrees with this machine's clock");
    return problem(
        fmt::format("the engine's clock is {} {} this machine's", readable_seconds(difference),
                    difference < 0 ? "behind" : "ahead of"),
        "timedatectl set-ntp true, on the machine whose clock is wrong");
}

base::Result<EngineInfo> inner_engine_info(const CommandFigures& asked) {
    // The client may print warnings beside the answer.
    std::string answer;
    for (const auto& line : base::split(asked.output, '\n')) {
        if (line.starts_with("{")) answer = line;
    }
    return executors::docker::parse_engine_info(answer);
}

Finding judge_inner_engine(const CommandFigures& asked) {
    if (asked.exit_code != 0)
        return problem("the engine does not answer: " + reason_of(asked),
                       "runner doctor --debug shows the job's log with the engine's last lines");
    const auto info = inner_engine_info(asked);
    if (!info) return problem(info.error().message, "look at the image: its docker is unusual");
    return ok("version " + info->server_version);
}

Finding judge_builder(const CommandFigures& started) {
    if (started.exit_code == 0) return ok("starts");
    return problem("the builder does not start: " + reason_of(started),
                   "builder_image in [runners.dind] must name an image that can be pulled");
}

Finding judge_transfer(const std::string& host, const CommandFigures& push,
                       const CommandFigures* pull) {
    const std::string remedy = fmt::format(
        "see the host's line about {}; then http, ca_file and address in [[runners.registry]]",
        host);
    if (push.exit_code != 0) return problem(host + ": push: " + reason_of(push), remedy);
    if (pull != nullptr && pull->exit_code != 0)
        return problem(host + ": pull: " + reason_of(*pull), remedy);
    return ok(host + (pull == nullptr ? ": push works" : ": push and pull work"));
}

}  // namespace runner::doctor
