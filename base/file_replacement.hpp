#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "base/result.hpp"

/// New text for files that a rename cannot always replace: a file that is mounted by itself
/// (EBUSY), or one in a directory that cannot be written.
namespace base {

/// Gives the file a new text, synced to the disk. A new file beside it takes its place by rename
/// where that works, with the same owner and with `mode`. Elsewhere the text is written into the
/// file itself, which keeps its owner; a file of this user gets `mode`. A failure leaves the former
/// text; when not even that is possible, the message names the copy of the new text.
Result<void> replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

/// Whether replace_file() would succeed with a text of `bytes` bytes, as far as that can be known
/// without a change of the file: permission, mounts, attributes, room on the disk.
Result<void> check_replaceable(const std::filesystem::path& path, std::size_t bytes);

}  // namespace base
