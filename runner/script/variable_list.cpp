#include "runner/script/variable_list.hpp"

#include <utility>

namespace runner::script {

void VariableList::add(Variable variable) {
    last_[variable.key] = all_.size();
    all_.push_back(std::move(variable));
}

void VariableList::add_own(Variable variable) {
    own_[variable.key] = all_.size();
    add(std::move(variable));
}

void VariableList::set_own(std::string_view key, std::string value) {
    all_[own_.at(std::string(key))].value = std::move(value);
}

std::optional<std::size_t> VariableList::index_of(std::string_view key) const {
    const auto entry = last_.find(key);
    if (entry == last_.end()) return std::nullopt;
    return entry->second;
}

std::vector<std::size_t> VariableList::effective() const {
    std::vector<std::size_t> out;
    out.reserve(last_.size());
    for (const auto& [key, index] : last_) out.push_back(index);
    return out;
}

}  // namespace runner::script
