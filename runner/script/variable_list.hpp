#pragma once

#include <cstddef>
#include <map>
#include <optional>
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

    /// Where the entry that counts stands in all().
    [[nodiscard]] std::optional<std::size_t> index_of(std::string_view key) const;
    /// Where the entries that count stand in all(), sorted by name.
    [[nodiscard]] std::vector<std::size_t> effective() const;
    /// All entries, hidden ones too.
    [[nodiscard]] const std::vector<Variable>& all() const { return all_; }

  private:
    using Index = std::map<std::string, std::size_t, std::less<>>;

    std::vector<Variable> all_;
    Index last_;
    Index own_;
};

}  // namespace runner::script
