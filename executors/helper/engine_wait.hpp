#pragma once

#include <string>

#include "executors/helper/commands.hpp"

namespace executors::helper {

/// Blocks until the engine behind `wait.socket` answers GET /_ping with 200 (`listening`: accepts a
/// connection, which it does long before it answers) or the limit has passed;
/// runs in a Worker. Answers {"ok":true,"waited_ms":n} or
/// {"ok":false,"error":"…","waited_ms":n,"log_tail":"…"}.
std::string wait_for_engine(const WaitEngine& wait);

/// The last `lines` lines of a text.
std::string last_lines(const std::string& text, std::size_t lines);

}  // namespace executors::helper
