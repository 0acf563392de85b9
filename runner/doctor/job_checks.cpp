#include <algorithm>

#include "runner/doctor/checks.hpp"
#include "runner/doctor/job_script.hpp"
#include "runner/doctor/judge_job.hpp"

namespace runner::doctor {

using base::Result;
using base::Task;
using config::RunnerConfig;

namespace {

/// A job with an engine and a builder, and all jobs before it.
constexpr std::chrono::minutes kLimitOfAJob{5};

using Judge = std::function<Finding(const JobReport&)>;

Task<Result<Finding>> check_job(DoctorJobs& jobs, const RunnerConfig& runner, Judge judge) {
    auto waiting = jobs.report(runner);
    auto report = co_await std::move(waiting);
    if (!report) co_return report.error();
    co_return judge(*report);
}

}  // namespace

void add_job_checks(const Context& context, DoctorJobs& jobs, Checks& checks) {
    const auto limit = kLimitOfAJob * context.runners.size();
    for (const RunnerConfig* runner : context.runners) {
        const auto add = [&](Place place, const char* name, Judge judge) {
            checks.push_back(
                {.place = place,
                 .where = runner->name,
                 .name = name,
                 .limit = limit,
                 .run = [&jobs, runner, judge] { return check_job(jobs, *runner, judge); }});
        };
        add(Place::kJob, "job", judge_job);
        add(Place::kJob, "privileges", judge_privileges);
        add(Place::kJob, "cgroups", judge_job_cgroups);
        add(Place::kJob, "platforms", judge_job_platforms);
        add(Place::kJob, "certificate", judge_job_tls);
        add(Place::kInnerEngine, "engine", judge_engine_of_job);
        add(Place::kInnerEngine, "storage", judge_storage_of_job);
        add(Place::kBuilder, "builder", judge_builder_of_job);
        for (const Place place : {Place::kJob, Place::kInnerEngine})
            add(place, "disk", [place](const JobReport& r) { return judge_job_disk(place, r); });
        for (const Place place : {Place::kJob, Place::kInnerEngine, Place::kBuilder}) {
            add(place, "dns", [place](const JobReport& r) { return judge_job_names(place, r); });
            add(place, "gitlab",
                [place](const JobReport& r) { return judge_job_connection(place, r); });
            add(place, "mtu", [place](const JobReport& r) { return judge_job_packets(place, r); });
            add(place, "proxy",
                [place](const JobReport& r) { return judge_job_proxies(place, r); });
        }
        for (const auto& settings : runner->registries) {
            for (const Place place : {Place::kInnerEngine, Place::kBuilder}) {
                add(place, "registry", [place, host = settings.host](const JobReport& r) {
                    return judge_job_registry(place, host, r);
                });
            }
        }
    }
}

}  // namespace runner::doctor
