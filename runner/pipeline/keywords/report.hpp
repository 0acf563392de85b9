#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "runner/pipeline/problem.hpp"

namespace runner::pipeline::keywords {

/// The keys that lead from the root of the configuration to the value that is checked; printed as
/// "jobs:build:cache" at the beginning of a message. (GitLab calls this the location of an entry.)
///
/// Life: a check that descends into a value makes a KeyPath on its stack, which refers to the one
/// of its caller. The text is built only when there is a problem to report.
struct KeyPath {
    const KeyPath* parent = nullptr;
    std::string_view name;

    [[nodiscard]] std::string text() const;
};

/// Collects problems in GitLab's form: "<key path> <attribute> <message>", in lower case.
class Report {
  public:
    void add(const KeyPath& key_path, std::string_view message, Mark mark);
    /// Adds a message without a key path, exactly as it is given.
    void add_plain(std::string text, Mark mark) { problems_.push_back({std::move(text), mark}); }
    void append(const Problems& more);
    /// Adds a warning. GitLab does not change warnings to lower case.
    void warn(const KeyPath& key_path, std::string_view message, Mark mark);

    [[nodiscard]] std::size_t count() const { return problems_.size(); }
    /// Whether no problem was added since count() returned `count`.
    [[nodiscard]] bool clean_since(std::size_t count) const { return problems_.size() == count; }
    [[nodiscard]] const Problems& problems() const { return problems_; }
    Problems take() { return std::exchange(problems_, {}); }
    Problems take_warnings() { return std::exchange(warnings_, {}); }

  private:
    Problems problems_;
    Problems warnings_;
};

}  // namespace runner::pipeline::keywords
