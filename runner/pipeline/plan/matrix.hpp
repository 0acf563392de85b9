#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::plan {

/// One instance of a parallel job.
struct Instance {
    std::string suffix;  ///< " 1/3" or ": [x, y]"
    std::vector<std::pair<std::string, std::string>> variables;
    int index = 0;  ///< 1-based
    int total = 1;
};

/// The instances that a `parallel` stands for, the first key varying slowest.
std::vector<Instance> expand_parallel(const yaml::Value& parallel);

/// How many these are.
std::size_t count_parallel(const yaml::Value& parallel);

}  // namespace runner::pipeline::plan
