#pragma once

namespace base {

/// Returns memory to the kernel that an idle process does not need: free heap, and the pages of
/// code and constants that only the start or the last job has used. The kernel maps such a page
/// again when it is touched, which costs a few hundred microseconds in all. Any thread.
void release_idle_memory();

}  // namespace base
