#include "runner/status/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/parse.hpp"
#include "runner/status/job_choice.hpp"
#include "runner/status/log_stream.hpp"
#include "runner/status/page_files.hpp"
#include "runner/status/pages.hpp"

namespace runner::status {

namespace http = protocol::http;
using Call = http::Router::Call;

namespace {

constexpr std::size_t kRecentJobs = 50;
constexpr std::size_t kMostRecentJobs = 10'000;

http::Response json(std::string body) {
    return http::text_response(200, std::move(body), "application/json");
}

http::Response no_such_job(const Call& call) {
    const auto runner = call.query("runner");
    return http::text_response(
        404, fmt::format("No job {}{} runs here, and none is in the history.\n", call.values.at(0),
                         runner ? fmt::format(" of the runner \"{}\"", *runner) : ""));
}

void add_health(http::Router& router, PageSource& source) {
    router.add_page("/health/live", [](const Call&) { return http::text_response(200, "live\n"); });
    router.add_page("/health/ready", [&source](const Call&) {
        const Snapshot now = source.now();
        if (now.process_state == "running") return http::text_response(200, "ready");
        return http::text_response(503, now.process_state + "\n");
    });
}

http::Response jobs_page(PageSource& source, const Call& call) {
    std::size_t most = kRecentJobs;
    if (const auto limit = call.query("limit")) {
        const auto number = base::parse_number<std::size_t>(*limit);
        if (!number) return http::text_response(400, "limit is a number of jobs: /jobs?limit=50\n");
        most = std::min(*number, kMostRecentJobs);
    }
    return json(jobs_json(source.now(), source.recent(most)));
}

/// The jobs that a request may mean: the running ones, and those that have ended.
struct Candidates {
    std::vector<JobState> running;
    std::vector<RecentJob> recent;

    /// One for each runner.
    [[nodiscard]] std::vector<JobState> all() const {
        std::vector<JobState> jobs = running;
        for (const RecentJob& job : recent) jobs.push_back(job.job);
        return jobs;
    }
};

Candidates candidates_of(PageSource& source, const Snapshot& now, std::int64_t id,
                         const std::string& runner) {
    Candidates found;
    const auto known = [&found](const JobState& job) {
        const auto jobs = found.all();
        return std::any_of(jobs.begin(), jobs.end(), [&job](const JobState& other) {
            return other.short_token == job.short_token;
        });
    };
    for (const JobState& job : now.jobs) {
        if (job.id == id && is_of_runner(job, runner)) found.running.push_back(job);
    }
    for (RecentJob& job : source.recent_of(id)) {
        if (is_of_runner(job.job, runner) && !known(job.job))
            found.recent.push_back(std::move(job));
    }
    return found;
}

/// Calls `show` with the one job that the path and ?runner mean, running or ended.
template <typename ShowRunning, typename ShowRecent>
http::Response for_the_job(PageSource& source, const Call& call, ShowRunning show_running,
                           ShowRecent show_recent) {
    const auto id = base::parse_number<std::int64_t>(call.values.at(0));
    if (!id) return no_such_job(call);
    const Snapshot now = source.now();
    const auto found =
        candidates_of(source, now, *id, std::string(call.query("runner").value_or("")));
    const auto all = found.all();
    if (all.empty()) return no_such_job(call);
    if (all.size() > 1) return http::text_response(409, several_jobs(*id, all) + "\n");
    return found.running.empty() ? show_recent(found.recent.front())
                                 : show_running(found.running.front(), now);
}

http::Response job_page(PageSource& source, const Call& call) {
    return for_the_job(
        source, call,
        [&source](const JobState& job, const Snapshot& now) {
            const auto log = source.log_of(job);
            return json(job_json(job, now.now_unix_micros, log ? log->size() : 0));
        },
        [](const RecentJob& job) { return json(job_json(job)); });
}

/// Last-Event-ID wins over ?from: a browser sends it when it connects again.
std::optional<std::uint64_t> start_of(const Call& call) {
    const std::string_view last = call.request.headers.get("Last-Event-ID");
    if (!last.empty()) return base::parse_number<std::uint64_t>(last);
    return base::parse_number<std::uint64_t>(call.query("from").value_or("0"));
}

http::Response log_page(PageSource& source, const Call& call) {
    const auto from = start_of(call);
    if (!from) {
        return http::text_response(400, "from and Last-Event-ID are a number of bytes.\n");
    }
    return for_the_job(
        source, call,
        [&](const JobState& job, const Snapshot&) {
            auto log = source.log_of(job);
            return log ? stream_log(std::move(log), *from) : no_such_job(call);
        },
        [](const RecentJob& job) {
            return stream_end({.success = job.failure_reason.empty(),
                               .reason = job.failure_reason,
                               .message = job.message});
        });
}

void add_jobs(http::Router& router, PageSource& source) {
    router.add_page("/jobs", [&source](const Call& call) { return jobs_page(source, call); });
    router.add_page("/jobs/{id}", [&source](const Call& call) { return job_page(source, call); });
    router.add_page("/jobs/{id}/log",
                    [&source](const Call& call) { return log_page(source, call); });
}

void add_debug(http::Router& router, PageSource& source) {
    router.add_page("/debug/jobs/list", [&source](const Call&) {
        auto list = http::text_response(200, jobs_list(source.now()));
        list.headers.set("X-List-Version", "2");
        return list;
    });
    router.add_page("/debug/process/state", [&source](const Call&) {
        return http::text_response(200, source.now().process_state + "\n");
    });
}

/// The page for people. The browser asks again after each start of a daemon, whose page may be
/// another one.
void add_page_files(http::Router& router) {
    for (const PageFile& file : page_files()) {
        router.add_page(std::string(file.path), [&file](const Call&) {
            return http::text_response(200, std::string(file.content), std::string(file.type));
        });
    }
}

}  // namespace

void add_pages(http::Router& router, PageSource& source) {
    add_page_files(router);
    add_health(router, source);
    add_jobs(router, source);
    router.add_page("/status.json",
                    [&source](const Call&) { return json(status_json(source.now())); });
    router.add_page("/metrics", [&source](const Call&) {
        return http::text_response(200, source.metrics().text(source.now()),
                                   "text/plain; version=0.0.4; charset=utf-8");
    });
    add_debug(router, source);
}

}  // namespace runner::status
