#pragma once

#include <vector>

#include "runner/doctor/check.hpp"
#include "runner/doctor/context.hpp"
#include "runner/doctor/doctor_job.hpp"

/// The checks of each subject. `context` and `jobs` outlive them.
namespace runner::doctor {

using Checks = std::vector<Check>;

/// config, daemon, disk, cgroups, platforms of this machine.
void add_host_checks(const Context& context, Checks& checks);
/// proxy, and for each server: dns, gitlab, clock, mtu; for each runner: token, paused.
void add_gitlab_checks(const Context& context, Checks& checks);
/// certificate: of each server and registry with TLS, and of the certificates that are configured.
void add_certificate_checks(const Context& context, Checks& checks);
/// For each Docker engine: engine, storage, cgroups, clock, disk, leftovers.
void add_engine_checks(const Context& context, Checks& checks);
/// For each Docker engine and each registry of its runners: registry, a pull by the engine.
void add_engine_registry_checks(const Context& context, Checks& checks);
/// For each declared registry: registry.
void add_registry_checks(const Context& context, Checks& checks);
/// For each runner, by one job: from the job's script, from the engine inside of it and from its
/// builder.
void add_job_checks(const Context& context, DoctorJobs& jobs, Checks& checks);

}  // namespace runner::doctor
