#pragma once

#include <string>

#include "executors/helper/messages.hpp"
#include "executors/helper/posix.hpp"

/// File operations for the job. They run in a Worker, may block, and throw Failure.
namespace executors::helper {

/// Carries out one command and returns the JSON of its answer. `input` is the upload, -1 without
/// one.
std::string do_file_command(const FileCommand& command, int input);

/// A directory below which archives are unpacked, and nowhere else: paths are walked component by
/// component, symbolic links are not followed, `..` and absolute paths are refused. The path of the
/// root itself may have links.
class Tree {
  public:
    explicit Tree(const std::string& root);
    /// Where `path` will be: the directory of its last component, which is made when it is missing,
    /// and that component.
    struct Place {
        UniqueFd directory;
        std::string name;  ///< "" when the path is the root itself
    };
    [[nodiscard]] Place locate(const std::string& path) const;

  private:
    UniqueFd root_;
};

}  // namespace executors::helper
