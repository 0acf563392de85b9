#pragma once

#include "runner/pipeline/keywords/defaults.hpp"
#include "runner/pipeline/plan/configuration.hpp"

namespace runner::pipeline::plan {

struct Normalised {
    Configuration configuration;
    ParallelNames parallel;
};

/// Makes jobs from a configuration that was checked without errors: adds the defaults they inherit,
/// expands `parallel`, and replaces parallel jobs in needs and dependencies by their instances.
Checked<Normalised> normalise(const yaml::Value& root, const keywords::Defaults& defaults);

}  // namespace runner::pipeline::plan
