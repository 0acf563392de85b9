#pragma once

#include <filesystem>

#include "runner/pipeline/include/source.hpp"

namespace runner::pipeline::include {

/// Reads included files from a directory on this machine as if it were a commit: nothing is found
/// through "..", a linked directory or the directory of a submodule, and the content of a symbolic
/// link is its target. Includes that need a server are reported as unsupported.
class WorkTreeSource : public Source {
  public:
    explicit WorkTreeSource(std::filesystem::path root);

    Fetched local(const Origin& origin, const std::string& path) override;
    std::vector<std::string> list(const Origin& origin, const std::string& directory) override;
    Fetched project(const std::string& project, const std::string& ref,
                    const std::string& file) override;
    Fetched remote(const std::string& url) override;
    Fetched bundled_template(const std::string& name) override;
    Fetched component(const std::string& address) override;

  private:
    std::filesystem::path root_;
};

}  // namespace runner::pipeline::include
