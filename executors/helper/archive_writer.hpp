#pragma once

#include <string>
#include <string_view>

#include "executors/helper/file_selection.hpp"

namespace executors::helper {

/// How files become one stream of bytes (job-runtime.md §7.2).
enum class ArchiveFormat {
    kZip,   ///< deflate, unix modes, symbolic links, UTF-8 names
    kGzip,  ///< a member for each file, with its name in it; regular files only
    kRaw,   ///< exactly one file as it is
    kTarZstd,
};

/// "zip" (also ""), "gzip", "raw", "tarzstd"; throws Failure for others, with the name.
ArchiveFormat parse_archive_format(const std::string& text);
/// "archive" as its receiver shall see it: "archive.zip", "archive.gz", "archive",
/// "archive.tar.zst".
std::string archive_file_name(const std::string& name, ArchiveFormat format);
/// fastest, fast, default (also ""), slow, slowest → 0, 1, 4, 7, 9; -1 for anything else. The
/// official default is 5 of another deflate; zlib's 4 is half as fast again as its 5 and hardly
/// larger.
int compression_level(std::string_view text);

/// Writes the selected files of the working directory to `output`, from where it stands on. A file
/// that has vanished since the selection is a warning. Throws Failure.
void write_archive(ArchiveFormat format, int level, const Selection& selection, int output,
                   const Report& report);

}  // namespace executors::helper
