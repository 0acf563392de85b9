#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "executors/helper/zip_reader.hpp"
#include "executors/helper/zip_scanner.hpp"

namespace executors::helper {

/// Whether a staged file may have this name: a path below a directory, in its only form (no empty
/// component, no `.` and `..`), that fits into a line. Pure.
bool is_staged_name(std::string_view name);

/// The files that were unpacked before the archive's directory was there (staging.hpp). Pure.
class StagedIndex {
  public:
    StagedIndex() = default;
    explicit StagedIndex(std::vector<ScannedMember> files);

    /// The text of the index file: one line for each file.
    [[nodiscard]] std::string text() const;
    /// Lines that it cannot read, and names that lead elsewhere, are left out.
    static StagedIndex parse(std::string_view text);

    /// The file that has what unpacking `member` would give, nothing where there is none: the
    /// directory of the archive names the same packed bytes, with the same method, size and
    /// checksum. `offset`: of the member's local header, from the first byte of the archive. The
    /// name does not count.
    [[nodiscard]] const ScannedMember* find(const ZipMember& member, std::uint64_t offset) const;
    [[nodiscard]] const std::vector<ScannedMember>& files() const { return files_; }

  private:
    std::vector<ScannedMember> files_;  ///< by their offset
};

/// Whether all staged files may be moved as the tree that they are, because the members of the
/// archive, one by one and in their order, would give just this tree: names are in their only form
/// and different, none leads through a file or link of the archive, and every staged file belongs
/// to a member of its name. A link may be staged, too: what is staged of it is its text.
/// `archive_begin`: what the offsets of the members begin at. Pure.
bool may_move_as_tree(const std::vector<ZipMember>& members, const StagedIndex& index,
                      std::uint64_t archive_begin);

}  // namespace executors::helper
