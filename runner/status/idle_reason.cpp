#include "runner/status/idle_reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/duration.hpp"

namespace runner::status {

namespace {

using Jobs = std::vector<const JobState*>;

std::string age(std::int64_t since, std::int64_t now) {
    const auto whole = std::chrono::seconds(std::max<std::int64_t>(now - since, 0) / 1'000'000);
    return base::format_go_duration(whole);
}

std::string time_of(std::int64_t unix_micros) { return base::rfc3339_utc(unix_micros / 1'000'000); }

/// The jobs that hold the places, the oldest first: they are what one waits for.
std::string name_jobs(Jobs jobs, std::int64_t now) {
    constexpr std::size_t kNamed = 3;
    const auto older = [](const JobState* a, const JobState* b) {
        return a->started_unix_micros < b->started_unix_micros;
    };
    std::sort(jobs.begin(), jobs.end(), older);
    std::string text;
    for (std::size_t i = 0; i < std::min(jobs.size(), kNamed); ++i) {
        const JobState& job = *jobs[i];
        text += fmt::format("{}job {} ({}, {})", i == 0 ? "" : ", ", job.id, job.stage,
                            age(job.started_unix_micros, now));
    }
    if (jobs.size() > kNamed) text += fmt::format(" and {} more", jobs.size() - kNamed);
    return text;
}

Jobs jobs_of(const Snapshot& now, const RunnerState* runner) {
    Jobs jobs;
    for (const JobState& job : now.jobs) {
        if (runner == nullptr || job.short_token == runner->short_token) jobs.push_back(&job);
    }
    return jobs;
}

/// What people decided, and what is wrong on this machine.
std::optional<IdleReason> reason_here(const Snapshot& now, const RunnerState& runner) {
    if (now.process_state == "starting") return {{IdleKind::kStarting, "The daemon is starting."}};
    if (now.process_state != "running") {
        return {{IdleKind::kStopping,
                 "The daemon is shutting down: running jobs end, and no new ones are taken."}};
    }
    if (now.draining) {
        return {{IdleKind::kDraining,
                 "The daemon is being drained: running jobs end, and no new ones are taken."}};
    }
    if (runner.paused) {
        return {{IdleKind::kPaused, fmt::format("Paused on this machine. `runner resume {}` "
                                                "continues.",
                                                runner.name)}};
    }
    if (!runner.disk_problem.empty()) return {{IdleKind::kDiskShort, runner.disk_problem}};
    if (!runner.known_executor) {
        return {{IdleKind::kUnknownExecutor,
                 fmt::format("This program has no executor \"{}\", so it asks for no jobs. Set "
                             "executor in config.toml.",
                             runner.executor)}};
    }
    return std::nullopt;
}

std::optional<IdleReason> reason_of_server(const RunnerState& runner) {
    const std::string since = runner.failing_since_unix_micros == 0
                                  ? std::string()
                                  : " since " + time_of(runner.failing_since_unix_micros);
    switch (runner.last_kind) {
        case LastAnswer::kUnusable:
            return {{IdleKind::kUnusable,
                     fmt::format("Its configuration cannot be used: {}", runner.last_answer)}};
        case LastAnswer::kRefused: {
            std::string text = fmt::format(
                "GitLab refuses its token{} ({}). Check it with "
                "`runner verify`.",
                since, runner.last_answer);
            if (runner.resting_until_unix_micros != 0) {
                text += fmt::format(" GitLab is asked again at {}, or after a reload.",
                                    time_of(runner.resting_until_unix_micros));
            }
            return {{IdleKind::kTokenRefused, std::move(text)}};
        }
        case LastAnswer::kNoServer:
            return {{IdleKind::kUnreachable, fmt::format("{} cannot be reached{}: {}", runner.url,
                                                         since, runner.last_answer)}};
        case LastAnswer::kError:
            return {{IdleKind::kServerError,
                     fmt::format("GitLab answers with an error{}: {}", since, runner.last_answer)}};
        default: return std::nullopt;
    }
}

std::optional<IdleReason> reason_of_room(const Snapshot& now, const RunnerState& runner) {
    const Jobs all = jobs_of(now, nullptr);
    if (static_cast<int>(all.size()) >= now.concurrent) {
        return {
            {IdleKind::kNoPlace, fmt::format("No place is free: concurrent = {}, taken by {}.",
                                             now.concurrent, name_jobs(all, now.now_unix_micros))}};
    }
    const Jobs own = jobs_of(now, &runner);
    if (runner.limit > 0 && static_cast<int>(own.size()) >= runner.limit) {
        return {{IdleKind::kLimit, fmt::format("Its limit is reached: limit = {}, taken by {}.",
                                               runner.limit, name_jobs(own, now.now_unix_micros))}};
    }
    return std::nullopt;
}

}  // namespace

IdleReason idle_reason(const Snapshot& now, const RunnerState& runner) {
    if (auto reason = reason_here(now, runner)) return *std::move(reason);
    if (auto reason = reason_of_server(runner)) return *std::move(reason);
    if (auto reason = reason_of_room(now, runner)) return *std::move(reason);
    if (runner.last_kind == LastAnswer::kNone) {
        return {IdleKind::kNotAsked, "No request for a job was answered yet."};
    }
    return {IdleKind::kNoJob,
            "It asks GitLab, which has no job for it. GitLab does not say when a runner is paused "
            "there, when tags do not match, or when the project may not use it."};
}

IdleLevel level_of(IdleKind kind) {
    switch (kind) {
        case IdleKind::kNotAsked:
        case IdleKind::kNoJob: return IdleLevel::kFine;
        case IdleKind::kDiskShort:
        case IdleKind::kUnknownExecutor:
        case IdleKind::kUnusable:
        case IdleKind::kTokenRefused:
        case IdleKind::kUnreachable:
        case IdleKind::kServerError: return IdleLevel::kProblem;
        default: return IdleLevel::kHeld;
    }
}

std::string_view to_string(IdleKind kind) {
    switch (kind) {
        case IdleKind::kStarting: return "starting";
        case IdleKind::kStopping: return "stopping";
        case IdleKind::kDraining: return "draining";
        case IdleKind::kPaused: return "paused";
        case IdleKind::kDiskShort: return "disk_short";
        case IdleKind::kUnknownExecutor: return "unknown_executor";
        case IdleKind::kUnusable: return "unusable";
        case IdleKind::kTokenRefused: return "token_refused";
        case IdleKind::kUnreachable: return "unreachable";
        case IdleKind::kServerError: return "server_error";
        case IdleKind::kNoPlace: return "no_place";
        case IdleKind::kLimit: return "limit";
        case IdleKind::kNotAsked: return "not_asked";
        case IdleKind::kNoJob: return "no_job";
    }
    return "";
}

std::string_view to_string(IdleLevel level) {
    switch (level) {
        case IdleLevel::kFine: return "fine";
        case IdleLevel::kHeld: return "held";
        case IdleLevel::kProblem: return "problem";
    }
    return "";
}

}  // namespace runner::status
