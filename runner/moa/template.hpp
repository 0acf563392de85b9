#pragma once

#include <string>
#include <string_view>

#include "runner/moa/fault.hpp"
#include "runner/moa/value.hpp"

namespace runner::moa {

struct Expanded {
    std::string text;
    int expressions = 0;  ///< how many were replaced
    /// The first expression that puts something sensitive into the text, as it is written.
    std::string sensitive;
};

/// Replaces each `${{ … }}` of `text` by its value as text; `\${{` stands for "${{". `names` has
/// what expressions can name. Nothing else of the text has a meaning.
Outcome<Expanded> expand(std::string_view text, const Value::Object& names, Budget& budget);

}  // namespace runner::moa
