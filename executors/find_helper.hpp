#pragma once

#include <string>

namespace executors {

/// Where the program runner-helper is: what RUNNER_HELPER names, else beside this program (a build
/// tree), else in
/// ../lib/runner from there (an installation below any prefix). The last is answered also when
/// nothing is there.
std::string find_helper();

}  // namespace executors
