#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace runner::pipeline::rules {

using Paths = std::vector<std::string>;

/// The files of the repository, as far as rules ask about them (`changes`, `exists`). All members
/// may stay empty. Paths are relative to the root of the repository.
struct Repository {
    /// The paths that the push or the merge request changed; nothing when this is unknown (new
    /// branch, tag, schedule, manual run). `changes` then counts as true.
    std::optional<Paths> changed;
    /// Returns the paths that differ from the given ref; nothing when the ref does not exist.
    std::function<std::optional<Paths>(const std::string& ref)> changed_since;
    /// The files of the commit for which the pipeline runs.
    Paths files;
    /// Returns the files of another project; nothing when the project cannot be read.
    std::function<std::optional<Paths>(const std::string& project, const std::string& ref)>
        project_files;
};

}  // namespace runner::pipeline::rules
