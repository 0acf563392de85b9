#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// The options of one sub-program, in any order.
class Arguments {
  public:
    explicit Arguments(std::vector<std::string> words) : words_(std::move(words)) {}

    bool take_flag(const std::string& name) {
        for (auto found = words_.begin(); found != words_.end(); ++found) {
            if (*found != name) continue;
            words_.erase(found);
            return true;
        }
        return false;
    }
    std::string take_value(const std::string& name) {
        for (auto found = words_.begin(); found != words_.end(); ++found) {
            if (*found != name) continue;
            if (found + 1 == words_.end()) throw Failure(name + " needs a value");
            std::string value = *(found + 1);
            words_.erase(found, found + 2);
            return value;
        }
        return {};
    }
    std::string take_directory() {
        std::string directory = take_value("--dir");
        if (directory.empty()) throw Failure("--dir is missing");
        return directory;
    }
    /// What stands behind "--". Take it before the options, whose names it may have.
    std::vector<std::string> take_command() {
        const auto mark = std::find(words_.begin(), words_.end(), "--");
        if (mark == words_.end()) return {};
        std::vector<std::string> command(mark + 1, words_.end());
        words_.erase(mark, words_.end());
        return command;
    }
    std::vector<std::string> take_all() { return std::exchange(words_, {}); }
    void expect_none() const {
        if (!words_.empty()) throw Failure("unknown argument '" + words_.front() + "'");
    }

  private:
    std::vector<std::string> words_;
};

}  // namespace executors::helper
