#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runner/pipeline/plan/configuration.hpp"
#include "runner/pipeline/rules/policy.hpp"

namespace runner::pipeline::plan {

/// What a pipeline is created for.
struct CreateRequest {
    rules::PipelineInfo pipeline;
    rules::Repository repository;
    /// Predefined variables: those of YAML win over them.
    variables::Collection predefined;
    /// Of project, groups, instance, and given for this run: they win over YAML.
    variables::Collection given;
};

/// A job of a created pipeline, its rule applied.
struct PlannedJob {
    const Job* job = nullptr;  ///< points into the configuration
    When when = When::kOnSuccess;
    bool allow_failure = false;
    std::vector<std::int64_t> allowed_exit_codes;
    std::optional<std::string> start_in;
    bool has_needs = false;
    std::vector<Need> needs;
    std::optional<bool> interruptible;
    /// Root, workflow, job, matrix and rule variables, in this order of strength; not expanded.
    variables::Collection variables;
    std::string reason;                    ///< why it is in: the rule that matched, in words
    std::vector<rules::Verdict> verdicts;  ///< of the rules, or the one policy, looked at
};

struct LeftOut {
    const Job* job = nullptr;
    std::string reason;
    std::vector<rules::Verdict> verdicts;
};

/// The outcome: jobs in stage order, or errors and no pipeline.
struct Pipeline {
    std::vector<PlannedJob> jobs;
    std::vector<LeftOut> left_out;
    std::vector<std::string> stages;       ///< those that have jobs
    std::string name;                      ///< of workflow:name, expanded; may be empty
    yaml::Value auto_cancel;               ///< null or a map
    std::vector<rules::Verdict> workflow;  ///< of the workflow's rules that were looked at
    Problems errors;
};

/// Decides which jobs a pipeline gets. `configuration` must outlive the result.
Pipeline create_pipeline(const Configuration& configuration, const ParallelNames& parallel,
                         const CreateRequest& request);

}  // namespace runner::pipeline::plan
