#pragma once

#include <string>

#include "executors/helper/messages.hpp"
#include "executors/helper/posix.hpp"

/// File operations for the job. They run in a Worker, may block, and throw Failure.
namespace executors::helper {

/// Carries out one command and returns the JSON of its answer. `input` is the upload, -1 without
/// one.
std::string do_file_command(const FileCommand& command, int input);

}  // namespace executors::helper
