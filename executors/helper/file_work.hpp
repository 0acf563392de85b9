#pragma once

#include <string>

#include "executors/helper/commands.hpp"
#include "executors/helper/posix.hpp"

/// File operations on the job's behalf; they run in a Worker and may block. All throw Failure.
namespace executors::helper {

/// Carries out one command and returns its answer's JSON. `input` is the upload, -1 without one.
std::string do_file_command(const FileCommand& command, int input);

/// A directory tree that cannot be left: every path is walked component by component, no symbolic
/// link is followed, `..` and absolute paths are refused. The root itself may be reached through
/// links.
class Tree {
  public:
    explicit Tree(const std::string& root);
    /// The directory that will hold `path`'s last component, made where missing, and that
    /// component.
    struct Place {
        Fd directory;
        std::string name;  ///< "" when the path is the root itself
    };
    [[nodiscard]] Place locate(const std::string& path) const;

  private:
    Fd root_;
};

}  // namespace executors::helper
