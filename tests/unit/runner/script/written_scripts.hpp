#pragma once

#include <string>

#include "tests/unit/runner/script/script_job.hpp"

namespace tests {

/// Every script of the job, each below a line "==== <name>". Escape bytes and git's user agent,
/// which has the version in it, are replaced by names.
std::string written_scripts(ScriptJob job);

}  // namespace tests
