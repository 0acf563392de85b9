#pragma once

#include "executors/helper/commands.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Answers a connection that asks for a file (protocol.hpp, "read"), in a process of its own that
/// lives as long as the answer takes. Regular files only; a link in the file's place is refused.
/// The socket is the new process's from here on. Throws Failure when there can be no process.
void serve_file(Fd socket, const ReadFile& command);

}  // namespace executors::helper
