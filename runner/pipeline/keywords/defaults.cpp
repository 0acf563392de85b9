#include "runner/pipeline/keywords/defaults.hpp"

#include <algorithm>

#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

const Names kDefaultKeywords = {"before_script", "after_script",  "hooks",   "cache", "image",
                                "services",      "interruptible", "timeout", "retry", "tags",
                                "artifacts",     "id_tokens",     "identity"};

bool inherits_default(const Value& job, std::string_view keyword) {
    if (!one_of(keyword, kDefaultKeywords)) return false;
    const Value* inherit = job.given("inherit");
    if (inherit == nullptr) return true;
    Report wrong;
    check_inherit_keys(*inherit, KeyPath{}, wrong);
    if (wrong.count() > 0) return false;
    const Value* which = inherit->given("default");
    if (which == nullptr) return true;
    if (which->is_bool()) return which->as_bool();
    return which->is_list() &&
           std::any_of(which->items().begin(), which->items().end(),
                       [&](const Value& name) { return name.is_text(keyword); });
}

}  // namespace runner::pipeline::keywords
