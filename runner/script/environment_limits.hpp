#pragma once

#include <string>
#include <vector>

#include "executors/spec.hpp"

namespace runner::script {

/// Why Linux would not start a program with these variables: one of them, or all together, are too
/// large (size_limits.hpp). The sentence names the variables and their sizes; "" when a program can
/// have them. Pure.
std::string environment_problem(const std::vector<executors::EnvironmentVariable>& environment);

}  // namespace runner::script
