#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "executors/helper/posix.hpp"
#include "executors/helper/staged_index.hpp"
#include "executors/helper/tree_writer.hpp"
#include "executors/helper/zip_reader.hpp"

namespace executors::helper {

/// The staged files (staging.hpp) of an archive that has come whole, on their way to where the
/// archive's directory wants them.
///
/// Life: made for the archive; move_tree() before any member is unpacked; then move() for each
/// regular file, which is unpacked where that is false; remove() at the end. One thread. What
/// cannot be moved stays, and is unpacked from the archive. Throws Failure as TreeWriter does.
class StagedFiles {
  public:
    /// Empty where nothing was staged, or others than this process's user may change it.
    explicit StagedFiles(const std::string& archive);

    /// Moves whole directories to `destination`, where there are none of their names yet, so that
    /// their files need not be moved one by one.
    void move_tree(const ZipReader& zip, const std::string& destination);
    /// Moves the file of `packed` to its place, if move_tree() has not.
    [[nodiscard]] bool move(const ZipReader& zip, const ZipMember& packed,
                            const TreeWriter::Member& member, TreeWriter& writer);
    /// Removes what is left.
    void remove() const;

  private:
    /// Gives a file its mode and time. False when it cannot have them.
    [[nodiscard]] bool complete(const ScannedMember& file, const ZipMember& member) const;
    [[nodiscard]] bool complete_all(const ZipReader& zip) const;
    void give_modes(const std::vector<ZipMember>& members) const;
    void move_entries(int from, int to, const std::string& above);
    [[nodiscard]] bool was_moved(std::string_view name) const;

    std::string path_;
    UniqueFd root_;
    UniqueFd tree_;
    StagedIndex index_;
    /// Paths of files and directories that have their places, with all that is below them.
    std::unordered_set<std::string> moved_;
};

}  // namespace executors::helper
