#pragma once

#include <optional>
#include <string>

namespace executors::helper {

/// The paths that a job writes in `paths` and `exclude`, seen from the working directory.
class ProjectPaths {
  public:
    /// The working directory, by the name that the shell knows it by and without links.
    ProjectPaths();

    /// "./a//b/", "$CI_PROJECT_DIR/a/b" and "a/c/../b" as "a/b"; "" for the working directory
    /// itself; nothing for what lies outside. Wildcards stay as they are.
    [[nodiscard]] std::optional<std::string> relative(const std::string& given) const;

    /// Whether a directory of the project is inside of it after its links were followed, or does
    /// not exist.
    [[nodiscard]] bool is_inside(const std::string& directory) const;

    [[nodiscard]] const std::string& shown() const { return shown_; }

  private:
    std::string shown_;
    std::string real_;
};

}  // namespace executors::helper
