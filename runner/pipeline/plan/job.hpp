#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::plan {

/// The values of `when`.
enum class When : std::uint8_t { kOnSuccess, kOnFailure, kAlways, kManual, kDelayed, kNever };

std::string_view to_string(When when);
std::optional<When> parse_when(std::string_view text);

/// A job of the same pipeline for which another job waits.
struct Need {
    std::string job;  ///< the name, of an instance when the job is parallel
    bool artifacts = true;
    bool optional = false;
    Mark mark;
};

/// A job that may get into a pipeline: a job of the file, or one instance of a parallel job.
/// `value` holds all keywords of the job, with inherited defaults. The other members are the
/// keywords that runner/pipeline itself works with.
struct Job {
    std::string name;        ///< "test", "test 1/3", "test: [a, b]"
    std::string definition;  ///< the name in the file: "test"
    bool bridge = false;     ///< a trigger job
    std::string stage = "test";
    yaml::Value value;  ///< a map
    Mark mark;

    When when = When::kOnSuccess;
    std::optional<bool> allow_failure;  ///< as in the file; see allows_failure()
    std::vector<std::int64_t> allowed_exit_codes;
    /// Whether the job has `needs`, which may be empty. It then waits for these jobs, not for
    /// stages.
    bool has_needs = false;
    std::vector<Need> needs;
    std::vector<yaml::Value> other_needs;  ///< needs of other pipelines and projects
    std::optional<std::vector<std::string>> dependencies;
    variables::Collection variables;  ///< the job's own variables and those of its matrix
    int node_index = 0;               ///< counts from 1; 0 when the job is not parallel
    int node_total = 1;

    /// `allow_failure`, or its default: a manual job may fail, other jobs may not.
    [[nodiscard]] bool allows_failure() const;
};

/// GitLab's limit of the needs of one job. GitLab checks it when it creates a pipeline.
inline constexpr std::size_t kMostNeeds = 50;
/// GitLab's message when a job has more.
Problem too_many_needs(const std::string& job, std::size_t count, Mark mark);

/// "rspec 1/3" and "rspec: [a, b]" belong to the group "rspec".
std::string group_name(std::string_view job_name);

/// The name of the environment, variables not expanded; "" when the job has no environment.
std::string environment_name(const Job& job);

/// The predefined variables that follow from the job's definition: CI_JOB_NAME, CI_JOB_STAGE, …
variables::Collection predefined_of(const Job& job);

/// The variables CI_ENVIRONMENT_…; empty when the job has no environment. The name is expanded with
/// the `known` variables. CI_ENVIRONMENT_URL is not expanded, because it may refer to these
/// variables and to variables that are known only when the job runs.
variables::Collection environment_variables(const Job& job, const variables::Collection& known);

/// The lines of `script`, `before_script` or `after_script`, nested lists flattened. nullptr means
/// that the keyword is not given.
std::vector<std::string> script_lines(const yaml::Value* value);

/// The variables of a `variables` map. nullptr means that the keyword is not given.
variables::Collection variables_of(const yaml::Value* map);

/// The needs as a flat list, before `parallel` is expanded. `needs` is a text, a map or a list.
std::vector<yaml::Value> flatten_needs(const yaml::Value& needs);

}  // namespace runner::pipeline::plan
