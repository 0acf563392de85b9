#pragma once

namespace executors::helper {

/// Copies between two descriptors in both directions, and makes them non-blocking. Returns when the
/// client's end is over, or when everything from the other end was copied: after its end, and also
/// after `ended` became readable (a pidfd; -1 for none), when the other end has nothing more for
/// the moment.
void copy_both(int client, int other, int ended = -1);

}  // namespace executors::helper
