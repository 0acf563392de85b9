#pragma once

#include <string>

namespace executors {

/// The path of the program runner-helper: the value of RUNNER_HELPER, else beside this program (a
/// build tree), else in ../lib/runner from there (an installation below any prefix). The last path
/// is the answer also when the file does not exist.
std::string find_helper();

}  // namespace executors
