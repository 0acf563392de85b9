#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runner/script/variable_list.hpp"
#include "runner/script/variable_resolution.hpp"

namespace runner::script {

/// The values of a job's variables, with their references replaced: for the runner's own texts
/// through any number of variables (resolve_variables()), for scripts in one pass
/// (resolve_once()).
///
/// Life: resolve() after every change of the list. Indices are those of the list. A plain value.
/// Failures: with a problem() all values are "", and stay so.
class VariableValues {
  public:
    /// File variables are files of `tmp_dir`.
    void resolve(const VariableList& list, const std::string& tmp_dir);

    /// The value; of a file variable its content.
    [[nodiscard]] const std::string& content(std::size_t index) const { return contents_[index]; }
    /// What a reference to the variable becomes; of a file variable its path.
    [[nodiscard]] const std::string& seen(std::size_t index) const {
        return paths_[index].empty() ? contents_[index] : paths_[index];
    }
    /// As content() and seen(), but as scripts get them.
    [[nodiscard]] const std::string& script_content(std::size_t index) const {
        return script_contents_[index];
    }
    [[nodiscard]] const std::string& script_value(std::size_t index) const {
        return paths_[index].empty() ? script_contents_[index] : paths_[index];
    }
    /// Values that must not appear in the log; trimmed, no empty ones, each once.
    [[nodiscard]] std::vector<std::string> masked(const VariableList& list) const;
    /// Why the values are too large (size_limits.hpp); "" when they are not.
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    /// The values that `resolution` has; fails when they are too large.
    std::vector<std::string> take(Resolution resolution, std::size_t count);
    void fail(std::string problem);

    std::vector<std::string> contents_;
    std::vector<std::string> script_contents_;
    std::vector<std::string> paths_;  ///< of those that are files, else ""
    std::string problem_;
};

}  // namespace runner::script
