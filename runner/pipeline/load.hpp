#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner/pipeline/include/files.hpp"
#include "runner/pipeline/include/resolve.hpp"
#include "runner/pipeline/keywords/edition.hpp"
#include "runner/pipeline/plan/configuration.hpp"
#include "runner/pipeline/rules/repository.hpp"

namespace runner::pipeline {

/// The configuration file to load, and what it is evaluated with.
struct LoadRequest {
    std::string text;
    std::string name = ".gitlab-ci.yml";
    Edition edition = Edition::kEnterprise;
    variables::Collection variables;  ///< for paths and rules of includes, and `expand_vars`
    rules::Repository repository;     ///< for the rules of includes
    yaml::Value inputs;               ///< for the `spec:inputs` of the file; null: none
    include::Origin origin;
    include::Limits limits;
};

/// The result of loading. `configuration` is set when there are no errors.
struct Loaded {
    Problems errors;
    Problems warnings;
    std::vector<include::File> files;  ///< index 0 is the main file
    std::vector<include::Included> includes;
    std::optional<yaml::Value> merged;  ///< with includes, extends and references resolved
    std::optional<plan::Configuration> configuration;
    plan::ParallelNames parallel;

    [[nodiscard]] bool valid() const { return errors.empty(); }
};

/// Loads, merges and checks a configuration: everything that GitLab's lint does without creating a
/// pipeline. Bad input never throws. `source` fetches included files.
Loaded load_configuration(const LoadRequest& request, include::Source& source);

}  // namespace runner::pipeline
