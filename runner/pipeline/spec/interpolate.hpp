#pragma once

#include <string>

#include "runner/pipeline/variables/collection.hpp"
#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::spec {

/// What the blocks of a document may refer to.
struct InterpolationContext {
    yaml::Map inputs;
    yaml::Map component;
    const variables::Collection* variables = nullptr;  ///< for `expand_vars`; may be nullptr
};

/// Replaces the $[[ … ]] blocks (ci-yaml.md §2.5) in keys, values and list items. A text that is
/// nothing but one block becomes a value of the input's type, not a text. When such a text is the
/// item of a list and its value is a list, the items of that value are inserted into the outer
/// list.
Checked<yaml::Value> interpolate(const yaml::Value& value, const InterpolationContext& context);

/// Applies one function of a block: `truncate(…)`, `expand_vars`, `posix_escape` or `split(…)`.
/// `last` tells that no other function follows, which `split` requires. Problems have GitLab's
/// texts.
Checked<yaml::Value> apply_function(const std::string& call, const yaml::Value& value,
                                    const InterpolationContext& context, bool last);

}  // namespace runner::pipeline::spec
