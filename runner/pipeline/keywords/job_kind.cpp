#include "runner/pipeline/keywords/job_kind.hpp"

#include <string>

#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

bool is_job_entry(const Value& name, const Value& value) {
    if (!name.is_string()) return true;
    const std::string& text = name.as_string();
    if (text == "default" || text == "workflow") return looks_like_job(value);
    return !one_of(text, {"include", "before_script", "image", "services", "after_script",
                          "variables", "stages", "cache"});
}

JobKind kind_of(const Value& name, const Value& value) {
    if (yaml::key_text(name).starts_with('.')) return JobKind::kHidden;
    if (!value.is_map()) return JobKind::kUnknown;
    if (value.find("script") != nullptr || value.find("run") != nullptr) return JobKind::kJob;
    if (value.find("trigger") != nullptr || value.find("needs") != nullptr) return JobKind::kBridge;
    return JobKind::kUnknown;
}

bool looks_like_job(const Value& value) {
    if (!value.is_map()) return false;
    for (const auto* key : {"script", "run", "trigger", "needs"}) {
        if (value.find(key) != nullptr) return true;
    }
    return false;
}

bool is_pages_job(const Value& name, const Value& value) {
    const Value* pages = value.find("pages");
    if (pages != nullptr && !pages->is_null()) return !pages->is_bool() || pages->as_bool();
    return name.is_text("pages");
}

}  // namespace runner::pipeline::keywords
