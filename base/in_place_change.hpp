#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// How a text file gets a new text in place without a moment at which the former one is lost. Pure.
///
/// The copy of the former text stands behind it in the same file, as comment lines ("# …") below a
/// line with sizes and digests, and is synced before the first byte of the former text is changed:
/// of a file that is mounted by itself, no other place is sure to outlive a container. The copy is
/// cut off when the new text is synced. After a crash, interrupted_change() tells which text to put
/// back.
namespace base {

struct InPlaceChange {
    std::string copy;  ///< to be written behind the former text, and synced
    std::string head;  ///< then over the former text: the new one, and line ends up to the copy
};

InPlaceChange plan_in_place_change(std::string_view former, std::string_view wanted);

enum class WholeText {
    kFormer,  ///< the change is undone
    kNew,     ///< it was complete but for the end of the copy
};

struct InterruptedChange {
    WholeText which;
    std::string text;   ///< without the copy
    std::size_t place;  ///< where the copy begins
};

/// What a file with a copy is to hold. Nothing for a file without one: also when a crash left less
/// than the line with the sizes, which is a comment behind the former text.
std::optional<InterruptedChange> interrupted_change(std::string_view found);

}  // namespace base
