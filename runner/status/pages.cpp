#include "runner/status/pages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "base/json.hpp"
#include "base/version.hpp"
#include "protocol/http/router.hpp"
#include "runner/status/idle_reason.hpp"

namespace runner::status {

namespace http = protocol::http;
using nlohmann::ordered_json;

namespace {

double age_seconds(std::int64_t since, std::int64_t now) {
    return since == 0 ? 0 : static_cast<double>(now - since) / 1e6;
}

ordered_json time_or_null(std::int64_t unix_micros) {
    if (unix_micros == 0) return nullptr;
    return base::rfc3339_utc(unix_micros / 1000000);
}

ordered_json to_json(const Snapshot& now, const RunnerState& runner) {
    const auto runs_here = [&runner](const JobState& job) {
        return job.short_token == runner.short_token;
    };
    const IdleReason why = idle_reason(now, runner);
    return {{"name", runner.name},
            {"short_token", runner.short_token},
            {"url", runner.url},
            {"executor", runner.executor},
            {"limit", runner.limit},
            {"running", std::count_if(now.jobs.begin(), now.jobs.end(), runs_here)},
            {"healthy", runner.healthy},
            {"paused", runner.paused},
            {"last_contact", time_or_null(runner.last_contact_unix_micros)},
            {"last_answer", runner.last_answer},
            {"failing_since", time_or_null(runner.failing_since_unix_micros)},
            {"why",
             {{"kind", to_string(why.kind)},
              {"level", to_string(level_of(why.kind))},
              {"text", why.text}}}};
}

ordered_json to_json(const JobState& job) {
    return {{"id", job.id},
            {"name", job.name},
            {"project_id", job.project_id},
            {"project", job.project},
            {"url", job.url},
            {"runner", job.runner_name},
            {"short_token", job.short_token},
            {"executor", job.executor},
            {"image", job.image},
            {"state", job.state},
            {"stage", job.stage},
            {"executor_stage", job.executor_stage},
            {"started_at", time_or_null(job.started_unix_micros)},
            {"restored", job.restored}};
}

ordered_json to_json(const JobState& job, std::int64_t now) {
    ordered_json row = to_json(job);
    row["age_seconds"] = age_seconds(job.started_unix_micros, now);
    row["stage_age_seconds"] = age_seconds(job.stage_started_unix_micros, now);
    row["waits_for"] = job.waits_for;
    row["terminal"] = job.terminal;
    return row;
}

ordered_json to_json(const RecentJob& recent) {
    ordered_json row = to_json(recent.job);
    for (const auto* gone : {"stage", "executor_stage"}) row.erase(gone);
    row["finished_at"] = time_or_null(recent.finished_unix_micros);
    row["duration_seconds"] =
        age_seconds(recent.job.started_unix_micros, recent.finished_unix_micros);
    row["failure_reason"] = recent.failure_reason;
    row["message"] = recent.message;
    return row;
}

ordered_json to_json(const DiskState& disk) {
    return {{"path", disk.path},
            {"use", disk.directory},
            {"place", disk.place},
            {"problem", disk.problem},
            {"free_bytes", disk.free_bytes},
            {"bytes", disk.size_bytes},
            {"free_inodes", disk.free_inodes},
            {"inodes", disk.inodes}};
}

ordered_json to_json(const WarmEnvironmentState& environment) {
    return {{"short_token", environment.short_token},
            {"image", environment.image},
            {"project_id", environment.project_id},
            {"container", environment.container},
            {"engine", environment.engine},
            {"age_seconds", environment.age_seconds},
            {"memory_bytes", environment.memory_bytes}};
}

ordered_json to_json(const WarmFigures& warm) {
    ordered_json all{{"environments", ordered_json::array()}, {"counts", ordered_json::array()}};
    for (const auto& environment : warm.environments)
        all["environments"].push_back(to_json(environment));
    for (const auto& [runner, counts] : warm.counts) {
        all["counts"].push_back({{"short_token", runner},
                                 {"hits", counts.hits},
                                 {"misses", counts.misses},
                                 {"made", counts.made},
                                 {"removed", counts.removed}});
    }
    return all;
}

ordered_json to_json(const ConfigProblem& problem) {
    if (problem.text.empty()) return nullptr;
    return {{"text", problem.text}, {"since", time_or_null(problem.since_unix_micros)}};
}

std::string text_of(const ordered_json& page) { return base::dump_json(page, 2) + "\n"; }

}  // namespace

std::string status_json(const Snapshot& now) {
    ordered_json page{{"format", kPageFormat},
                      {"version", base::version()},
                      {"revision", base::revision()},
                      {"state", now.process_state},
                      {"system_id", now.system_id},
                      {"now", time_or_null(now.now_unix_micros)},
                      {"started_at", time_or_null(now.started_unix_micros)},
                      {"uptime_seconds", age_seconds(now.started_unix_micros, now.now_unix_micros)},
                      {"concurrent", now.concurrent},
                      {"config_problem", to_json(now.config_problem)},
                      {"paused", now.paused},
                      {"draining", now.draining},
                      {"runners", ordered_json::array()},
                      {"jobs", ordered_json::array()},
                      {"disks", ordered_json::array()},
                      {"engines", ordered_json::array()}};
    for (const auto& runner : now.runners) page["runners"].push_back(to_json(now, runner));
    for (const auto& job : now.jobs) page["jobs"].push_back(to_json(job, now.now_unix_micros));
    for (const auto& disk : now.disks) page["disks"].push_back(to_json(disk));
    for (const auto& engine : now.engines) {
        page["engines"].push_back({{"host", engine.host}, {"version", engine.version}});
    }
    page["warm"] = to_json(now.warm);
    return text_of(page);
}

std::string jobs_json(const Snapshot& now, const std::vector<RecentJob>& recent) {
    ordered_json page{{"format", kPageFormat},
                      {"running", ordered_json::array()},
                      {"recent", ordered_json::array()}};
    for (const auto& job : now.jobs) page["running"].push_back(to_json(job, now.now_unix_micros));
    for (const auto& job : recent) page["recent"].push_back(to_json(job));
    return text_of(page);
}

std::string job_json(const JobState& job, std::int64_t now_unix_micros, std::uint64_t log_bytes) {
    ordered_json row = to_json(job, now_unix_micros);
    row["log_bytes"] = log_bytes;
    return text_of({{"format", kPageFormat}, {"job", row}});
}

std::string job_json(const RecentJob& job) {
    return text_of({{"format", kPageFormat}, {"job", to_json(job)}});
}

std::string jobs_list(const Snapshot& now) {
    std::string list;
    for (const JobState& job : now.jobs) {
        const auto age = std::chrono::microseconds(now.now_unix_micros - job.started_unix_micros);
        list +=
            fmt::format("url={} state={} stage={} executor_stage={} duration={}\n", job.url,
                        job.state, job.stage, job.executor_stage, base::format_go_duration(age));
    }
    return list;
}

http::Response refuse_host() {
    return http::text_response(
        403,
        "This endpoint does not answer to the name in the Host header. Ask it by its "
        "address, or write the name into listen_address of config.toml.\n");
}

}  // namespace runner::status
