#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/pipeline/plan/job.hpp"
#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::plan {

/// A valid configuration: all jobs that may get into a pipeline. create_pipeline() selects among
/// them.
struct Configuration {
    std::vector<std::string> stages;  ///< .pre first, .post last
    std::vector<Job> jobs;            ///< in the order of the file; parallel jobs are expanded
    variables::Collection variables;  ///< the global ones
    yaml::Value workflow;             ///< null or a map

    [[nodiscard]] const Job* find(const std::string& name) const;
    /// The index of a stage; -1 when there is no such stage.
    [[nodiscard]] int stage_index(const std::string& stage) const;

    /// Fills the look-up tables of find() and stage_index(). To be called once, when `jobs` and
    /// `stages` are complete.
    void index();

  private:
    std::unordered_map<std::string, std::size_t> jobs_by_name_;
    std::unordered_map<std::string, int> stages_by_name_;
};

/// The names of the instances of each parallel job of the file.
using ParallelNames = std::unordered_map<std::string, std::vector<std::string>>;

}  // namespace runner::pipeline::plan
