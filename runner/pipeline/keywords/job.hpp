#pragma once

#include "runner/pipeline/keywords/defaults.hpp"
#include "runner/pipeline/keywords/edition.hpp"
#include "runner/pipeline/keywords/job_kind.hpp"

namespace runner::pipeline::keywords {

/// What the check of a job needs to know of the rest of the configuration.
struct JobContext {
    Edition edition = Edition::kEnterprise;
    const Defaults* defaults = nullptr;
    bool workflow_rules = false;  ///< there are `workflow:rules`
};

/// Checks one top-level job of any kind but kUnknown.
void check_job(const yaml::Value& name, const yaml::Value& value, JobKind kind,
               const JobContext& context, Report& report);

}  // namespace runner::pipeline::keywords
