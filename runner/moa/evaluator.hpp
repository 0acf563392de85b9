#pragma once

#include "runner/moa/fault.hpp"
#include "runner/moa/syntax.hpp"

namespace runner::moa {

/// The value of `expression`, whose names are members of `names` or the functions str, num and
/// bool.
Outcome<Value> evaluate(const Expression& expression, const Value::Object& names, Budget& budget);

}  // namespace runner::moa
