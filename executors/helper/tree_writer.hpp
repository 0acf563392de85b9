#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "executors/helper/tree.hpp"

namespace executors::helper {

/// Writes the members of an archive below a directory, and nowhere else (Tree). Existing files are
/// replaced one by one; the files belong to the user of this process and have the modes that the
/// archive says.
///
/// Life: add() for every member, then finish(). Throws Failure.
class TreeWriter {
  public:
    struct Member {
        std::string path;
        mode_t mode = 0;  ///< kind and permissions
        timespec mtime{};
        std::string link;       ///< the target of a symbolic link
        std::string hard_link;  ///< another member, when it is a hard link to that
    };
    /// Writes the content of a regular file to the descriptor.
    using Content = std::function<void(int)>;

    explicit TreeWriter(const std::string& destination) : tree_(destination) {}

    /// `content` is called for regular files only.
    void add(const Member& member, const Content& content);
    /// A new regular file, whose content the caller writes. Nothing when `member` is the
    /// destination itself.
    struct OpenFile {
        UniqueFd file;
        std::string path;
        mode_t mode = 0;
        timespec mtime{};
    };
    [[nodiscard]] OpenFile open(const Member& member);
    /// Gives the file its mode and time. Any thread.
    static void close(OpenFile file);
    /// Moves the regular file `name` of `directory`, which has its content, mode and time, to its
    /// place. False when it cannot be moved there; then nothing was changed, or only what was in
    /// its place is gone.
    [[nodiscard]] bool move_in(const Member& member, int directory, const std::string& name);
    /// Directories get the modes that would have kept their content from being written.
    void finish();

  private:
    void make_directory(const Member& member);
    void clear_place(const Tree::Place& place, const std::string& path) const;
    [[nodiscard]] OpenFile make_file(const Tree::Place& place, const Member& member) const;
    void link_symbolic(const Tree::Place& place, const Member& member) const;
    void link_hard(const Tree::Place& place, const Member& member);

    struct ClosedDirectory {
        std::string path;
        mode_t mode;
    };
    Tree tree_;
    std::vector<ClosedDirectory> closed_;
};

}  // namespace executors::helper
