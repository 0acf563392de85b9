#pragma once

#include <string_view>

namespace base {

/// Our own version, as in CMakeLists.txt.
std::string_view version();
/// Commit that this was built from, eight characters, or "unknown".
std::string_view revision();
/// The gitlab-runner release whose protocol we speak: what the server is told, because it compares
/// versions (runner-protocol.md §3.1).
std::string_view compatible_version();

}  // namespace base
