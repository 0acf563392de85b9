#pragma once

#include <initializer_list>

namespace executors::helper {

/// The first of the descriptors that separate_child() keeps.
inline constexpr int kFirstKeptFd = 3;

/// To be called in a process that was forked from the supervisor and goes on without exec: signals
/// are as in a new program, and no descriptor stays open but 0 to 2 and those of `kept`, which
/// become 3, 4 and so on. (Another worker's pipe or another client's socket that stayed open here
/// would never reach its end.) -1 in `kept` leaves its number closed.
void separate_child(std::initializer_list<int> kept);

}  // namespace executors::helper
