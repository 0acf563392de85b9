#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/gitlab/payload.hpp"

namespace runner::script {

/// Variables in the order of their sources. A name may be there more than once; the last entry
/// counts. A plain value.
class VariableList {
  public:
    using Variable = protocol::gitlab::Variable;

    void add(Variable variable);
    /// An entry that set_own() can change. The runner makes one per name.
    void add_own(Variable variable);
    /// Changes the runner's own entry, which exists; also when a later one hides it.
    void set_own(std::string_view key, std::string value);

    /// The entry that counts; null when there is none.
    [[nodiscard]] const Variable* find(std::string_view key) const;
    /// The entries that count, sorted by name.
    [[nodiscard]] std::vector<const Variable*> effective() const;
    /// All entries, hidden ones too.
    [[nodiscard]] const std::vector<Variable>& all() const { return all_; }

  private:
    using Index = std::map<std::string, std::size_t, std::less<>>;

    std::vector<Variable> all_;
    Index last_;
    Index own_;
};

}  // namespace runner::script
