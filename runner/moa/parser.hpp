#pragma once

#include <cstddef>
#include <string_view>

#include "runner/moa/fault.hpp"
#include "runner/moa/syntax.hpp"

namespace runner::moa {

struct Parsed {
    ExpressionPtr expression;  ///< null for `${{ }}`
    std::size_t end = 0;       ///< the byte behind its "}}"
};

/// Parses one expression of `text`, which begins at the byte behind its "${{". An expression has at
/// most 10,000 parts, and its brackets are nested at most 100 times.
Outcome<Parsed> parse(std::string_view text, std::size_t at);

}  // namespace runner::moa
