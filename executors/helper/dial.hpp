#pragma once

#include "executors/helper/messages.hpp"
#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Answers a connection that asks for another one (protocol.hpp, "dial"), in a new process that
/// ends with the two: a TCP connection out of the job's environment, where the names of its
/// services are known. Throws Failure when there can be no process.
void serve_dial(UniqueFd socket, const Dial& command);

}  // namespace executors::helper
