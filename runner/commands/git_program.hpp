#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/commands/blocking_calls.hpp"
#include "runner/pipeline/rules/repository.hpp"

namespace runner::commands {

/// Runs git commands in one work tree. Every call blocks; `calls` outlives it.
class GitProgram {
  public:
    /// `program` is the path of git.
    GitProgram(BlockingCalls& calls, std::string program, std::filesystem::path top)
        : calls_(calls), program_(std::move(program)), top_(std::move(top)) {}

    /// The standard output of `git <arguments>`. kIo with the command when git fails.
    base::Result<std::string> run(std::vector<std::string> arguments);
    /// The output without blanks around it; "" when git fails.
    std::string answer(std::vector<std::string> arguments);
    /// The paths of an output that separates them with zero bytes (-z); none when git fails.
    pipeline::rules::Paths paths(std::vector<std::string> arguments);

    /// The commit id of a revision; "" when there is none.
    std::string commit_of(const std::string& revision);
    /// The commit id of a ref with its full name, and of nothing else: `refs/heads/main^` is no
    /// ref.
    std::string commit_of_ref(const std::string& name);

  private:
    BlockingCalls& calls_;
    std::string program_;
    std::filesystem::path top_;
};

/// The paths of a text that separates them with zero bytes.
pipeline::rules::Paths split_paths(const std::string& text);

}  // namespace runner::commands
