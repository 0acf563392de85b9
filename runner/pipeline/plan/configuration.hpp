#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/pipeline/keywords/job.hpp"
#include "runner/pipeline/plan/job.hpp"
#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::plan {

/// A valid configuration, ready for the question which of its jobs a pipeline gets.
struct Configuration {
    std::vector<std::string> stages;  ///< .pre first, .post last
    std::vector<Job> jobs;            ///< in the order of the file, parallel ones expanded
    variables::Collection variables;  ///< of the root
    yaml::Value workflow;             ///< null or a map

    [[nodiscard]] const Job* find(const std::string& name) const;
    /// Position of a stage, -1 when there is none.
    [[nodiscard]] int stage_index(const std::string& stage) const;

    /// Fills the look-up tables; called once by who builds the value.
    void index();

  private:
    std::unordered_map<std::string, std::size_t> jobs_by_name_;
    std::unordered_map<std::string, int> stages_by_name_;
};

/// Names of the jobs that each parallel job of the file stands for.
using ParallelNames = std::unordered_map<std::string, std::vector<std::string>>;

/// Makes jobs of a checked root: defaults laid under, `parallel` expanded, needs and dependencies
/// on parallel jobs rewritten to their instances.
struct Normalised {
    Configuration configuration;
    ParallelNames parallel;
};
Checked<Normalised> normalise(const yaml::Value& root, const keywords::Defaults& defaults);

/// The needs of one instance of a parallel job, each $[[ matrix.X ]] replaced by the value it has
/// there. `job` is the name in the file, for messages.
Checked<yaml::Value> fill_matrix(const std::string& job, const yaml::Value& needs,
                                 const std::vector<std::pair<std::string, std::string>>& matrix);

/// The needs of a list that name jobs of the same pipeline, parallel ones expanded.
struct NeedsOf {
    std::vector<Need> needs;
    std::vector<yaml::Value> others;
};
NeedsOf expand_needs(const yaml::Value& needs, const ParallelNames& parallel);

/// What a well-formed file may still get wrong: stages, needs, dependencies, on_stop, circles.
/// GitLab stops at the first.
std::optional<Problem> check_logic(const Configuration& configuration);

}  // namespace runner::pipeline::plan
