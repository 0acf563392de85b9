#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "executors/docker/engine_parse.hpp"
#include "runner/doctor/figures.hpp"
#include "runner/doctor/finding.hpp"

/// Judges what an engine says about itself: that of the runner, or one inside of a job. Pure.
namespace runner::doctor {

/// `where`: the engine's address as it is configured.
Finding judge_engine(const std::string& where,
                     const base::Result<executors::docker::EngineInfo>& info);
Finding judge_storage(Place place, const executors::docker::EngineInfo& info);
Finding judge_engine_cgroups(const executors::docker::EngineInfo& info);
/// `now`: of this machine, seconds since 1970.
Finding judge_engine_clock(const executors::docker::EngineInfo& info, std::int64_t now);

/// The answer to `docker info` in a job.
Finding judge_inner_engine(const CommandFigures& asked);
base::Result<executors::docker::EngineInfo> inner_engine_info(const CommandFigures& asked);
/// What the builder's start printed.
Finding judge_builder(const CommandFigures& started);

/// The transfer of a small image to and from a registry, by the job's engine or its builder;
/// `pull` is nullptr where only a push is tried.
Finding judge_transfer(const std::string& host, const CommandFigures& push,
                       const CommandFigures* pull);

}  // namespace runner::doctor
