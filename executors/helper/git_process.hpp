#pragma once

#include <string>
#include <utility>
#include <vector>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// A file in memory with this content, which a child process reads by its path.
class MemoryFile {
  public:
    explicit MemoryFile(std::string_view content);
    /// Valid for this user's processes as long as the object lives.
    [[nodiscard]] std::string path() const;
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// All of it.
    [[nodiscard]] std::string read() const;

  private:
    UniqueFd fd_;
};

/// Runs git, the first one in PATH, with nothing of its surroundings: no configuration of a user,
/// no questions, no maintenance by itself. Settings travel in its environment, so a token that is
/// one of them is in no argument and in no file.
class GitProcess {
  public:
    using Setting = std::pair<std::string, std::string>;  ///< "http.sslCAInfo" and its value

    /// `environment`: more variables, "NAME=value".
    explicit GitProcess(std::vector<Setting> settings = {},
                        std::vector<std::string> environment = {});

    /// What it wrote to standard output. Throws Failure with its errors, in one line.
    [[nodiscard]] std::string run(std::vector<std::string> arguments,
                                  std::string_view input = {}) const;
    /// The same; whether it was successful.
    [[nodiscard]] bool succeeds(std::vector<std::string> arguments) const;

  private:
    struct Ended {
        int code = 0;
        std::string output;
        std::string errors;
    };
    [[nodiscard]] Ended start(std::vector<std::string> arguments, std::string_view input) const;

    std::vector<std::string> environment_;
};

}  // namespace executors::helper
