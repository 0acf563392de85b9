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

enum class When : std::uint8_t { kOnSuccess, kOnFailure, kAlways, kManual, kDelayed, kNever };

std::string_view to_string(When when);
std::optional<When> parse_when(std::string_view text);

/// A job of the same pipeline that another waits for.
struct Need {
    std::string job;  ///< after expansion of `parallel`
    bool artifacts = true;
    bool optional = false;
    Mark mark;
};

/// One job as it may enter a pipeline: a job of the file, or one instance of a parallel one. The
/// keywords are those of the file with `default` laid under them; what the language itself acts on
/// is typed.
struct Job {
    std::string name;        ///< "test", "test 1/3", "test: [a, b]"
    std::string definition;  ///< the name in the file
    bool bridge = false;     ///< a trigger job
    std::string stage = "test";
    yaml::Value value;  ///< the keywords in effect, a map
    Mark mark;

    When when = When::kOnSuccess;
    std::optional<bool> allow_failure;  ///< as written; see allows_failure()
    std::vector<std::int64_t> allowed_exit_codes;
    bool has_needs = false;  ///< written, even if empty: the job follows needs, not stages
    std::vector<Need> needs;
    std::vector<yaml::Value> other_needs;  ///< of other pipelines and projects
    std::optional<std::vector<std::string>> dependencies;
    variables::Collection variables;  ///< the job's own, the matrix's included
    int node_index = 0;               ///< 1-based; 0 when not parallel
    int node_total = 1;

    /// true, false, or the default: a manual job may fail unless told otherwise.
    [[nodiscard]] bool allows_failure() const;
};

/// GitLab's limit of needs, and its words for more; they are said when a pipeline is created.
inline constexpr std::size_t kMostNeeds = 50;
Problem too_many_needs(const std::string& job, std::size_t count, Mark mark);

/// "rspec 1/3" and "rspec: [a, b]" belong to the group "rspec".
std::string group_name(std::string_view job_name);

/// The environment as it is written, without expansion; "" when the job has none.
std::string environment_name(const Job& job);

/// The predefined variables that the job's place in the configuration decides: CI_JOB_NAME, …
variables::Collection predefined_of(const Job& job);

/// CI_ENVIRONMENT_…, the name expanded with what is `known`; empty without an environment. The
/// address stays as written: it may name these and what only the job knows.
variables::Collection environment_variables(const Job& job, const variables::Collection& known);

/// Script lines of script, before_script or after_script: nested lists flattened.
std::vector<std::string> script_lines(const yaml::Value* value);

/// Variables of a `variables` map, values as text.
variables::Collection variables_of(const yaml::Value* map);

/// Needs as written, flattened, before expansion of `parallel`; `needs` may be any accepted form.
std::vector<yaml::Value> flatten_needs(const yaml::Value& needs);

}  // namespace runner::pipeline::plan
