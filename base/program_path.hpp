#pragma once

#include <string>

#include "base/result.hpp"

namespace base {

/// The path of a program that is looked up in PATH, for who starts it several times. kNotFound when
/// no directory of PATH has it.
Result<std::string> find_program(const std::string& name);

}  // namespace base
