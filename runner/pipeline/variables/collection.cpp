#include "runner/pipeline/variables/collection.hpp"

namespace runner::pipeline::variables {

Collection::Collection(std::initializer_list<Variable> variables) {
    for (const Variable& variable : variables) set(variable);
}

void Collection::set(Variable variable) {
    const auto [at, added] = index_.try_emplace(variable.key, variables_.size());
    if (added) {
        variables_.push_back(std::move(variable));
    } else {
        variables_[at->second] = std::move(variable);
    }
}

void Collection::merge(const Collection& more) {
    for (const Variable& variable : more.all()) set(variable);
}

void Collection::erase(std::string_view key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return;
    variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(at->second));
    index_.clear();
    for (std::size_t i = 0; i < variables_.size(); ++i) index_.emplace(variables_[i].key, i);
}

const Variable* Collection::find(std::string_view key) const {
    const auto at = index_.find(key);
    return at == index_.end() ? nullptr : &variables_[at->second];
}

std::optional<std::string_view> Collection::value(std::string_view key) const {
    const Variable* variable = find(key);
    if (variable == nullptr) return std::nullopt;
    return variable->value;
}

}  // namespace runner::pipeline::variables
