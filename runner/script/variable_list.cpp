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

const protocol::gitlab::Variable* VariableList::find(std::string_view key) const {
    const auto entry = last_.find(key);
    return entry == last_.end() ? nullptr : &all_[entry->second];
}

std::vector<const protocol::gitlab::Variable*> VariableList::effective() const {
    std::vector<const Variable*> out;
    out.reserve(last_.size());
    for (const auto& [key, index] : last_) out.push_back(&all_[index]);
    return out;
}

}  // namespace runner::script
