#include "runner/script/variable_values.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/strings.hpp"
#include "runner/script/size_limits.hpp"
#include "runner/script/variable_names.hpp"

namespace runner::script {

void VariableValues::resolve(const VariableList& list, const std::string& tmp_dir) {
    if (!problem_.empty()) return;
    ResolutionRules rules;
    rules.limit_bytes = kMaxVariablesBytes;
    rules.path_of = [&](std::string_view key) { return tmp_dir + "/" + std::string(key); };
    paths_.assign(list.all().size(), std::string());
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        if (list.all()[i].file) paths_[i] = rules.path_of(list.all()[i].key);
    }
    contents_ = take(resolve_variables(list, rules), list.all().size());
    script_contents_ = take(resolve_once(list, rules), list.all().size());
    if (!problem_.empty()) return fail(std::move(problem_));
    std::size_t masked_bytes = 0;
    for (const std::string& value : masked(list)) masked_bytes += value.size();
    if (masked_bytes <= kMaxMaskedBytes) return;
    fail(fmt::format("the job's masked variables have more than {} MiB together: mask less",
                     kMaxMaskedBytes >> 20U));
}

std::vector<std::string> VariableValues::take(Resolution resolution, std::size_t count) {
    if (!resolution.too_large.empty()) {
        problem_ = fmt::format(
            "the job's variables have more than {} MiB when the variables in their values are "
            "replaced: look at the value of {}",
            kMaxVariablesBytes >> 20U, shown_name(resolution.too_large));
    }
    resolution.values.resize(count);
    return std::move(resolution.values);
}

std::vector<std::string> VariableValues::masked(const VariableList& list) const {
    std::set<std::string> values;
    for (std::size_t i = 0; i < contents_.size(); ++i) {
        if (!list.all()[i].masked) continue;
        for (const std::string_view value :
             {std::string_view(contents_[i]), std::string_view(script_contents_[i])}) {
            const std::string_view trimmed = base::trim(value);
            if (!trimmed.empty()) values.emplace(trimmed);
        }
    }
    return {values.begin(), values.end()};
}

void VariableValues::fail(std::string problem) {
    problem_ = std::move(problem);
    contents_.assign(contents_.size(), std::string());
    script_contents_ = contents_;
    paths_ = contents_;
}

}  // namespace runner::script
