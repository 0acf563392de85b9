#pragma once

#include <string>

#include "executors/spec.hpp"
#include "runner/script/variables.hpp"

/// Finds what is too large in a job before anything is started for it. Pure.
namespace runner::job {

/// Why the variables cannot be given to scripts, "" when they can.
std::string variables_problem(const script::Variables& variables);

/// Why the image or a service cannot be started, because Linux does not take so large an
/// environment or argument; "" when all can.
std::string services_problem(const executors::JobEnvironment& environment);

}  // namespace runner::job
