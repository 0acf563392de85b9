#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/strings.hpp"

namespace executors::docker {

/// Counts the things that were removed, and keeps the failures: one of them does not hinder the
/// removal of the others.
class RemovalTally {
  public:
    void note(const std::string& what, const base::Result<void>& result) {
        if (result) {
            ++removed_;
        } else {
            failures_.push_back(what + " (" + result.error().message + ")");
            kind_ = result.error().kind;
        }
    }
    [[nodiscard]] base::Result<int> result() const {
        if (failures_.empty()) return removed_;
        return base::make_error(kind_, "could not remove " + base::join(failures_, ", "));
    }

  private:
    int removed_ = 0;
    std::vector<std::string> failures_;
    base::ErrorKind kind_ = base::ErrorKind::kInternal;
};

}  // namespace executors::docker
