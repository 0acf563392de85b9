#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "executors/helper/file_selection.hpp"

namespace executors::helper {

/// The formats of archives (job-runtime.md §7.2).
enum class ArchiveFormat {
    kZip,      ///< deflate, unix modes, symbolic links, UTF-8 names
    kGzip,     ///< a gzip member with a name for each file; regular files only
    kRaw,      ///< exactly one file, unchanged
    kTarZstd,  ///< tar, compressed with zstd
    kZipZstd,  ///< as kZip, with zstd in the place of deflate
};

/// Reads "zip" (also ""), "gzip", "raw", "tarzstd", "zipzstd". Throws Failure with the name for
/// others.
ArchiveFormat parse_archive_format(const std::string& text);
/// Adds the format's extension to a name: "a.zip", "a.gz", "a" for raw, "a.tar.zst".
std::string archive_file_name(const std::string& name, ArchiveFormat format);
/// zlib's level for fastest, fast, default (also ""), slow, slowest: 0, 1, 2, 7, 9; -1 for anything
/// else. The official runner's default is level 5 of another deflate, whose output is as large as
/// that of zlib's level 2 and libdeflate's level 1 (docs/benchmarks.md). zstd has levels of
/// its own (zstd_level()).
int compression_level(std::string_view text);

/// A regular file that is in the archive only.
struct ExtraFile {
    std::string name;
    std::string content;
};

/// Writes the selected files of the working directory to `output`, from its current offset on, and
/// to a zip also `extras`. `level`: of zlib. Warns of a file that has been removed since the
/// selection. Throws Failure.
void write_archive(ArchiveFormat format, int level, const Selection& selection, int output,
                   const Report& report, const std::vector<ExtraFile>& extras = {});

}  // namespace executors::helper
