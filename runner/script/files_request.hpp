#pragma once

#include <string>
#include <string_view>

namespace runner::script {

/// A command line that calls `runner-helper files` with a request
/// (executors/helper/files_command.hpp). Pure. The request is a here-document and not arguments,
/// because every process of the machine can read the arguments of all others.
class FilesRequest {
  public:
    explicit FilesRequest(std::string_view action) { add("do", action); }

    /// `text` as it is.
    FilesRequest& add(std::string_view key, std::string_view text);
    /// `text` with the variables that the shell has replaced.
    FilesRequest& add_expanded(std::string_view key, std::string_view text);
    /// The paths of a cache or an artifact.
    template <typename Files>
    FilesRequest& add_selection(const Files& files) {
        for (const std::string& path : files.paths) add_expanded("path", path);
        if (files.untracked) body_ += "untracked\n";
        return *this;
    }
    /// A command that may follow "if". Its last line ends a here-document, so nothing may follow on
    /// that line.
    [[nodiscard]] std::string command(std::string_view helper) const;

  private:
    std::string body_;
};

}  // namespace runner::script
