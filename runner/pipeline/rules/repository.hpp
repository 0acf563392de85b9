#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runner/pipeline/rules/lazy.hpp"

namespace runner::pipeline::rules {

using Paths = std::vector<std::string>;

/// What differs from a ref.
struct Difference {
    bool is_ref = false;               ///< false: there is no such ref
    Lazy<std::optional<Paths>> paths;  ///< nothing when they cannot be found out
};

/// The files of a commit of another project.
struct ProjectFiles {
    bool is_project = false;  ///< false: there is no such project, or it cannot be read
    bool is_ref = false;      ///< false: the project has no such ref
    Paths paths;
};

/// The files of the repository, as far as rules ask about them (`changes`, `exists`). All members
/// may stay empty. Paths are relative to the root of the repository; they are found out when a rule
/// asks for them.
struct Repository {
    /// The paths that the push or the merge request changed; nothing when this is unknown (new
    /// branch, tag, schedule, manual run). `changes` then counts as true.
    Lazy<std::optional<Paths>> changed;
    std::function<Difference(const std::string& ref)> changed_since;
    /// The files of the commit for which the pipeline runs.
    Lazy<Paths> files;
    /// The files of another project; an empty `ref` is its default branch.
    std::function<ProjectFiles(const std::string& project, const std::string& ref)> project_files;
};

}  // namespace runner::pipeline::rules
