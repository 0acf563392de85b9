#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runner/pipeline/plan/configuration.hpp"
#include "runner/pipeline/plan/expanded_keywords.hpp"
#include "runner/pipeline/rules/only_except.hpp"

namespace runner::pipeline::plan {

/// What a pipeline is created for and with.
struct CreateRequest {
    rules::PipelineInfo pipeline;
    rules::Repository repository;
    /// Predefined variables. Variables of the configuration override them.
    variables::Collection predefined;
    /// Variables of project, groups and instance, and those given for this pipeline. They override
    /// variables of the configuration.
    variables::Collection given;
};

/// A job of a created pipeline, with the matching rule applied.
struct PlannedJob {
    const Job* job = nullptr;  ///< points into the configuration
    When when = When::kOnSuccess;
    bool allow_failure = false;
    std::vector<std::int64_t> allowed_exit_codes;
    std::optional<std::string> start_in;
    bool has_needs = false;
    std::vector<Need> needs;
    std::optional<bool> interruptible;
    /// The variables of the configuration, of its workflow, of the job, its matrix and its rule,
    /// where later ones override earlier ones. Not expanded.
    variables::Collection variables;
    ExpandedKeywords expanded;
    std::string reason;                    ///< which rule or policy included the job
    std::vector<rules::Verdict> verdicts;  ///< of the evaluated rules, or of `only` and `except`
};

/// A job of the configuration that is not in the pipeline.
struct LeftOut {
    const Job* job = nullptr;
    std::string reason;
    std::vector<rules::Verdict> verdicts;
};

/// A created pipeline. When there are errors, GitLab would not create it.
struct Pipeline {
    std::vector<PlannedJob> jobs;  ///< in the order of stages
    std::vector<LeftOut> left_out;
    std::vector<std::string> stages;       ///< those that have jobs
    std::string name;                      ///< workflow:name, expanded; may be empty
    yaml::Value auto_cancel;               ///< null or a map
    std::vector<rules::Verdict> workflow;  ///< of the evaluated workflow:rules
    Problems errors;
};

/// Selects the jobs of a pipeline. The result points into `configuration`, which must outlive it.
Pipeline create_pipeline(const Configuration& configuration, const ParallelNames& parallel,
                         const CreateRequest& request);

}  // namespace runner::pipeline::plan
