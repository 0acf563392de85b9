#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "executors/spec.hpp"

namespace runner::script {

/// A script that can be run anywhere, as a file or as a shell's standard input: `script` behind the
/// exports of its variables. Pure. It holds secrets. `shell`: "sh" for sh, else bash.
std::string driver_script(std::string_view shell,
                          const std::vector<executors::EnvironmentVariable>& variables,
                          std::string_view script);

}  // namespace runner::script
