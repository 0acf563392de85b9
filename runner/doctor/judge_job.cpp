#include "runner/doctor/judge_job.hpp"

#include <algorithm>

#include "runner/doctor/job_script.hpp"
#include "runner/doctor/judge_engine.hpp"
#include "runner/doctor/judge_machine.hpp"
#include "runner/doctor/judge_network.hpp"

namespace runner::doctor {

namespace {

constexpr int kNoProgram = 127;
/// Exit codes of curl(1).
constexpr int kCurlHandshake = 35;
constexpr int kCurlNotTrusted = 60;
constexpr int kCurlAuthority = 77;
constexpr std::uint64_t kGigabyte = 1'000'000'000;

/// Whether the job has come so far that something was measured at the place.
bool was_there(Place place, const JobReport& report) {
    if (!report.script_ran) return false;
    if (place == Place::kInnerEngine) return report.own_engine;
    if (place == Place::kBuilder) return report.own_builder;
    return true;
}

/// The engine inside of the job is a program of the job, and the builder one of that engine.
const CommandFigures* find(Place place, const std::string& name, const JobReport& report) {
    return report.at(place).command(name);
}

const PathFigures* path_at(Place place, const JobReport& report) {
    const auto& paths = report.at(place).paths;
    return paths.empty() ? nullptr : &paths.front();
}

DiskNeed need_of_builds() {
    return {.problem_below = kGigabyte / 10,
            .warning_below = kGigabyte,
            .remedy = "free space where the builds are: the engine's disk, or builds_dir"};
}

DiskNeed need_of_engine() {
    return {.problem_below = kGigabyte,
            .warning_below = 5 * kGigabyte,
            .remedy =
                "free space where the job's engine keeps its data: runner gc, or a larger "
                "disk for the engine of this machine"};
}

std::string_view settings_to_correct(executors::ExecutorKind executor) {
    switch (executor) {
        case executors::ExecutorKind::kCustom:
            return "correct the programs in [runners.custom], and builds_dir and cache_dir";
        case executors::ExecutorKind::kShell:
            return "correct shell, builds_dir and cache_dir in [[runners]]";
        case executors::ExecutorKind::kDocker: break;
    }
    return "correct image, pull_policy and allowed_images in [runners.docker], or the logins";
}

}  // namespace

const Measurements& JobReport::at(Place place) const {
    static const Measurements nothing;
    const auto found = measured.find(place);
    return found == measured.end() ? nothing : found->second;
}

Finding judge_job(const JobReport& report) {
    if (!report.skipped.empty()) return skipped(report.skipped);
    if (report.settings_failed)
        return problem(report.failure, std::string(settings_to_correct(report.executor)));
    if (!report.failure.empty())
        return problem(report.failure, "runner doctor --debug shows the job's log");
    if (!report.script_ran)
        return problem("the job's script has printed nothing",
                       "runner doctor --debug shows the job's log");
    return ok("a job was prepared, ran and was removed");
}

Finding judge_privileges(const JobReport& report) {
    const auto& rights = report.at(Place::kJob).rights;
    if (rights.empty()) return silent();
    if (report.engine_refused)
        return warning("the image starts an engine, but its container is not privileged: none runs",
                       "set privileged = true in [runners.docker]");
    return judge_rights(rights.front(), report.engine_inside);
}

Finding judge_job_cgroups(const JobReport& report) {
    const auto& cgroups = report.at(Place::kJob).cgroups;
    if (cgroups.empty()) return silent();
    return judge_cgroups(Place::kJob, cgroups.front(), report.engine_inside);
}

Finding judge_job_platforms(const JobReport& report) {
    if (!was_there(Place::kJob, report)) return silent();
    return judge_platforms(report.at(Place::kJob).platforms);
}

Finding judge_job_disk(Place place, const JobReport& report) {
    const auto& disks = report.at(place).disks;
    // The directory of an engine beside the job is not in the job's container.
    const bool beside = place == Place::kInnerEngine && !report.engine_inside;
    if (disks.empty() || beside) return silent();
    return judge_disks(disks, place == Place::kInnerEngine ? need_of_engine() : need_of_builds());
}

Finding judge_job_proxies(Place place, const JobReport& report) {
    if (!was_there(place, report)) return silent();
    auto paths = report.at(place).paths;
    if (paths.size() < 2) return silent();
    paths.erase(paths.begin());  // the way to GitLab
    return judge_proxies(place, paths);
}

Finding judge_job_tls(const JobReport& report) {
    if (!was_there(Place::kJob, report)) return silent();
    const auto* asked = find(Place::kJob, kTls, report);
    if (asked == nullptr) return silent();
    switch (asked->exit_code) {
        case 0: return ok("a program of the job trusts GitLab's certificate");
        case kNoProgram: return skipped("the job's image has no curl to ask GitLab over TLS with");
        case kCurlNotTrusted:
        case kCurlHandshake:
        case kCurlAuthority:
            return problem(last_line(asked->output),
                           "name GitLab's authority: tls-ca-file in [[runners]]; see the host's "
                           "line certificate, and proxy");
        default: break;
    }
    return skipped("curl of the job's image ended with " + std::to_string(asked->exit_code) +
                   " (see gitlab)");
}

Finding judge_engine_of_job(const JobReport& report) {
    if (!was_there(Place::kInnerEngine, report)) return silent();
    const auto* client = find(Place::kInnerEngine, kClient, report);
    if (client != nullptr && client->exit_code == kNoProgram)
        return skipped("the job's image has no docker client to ask it with");
    const auto* asked = find(Place::kInnerEngine, "engine", report);
    if (asked == nullptr)
        return problem("the docker client of the image does not reach the job's engine",
                       "look at DOCKER_HOST in the image and in `environment` of [[runners]]");
    return judge_inner_engine(*asked);
}

Finding judge_storage_of_job(const JobReport& report) {
    const auto* asked = find(Place::kInnerEngine, "engine", report);
    if (!was_there(Place::kInnerEngine, report) || asked == nullptr) return silent();
    const auto info = inner_engine_info(*asked);
    return info ? judge_storage(Place::kInnerEngine, *info) : silent();
}

Finding judge_builder_of_job(const JobReport& report) {
    if (!was_there(Place::kBuilder, report)) return silent();
    const auto* started = find(Place::kBuilder, "builder", report);
    return started == nullptr ? silent() : judge_builder(*started);
}

Finding judge_job_registry(Place place, const std::string& host, const JobReport& report) {
    const auto* push = find(place, push_name(host), report);
    if (!was_there(place, report) || push == nullptr) return silent();
    // The builder pulls what the engine has pushed.
    const auto* pushed = find(Place::kInnerEngine, push_name(host), report);
    const bool is_there = pushed != nullptr && pushed->exit_code == 0;
    return judge_transfer(host, *push, is_there ? find(place, pull_name(host), report) : nullptr);
}

Finding judge_job_names(Place place, const JobReport& report) {
    if (!was_there(place, report)) return silent();
    const auto* path = path_at(place, report);
    const bool has_name = path != nullptr && path->addresses != std::vector{path->host};
    return has_name ? judge_names(place, {*path}) : silent();
}

Finding judge_job_connection(Place place, const JobReport& report) {
    if (!was_there(place, report)) return silent();
    const auto* path = path_at(place, report);
    if (path == nullptr) {
        const char* name = place == Place::kBuilder ? "builder" : "engine";
        if (find(place, name, report) == nullptr) return silent();
        return problem("no container ran there", "runner doctor --debug shows the job's log");
    }
    return judge_connection(place, *path);
}

Finding judge_job_packets(Place place, const JobReport& report) {
    if (!was_there(place, report)) return silent();
    const auto* path = path_at(place, report);
    return path == nullptr ? silent() : judge_packets(place, *path);
}

}  // namespace runner::doctor
