#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace base {

Result<std::string> read_file(const std::filesystem::path& path);

/// For a file that others may have replaced: never waits and never follows a link in its place.
/// kInvalidInput when it is no regular file or has more than `most` bytes.
Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t most);

/// Writes beside the target and renames, so that a reader sees the old or the new text, never half
/// of one. `durable` also syncs file and directory (configuration; not checkpoints).
Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view text,
                               mode_t mode, bool durable = false);

/// Creates the directory and its parents with `mode` where they are missing.
Result<void> make_directories(const std::filesystem::path& path, mode_t mode);

/// pwrite until everything is written.
Result<void> write_fully(int fd, std::string_view bytes);

}  // namespace base
