#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::plan {

/// One instance of a parallel job.
struct Instance {
    std::string suffix;  ///< appended to the job's name: " 1/3" or ": [x, y]"
    std::vector<std::pair<std::string, std::string>> variables;  ///< of the matrix
    int index = 0;                                               ///< counts from 1
    int total = 1;
};

/// The instances (ci-yaml.md §2.12) of a job with this `parallel` (a number or a map). Of a matrix,
/// the first key varies slowest.
std::vector<Instance> expand_parallel(const yaml::Value& parallel);

/// The number of instances, without making them.
std::size_t count_parallel(const yaml::Value& parallel);

}  // namespace runner::pipeline::plan
