#pragma once

#include <chrono>
#include <cstdint>
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

/// git ended with a failure; the text is what it said.
class GitFailure : public Failure {
  public:
    using Failure::Failure;
};

/// git was killed at the end of its time.
class GitTimeout : public GitFailure {
  public:
    using GitFailure::GitFailure;
};

struct GitLimits {
    /// When git and what it has started are killed.
    std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();
    std::uint64_t file_bytes = 0;  ///< a file that it writes has no more; 0: any size
};

/// Runs git, the first one in PATH, with nothing of its surroundings: no configuration of the
/// system or a user, no proxies, no questions, no maintenance by itself. Settings travel in its
/// environment, so a token that is one of them is in no argument and in no file.
class GitProcess {
  public:
    using Setting = std::pair<std::string, std::string>;  ///< "http.sslCAInfo" and its value

    /// `environment`: more variables, "NAME=value".
    explicit GitProcess(std::vector<Setting> settings = {},
                        std::vector<std::string> environment = {}, GitLimits limits = {});

    /// What it wrote to standard output. Throws GitFailure with its errors, in one line.
    [[nodiscard]] std::string run(std::vector<std::string> arguments,
                                  std::string_view input = {}) const;
    /// The same; whether it was successful.
    [[nodiscard]] bool succeeds(std::vector<std::string> arguments) const;

  private:
    struct Ended {
        int code = 0;
        bool in_time = true;
        std::string output;
        std::string errors;
    };
    [[nodiscard]] Ended start(std::vector<std::string> arguments, std::string_view input) const;

    std::vector<std::string> environment_;
    GitLimits limits_;
};

}  // namespace executors::helper
