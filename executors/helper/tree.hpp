#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Asks ext4 to spread the directories below this one over the disk, as chattr(1) does with +T. It
/// would put them near each other, and then look for free inodes between those of files that were
/// removed shortly before: that took 10 to 20 s for 20,000 files, and takes 1 s where they are
/// spread. A hint only: other filesystems refuse the flag and do not need it.
void spread_children(int directory);

/// A directory below which archives are unpacked, and nowhere else: paths are walked component by
/// component, `..` and absolute paths are refused. Symbolic links to directories are followed where
/// they stay below the root, as in a checkout that has them. The path of the root itself may have
/// links. Paths may be longer than PATH_MAX. Throws Failure.
class Tree {
  public:
    using Directory = std::shared_ptr<const UniqueFd>;

    explicit Tree(const std::string& root);
    /// Absolute links count as leading out.
    explicit Tree(UniqueFd root) : root_(std::make_shared<const UniqueFd>(std::move(root))) {}

    /// Whether `path` names the root itself.
    static bool is_root(const std::string& path);
    /// Where `path` will be: the directory of its last component, which is made when it is missing,
    /// and that component.
    struct Place {
        Directory directory;
        std::string name;  ///< "" when the path is the root itself
    };
    [[nodiscard]] Place locate(const std::string& path);
    /// The directory `path`, which is made when it is missing.
    [[nodiscard]] Directory enter(const std::string& path);

  private:
    using Parts = std::vector<std::string>;
    struct Walk {
        Directory directory;      ///< nothing when there is a link on the way
        std::size_t reached = 0;  ///< the component that is a link
        std::string target;       ///< of that link
    };
    [[nodiscard]] Directory enter(const Parts& parts);
    [[nodiscard]] Directory enter_by_links(const Parts& parts) const;
    /// From `from`, where the components before `done` have led. The components before `existing`
    /// are not made.
    [[nodiscard]] static Walk walk(Directory from, const Parts& parts, std::size_t done,
                                   std::size_t existing);
    /// The components after the link at `walk.reached` was replaced by its target. Sets `existing`.
    [[nodiscard]] Parts follow(const Parts& parts, const Walk& walk, std::size_t& existing) const;

    std::string path_;  ///< real_path()
    Directory root_;
    /// The last directory: the next member of an archive is mostly in it or below it.
    Parts last_parts_;
    Directory last_;
};

}  // namespace executors::helper
