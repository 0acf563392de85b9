#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner/pipeline/include/files.hpp"
#include "runner/pipeline/include/resolve.hpp"
#include "runner/pipeline/keywords/edition.hpp"
#include "runner/pipeline/plan/configuration.hpp"
#include "runner/pipeline/rules/repository.hpp"

/// From the text of a .gitlab-ci.yml to the jobs of a pipeline, without any input or output except
/// through include::Source. In the order of the work, the folders are:
///
///   yaml        one document, its values and their positions
///   spec        the header of a file, and the blocks $[[ … ]] (with inputs)
///   include     included files, merged
///   merge       `extends` and `!reference`
///   keywords    the checks of all keywords
///   plan        jobs with defaults, `parallel` and needs; then the jobs of one pipeline (with
///   rules) state       the order in which the jobs of a pipeline run view        tables, graphs
///   and JSON of a created pipeline
///
/// A folder includes only folders that come later in this list:
/// view, (lint, load), state, plan, include, spec, keywords, merge, inputs, rules, glob, yaml,
/// variables, graph, expression. problem.hpp and durations.hpp include none of them.
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
