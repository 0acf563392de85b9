#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace runner::pipeline::variables {

/// A CI/CD variable.
struct Variable {
    std::string key;
    std::string value;
    bool raw = false;     ///< references in the value are not expanded (`expand: false`)
    bool masked = false;  ///< the value must not be shown
    bool is_file = false;
    bool is_public = true;  ///< false: the variable comes from outside the configuration
};

/// Variables in order. A variable with the name of an earlier one replaces it at the same position.
class Collection {
  public:
    Collection() = default;
    Collection(std::initializer_list<Variable> variables);

    void set(Variable variable);
    void set(std::string key, std::string value) {
        set(Variable{std::move(key), std::move(value)});
    }
    /// Sets all variables of `more`, which override those of the same name.
    void merge(const Collection& more);
    void erase(std::string_view key);

    [[nodiscard]] const Variable* find(std::string_view key) const;
    [[nodiscard]] std::optional<std::string_view> value(std::string_view key) const;
    [[nodiscard]] const std::vector<Variable>& all() const { return variables_; }
    [[nodiscard]] bool empty() const { return variables_.empty(); }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    std::vector<Variable> variables_;
    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;
};

}  // namespace runner::pipeline::variables
