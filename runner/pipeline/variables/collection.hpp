#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace runner::pipeline::variables {

struct Variable {
    std::string key;
    std::string value;
    bool raw = false;     ///< its $ is not expanded (expand: false)
    bool masked = false;  ///< must not be shown
    bool is_file = false;
    bool is_public = true;  ///< false for what came from outside the configuration
};

/// Variables in order; a later one of the same name replaces the earlier in place.
class Collection {
  public:
    Collection() = default;
    Collection(std::initializer_list<Variable> variables);

    void set(Variable variable);
    void set(std::string key, std::string value) {
        set(Variable{std::move(key), std::move(value)});
    }
    /// Lays `more` over this.
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
