#pragma once

#include <vector>

#include "base/result.hpp"
#include "runner/doctor/context.hpp"
#include "runner/doctor/finding.hpp"

namespace runner::doctor {

struct Examined {
    std::vector<Line> lines;
    int signal = 0;  ///< that ended it early; 0 for none
};

/// Looks at everything that the options ask for and answers when all of it has ended, also after
/// SIGINT or SIGTERM: then what was made is removed, and what was found so far is answered. A
/// second signal ends the program at once. kNotFound when there is no configuration or no such
/// runner, kInvalidInput for a file that cannot be read or a check that does not exist.
base::Result<Examined> examine(Options options);

}  // namespace runner::doctor
