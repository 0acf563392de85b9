#pragma once

#include <string>

#include "executors/helper/messages.hpp"

namespace executors::helper {

/// Blocks until the engine behind `wait.socket` answers GET /_ping with 200 (`listening`: until it
/// accepts a connection, which is long before it answers), or until the limit has passed. Runs in a
/// Worker. Returns {"ok":true,"waited_ms":n} or
/// {"ok":false,"error":"…","waited_ms":n,"log_tail":"…"}.
std::string wait_for_engine(const WaitEngine& wait);

/// The last `lines` lines of a text.
std::string last_lines(const std::string& text, std::size_t lines);

}  // namespace executors::helper
