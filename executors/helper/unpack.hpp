#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace executors::helper {

/// Unpacks the tar stream that `input` gives below the directory `destination`; answers the number
/// of entries. Files, directories, symbolic and hard links; everything else is refused. Nothing is
/// written outside, whatever names and links the archive has. Entries belong to whom runs this.
/// Throws Failure.
std::size_t unpack_tar(int input, const std::string& destination);

/// The same for an archive in a regular file, which begins where `file` stands: zip, or tar
/// compressed with zstd. What is there already is replaced, member by member.
std::size_t unpack_archive(int file, const std::string& destination);

/// A member's outside, for comparisons.
struct ArchiveMember {
    std::string path;  ///< directories without the slash
    unsigned mode = 0;
    std::int64_t size = 0;   ///< of regular files
    std::int64_t mtime = 0;  ///< of regular files, in seconds: unpacking changes a directory's
    std::string link;        ///< what a symbolic link says
    bool operator==(const ArchiveMember&) const = default;
};
/// The members in their order, without their content.
std::vector<ArchiveMember> list_archive(int file);

}  // namespace executors::helper
