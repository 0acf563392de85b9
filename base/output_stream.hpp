#pragma once

#include <cstdint>

namespace base {

/// The stream of a program that bytes come from, from the helper's event log to the job's log.
/// The values are those of the wire (executors/helper/protocol.hpp).
enum class OutputStream : std::uint8_t { kNone = 0, kStdout = 1, kStderr = 2 };

}  // namespace base
