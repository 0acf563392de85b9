#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/strings.hpp"

namespace runner::commands {

/// What is wrong with the options of a command. They are collected, so that a person sees all of it
/// at once.
class Refusals {
  public:
    void add(std::string message) { messages_.push_back(std::move(message)); }
    /// Adds the message of a failure.
    template <typename T>
    void take(const base::Result<T>& result) {
        if (!result) add(result.error().message);
    }
    /// kInvalidInput with a line for each, when there are any.
    [[nodiscard]] base::Result<void> outcome() const {
        if (messages_.empty()) return {};
        return base::invalid_input(base::join(messages_, "\n"));
    }

  private:
    std::vector<std::string> messages_;
};

}  // namespace runner::commands
