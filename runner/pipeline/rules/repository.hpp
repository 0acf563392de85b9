#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/variables/collection.hpp"

namespace runner::pipeline::rules {

using Paths = std::vector<std::string>;

/// What is known of the repository when rules are evaluated. All members may stay empty.
struct Repository {
    /// Paths that the push or merge request changed; nothing when the difference is unknown (new
    /// branch, tag, schedule, manual run), which makes `changes` true.
    std::optional<Paths> changed;
    /// Paths that differ from the given ref; nothing when it is no ref.
    std::function<std::optional<Paths>(const std::string& ref)> changed_since;
    /// The files of the commit the pipeline runs for.
    Paths files;
    /// The files of another project, nothing when it cannot be read.
    std::function<std::optional<Paths>(const std::string& project, const std::string& ref)>
        project_files;
};

}  // namespace runner::pipeline::rules
