#pragma once

namespace base {

/// Gives back what an idle process need not hold: free heap, and the pages of code and constants
/// that only the start or the last job has used. They come back by themselves from the page cache
/// when they are touched, which costs a few hundred microseconds in all. Any thread.
void release_idle_memory();

}  // namespace base
