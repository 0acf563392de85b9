#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/gitlab/payload.hpp"

namespace runner::script {

/// `name` for messages: at most 80 bytes, without control characters.
std::string shown_name(std::string_view name);

/// Decides which variables of a job can be used by their names.
///
/// Life: accept() for each variable, then warnings(). A plain value.
class NameCheck {
  public:
    /// False when no process can get the variable: its name is empty or has a "=", its name or
    /// value has a zero byte, or it is a file whose name is no name of a file.
    bool accept(const protocol::gitlab::Variable& variable);
    /// For the job log: which variables are left out, and which ones some shells do not hand on.
    [[nodiscard]] std::vector<std::string> warnings() const;

  private:
    std::set<std::string> left_out_;
    std::set<std::string> odd_;  ///< names that are no names of shell variables
};

}  // namespace runner::script
