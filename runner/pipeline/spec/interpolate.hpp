#pragma once

#include <string>

#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::spec {

/// What blocks may name.
struct InterpolationContext {
    yaml::Map inputs;
    yaml::Map component;
    const variables::Collection* variables = nullptr;  ///< for expand_vars; may be null
};

/// Replaces the $[[ … ]] blocks in keys, values and list elements. A value that is one block keeps
/// the native type; a list in the place of a list's element is spliced in.
Checked<yaml::Value> interpolate(const yaml::Value& value, const InterpolationContext& context);

/// One pass of `truncate(…)`, `expand_vars`, `posix_escape` or `split(…)`; the problem's text is
/// GitLab's.
Checked<yaml::Value> apply_function(const std::string& call, const yaml::Value& value,
                                    const InterpolationContext& context, bool last);

}  // namespace runner::pipeline::spec
