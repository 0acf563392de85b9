#pragma once

#include <string>

#include "runner/doctor/finding.hpp"
#include "runner/doctor/job_report.hpp"

/// Judges what the doctor's job of one runner has found. Pure. Only judge_job() says that there was
/// no job; the others are silent then.
namespace runner::doctor {

Finding judge_job(const JobReport& report);
Finding judge_privileges(const JobReport& report);
Finding judge_job_cgroups(const JobReport& report);
Finding judge_job_platforms(const JobReport& report);
/// Where the builds are, or the data of an engine in the job's container.
Finding judge_job_disk(Place place, const JobReport& report);
Finding judge_job_proxies(Place place, const JobReport& report);
/// Whether a program of the job trusts GitLab's certificate.
Finding judge_job_tls(const JobReport& report);

/// These are silent when the job has no engine, or no builder.
Finding judge_engine_of_job(const JobReport& report);
Finding judge_storage_of_job(const JobReport& report);
Finding judge_builder_of_job(const JobReport& report);
Finding judge_job_registry(Place place, const std::string& host, const JobReport& report);

Finding judge_job_names(Place place, const JobReport& report);
Finding judge_job_connection(Place place, const JobReport& report);
Finding judge_job_packets(Place place, const JobReport& report);

}  // namespace runner::doctor
