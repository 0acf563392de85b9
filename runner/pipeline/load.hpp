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

/// What a configuration is loaded with.
struct LoadRequest {
    std::string text;
    std::string name = ".gitlab-ci.yml";
    Edition edition = Edition::kEnterprise;
    variables::Collection variables;  ///< for include paths, include rules and expand_vars
    rules::Repository repository;     ///< for include rules
    yaml::Value inputs;               ///< for the file's own `spec:inputs`; null: none
    include::Origin origin;
    include::Limits limits;
};

/// What became of it. Without errors there is a configuration.
struct Loaded {
    Problems errors;
    Problems warnings;
    std::vector<include::File> files;  ///< index 0 is the file itself
    std::vector<include::Included> includes;
    std::optional<yaml::Value> merged;  ///< includes, extends and references resolved
    std::optional<plan::Configuration> configuration;
    plan::ParallelNames parallel;

    [[nodiscard]] bool valid() const { return errors.empty(); }
};

/// Reads, merges and checks a configuration: everything that GitLab's static lint does. Never
/// throws on bad input. `source` gives included files.
Loaded load_configuration(const LoadRequest& request, include::Source& source);

}  // namespace runner::pipeline
