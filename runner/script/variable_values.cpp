#include "runner/script/variable_values.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/strings.hpp"
#include "runner/script/size_limits.hpp"
#include "runner/script/variable_names.hpp"
#include "runner/script/variable_resolution.hpp"

namespace runner::script {

void VariableValues::resolve(const VariableList& list, const std::string& tmp_dir) {
    if (!problem_.empty()) return;
    ResolutionRules rules;
    rules.limit_bytes = kMaxVariablesBytes;
    rules.path_of = [&](std::string_view key) { return tmp_dir + "/" + std::string(key); };
    Resolution resolution = resolve_variables(list, rules);
    contents_ = std::move(resolution.values);
    contents_.resize(list.all().size());
    paths_.assign(contents_.size(), std::string());
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        if (list.all()[i].file) paths_[i] = rules.path_of(list.all()[i].key);
    }
    if (!resolution.too_large.empty()) {
        return fail(fmt::format(
            "the job's variables have more than {} MiB when the variables in their values are "
            "replaced: look at the value of {}",
            kMaxVariablesBytes >> 20U, shown_name(resolution.too_large)));
    }
    std::size_t masked_bytes = 0;
    for (const std::string& value : masked(list)) masked_bytes += value.size();
    if (masked_bytes <= kMaxMaskedBytes) return;
    fail(fmt::format("the job's masked variables have more than {} MiB together: mask less",
                     kMaxMaskedBytes >> 20U));
}

std::vector<std::string> VariableValues::masked(const VariableList& list) const {
    std::set<std::string> values;
    for (std::size_t i = 0; i < contents_.size(); ++i) {
        if (!list.all()[i].masked) continue;
        const std::string_view trimmed = base::trim(contents_[i]);
        if (!trimmed.empty()) values.emplace(trimmed);
    }
    return {values.begin(), values.end()};
}

void VariableValues::fail(std::string problem) {
    problem_ = std::move(problem);
    contents_.assign(contents_.size(), std::string());
    paths_ = contents_;
}

}  // namespace runner::script
