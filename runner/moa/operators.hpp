#pragma once

#include <cstddef>

#include "runner/moa/fault.hpp"
#include "runner/moa/syntax.hpp"

namespace runner::moa {

/// `left op right` for every operator but `||` and `&&`, which do not always look at their right
/// side. `at` is the operator's place. What is made of something sensitive is sensitive.
Outcome<Value> apply(Operator op, std::size_t at, const Value& left, const Value& right,
                     Budget& budget);
Outcome<Value> apply(Operator op, std::size_t at, const Value& operand);

Outcome<Value> call(Function function, std::size_t at, const Value::Array& arguments,
                    Budget& budget);

/// The fault of an expression that is more work than is left.
Fault out_of_budget(std::size_t at);

}  // namespace runner::moa
