#include "runner/status/pages.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "base/json.hpp"
#include "base/version.hpp"

namespace runner::status {

namespace http = protocol::http;
using nlohmann::ordered_json;

namespace {

constexpr std::string_view kPaths =
    "/health/live\n/health/ready\n/status.json\n/metrics\n/debug/jobs/list\n/debug/process/state\n";

double age_seconds(std::int64_t since, std::int64_t now) {
    return since == 0 ? 0 : static_cast<double>(now - since) / 1e6;
}

ordered_json time_or_null(std::int64_t unix_micros) {
    if (unix_micros == 0) return nullptr;
    return base::rfc3339_utc(unix_micros / 1000000);
}

ordered_json to_json(const RunnerState& runner) {
    return {{"name", runner.name},
            {"short_token", runner.short_token},
            {"url", runner.url},
            {"executor", runner.executor},
            {"limit", runner.limit},
            {"healthy", runner.healthy},
            {"paused", runner.paused},
            {"last_contact", time_or_null(runner.last_contact_unix_micros)},
            {"last_answer", runner.last_answer}};
}

ordered_json to_json(const JobState& job, std::int64_t now) {
    return {{"id", job.id},
            {"name", job.name},
            {"project_id", job.project_id},
            {"project", job.project},
            {"url", job.url},
            {"runner", job.runner_name},
            {"executor", job.executor},
            {"image", job.image},
            {"state", job.state},
            {"stage", job.stage},
            {"executor_stage", job.executor_stage},
            {"started_at", time_or_null(job.started_unix_micros)},
            {"age_seconds", age_seconds(job.started_unix_micros, now)},
            {"stage_age_seconds", age_seconds(job.stage_started_unix_micros, now)},
            {"restored", job.restored}};
}

http::Response respond(unsigned status, std::string reason, std::string type, std::string body) {
    http::Response response;
    response.status = status;
    response.reason = std::move(reason);
    response.headers.set("Content-Type", std::move(type));
    response.headers.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

http::Response text(std::string body) {
    return respond(200, "OK", "text/plain; charset=utf-8", std::move(body));
}

}  // namespace

std::string status_json(const Snapshot& now) {
    ordered_json page{{"version", base::version()},
                      {"revision", base::revision()},
                      {"state", now.process_state},
                      {"system_id", now.system_id},
                      {"started_at", time_or_null(now.started_unix_micros)},
                      {"uptime_seconds", age_seconds(now.started_unix_micros, now.now_unix_micros)},
                      {"concurrent", now.concurrent},
                      {"paused", now.paused},
                      {"draining", now.draining},
                      {"runners", ordered_json::array()},
                      {"jobs", ordered_json::array()}};
    for (const RunnerState& runner : now.runners) page["runners"].push_back(to_json(runner));
    for (const JobState& job : now.jobs) page["jobs"].push_back(to_json(job, now.now_unix_micros));
    return base::dump_json(page, 2) + "\n";
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
    return respond(403, "Forbidden", "text/plain; charset=utf-8",
                   "This endpoint does not answer to the name in the Host header. Ask it by its "
                   "address, or write the name into listen_address of config.toml.\n");
}

http::Response answer(const http::Request& request, const Snapshot& now, const Metrics& metrics) {
    if (request.method != "GET" && request.method != "HEAD") {
        auto refused =
            respond(405, "Method Not Allowed", "text/plain; charset=utf-8", "GET or HEAD only\n");
        refused.headers.set("Allow", "GET, HEAD");
        return refused;
    }
    const std::string path = request.target.substr(0, request.target.find('?'));
    const bool running = now.process_state == "running";
    if (path == "/health/live") return text("live\n");
    if (path == "/health/ready") {
        if (running) return text("ready");
        return respond(503, "Service Unavailable", "text/plain; charset=utf-8",
                       now.process_state + "\n");
    }
    if (path == "/status.json") return respond(200, "OK", "application/json", status_json(now));
    if (path == "/metrics") {
        return respond(200, "OK", "text/plain; version=0.0.4; charset=utf-8", metrics.text(now));
    }
    if (path == "/debug/jobs/list") {
        auto list = text(jobs_list(now));
        list.headers.set("X-List-Version", "2");
        return list;
    }
    if (path == "/debug/process/state") return text(now.process_state + "\n");
    return respond(404, "Not Found", "text/plain; charset=utf-8",
                   "There is nothing at " + path + ". There is:\n" + std::string(kPaths));
}

}  // namespace runner::status
