#pragma once

#include "executors/helper/messages.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Answers a connection that reads a file (protocol.hpp, "read"), in a new process that ends with
/// the answer. Only regular files are read; a symbolic link in the file's place is refused. Throws
/// Failure when there can be no process.
void serve_file(UniqueFd socket, const ReadFile& command);

}  // namespace executors::helper
