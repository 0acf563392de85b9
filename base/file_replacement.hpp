#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/in_place_change.hpp"
#include "base/result.hpp"

/// New text for files that a rename cannot always replace: a file that is mounted by itself
/// (EBUSY), or one in a directory that cannot be written.
namespace base {

/// Gives the file a new text, synced to the disk. A new file beside it takes its place by rename
/// where that works, with the same owner and with `mode`. Elsewhere the text is written into the
/// file itself, which keeps its owner; a file of this user gets `mode`. A failure leaves the former
/// text. A crash leaves the former or the new one, or a copy of the former one in the file
/// (base/in_place_change.hpp), which end_interrupted_change() puts back.
Result<void> replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

/// After a crash: undoes a change in place that has not ended, or takes the copy off a file that
/// has all of its new text. Nothing for a file without such a change, for one that another process
/// changes now, and for what is missing or cannot be read. Fails when the text cannot be put back.
Result<std::optional<WholeText>> end_interrupted_change(const std::filesystem::path& path);

/// Whether replace_file() would succeed with a text of `bytes` bytes, as far as that can be known
/// without a change of the file: permission, mounts, attributes, room on the disk.
Result<void> check_replaceable(const std::filesystem::path& path, std::size_t bytes);

}  // namespace base
