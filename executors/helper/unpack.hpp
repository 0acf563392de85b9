#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace executors::helper {

class StagedFiles;

/// Unpacks the tar stream `input` below the directory `destination`; returns the number of entries.
/// Entries are files, directories, symbolic and hard links; everything else is refused. Nothing is
/// written outside `destination`, whatever names and links the archive has (Tree). The files belong
/// to the user of this process. Throws Failure.
std::size_t unpack_tar(int input, const std::string& destination);

/// As unpack_tar(), for a regular file: zip, or tar compressed with zstd. The archive begins at the
/// current offset of `file`. Existing files are replaced one by one.
/// Files of a zip that are in `staged` are moved from there.
std::size_t unpack_archive(int file, const std::string& destination, StagedFiles* staged = nullptr);

/// What an archive says about a member, without its content.
struct ArchiveMember {
    std::string path;  ///< directories without the slash
    unsigned mode = 0;
    /// Bytes; 0 for other members than regular files.
    std::int64_t size = 0;
    /// Seconds; 0 for other members than regular files, because unpacking changes the time of a
    /// directory.
    std::int64_t mtime = 0;
    /// The target of a symbolic link.
    std::string link;
    bool operator==(const ArchiveMember&) const = default;
};
/// The members in the order of the archive.
std::vector<ArchiveMember> list_archive(int file);

}  // namespace executors::helper
