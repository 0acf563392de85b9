#include "runner/pipeline/plan/expanded_keywords.hpp"

#include "runner/pipeline/variables/expand.hpp"

namespace runner::pipeline::plan {

using variables::Undefined;
using yaml::Map;
using yaml::Value;

namespace {

/// The value with all its texts expanded.
Value expanded_texts(const Value& value, const variables::Collection& values) {
    if (value.is_string()) {
        return Value::string(variables::expand(value.as_string(), values, Undefined::kKeep),
                             value.mark());
    }
    if (!value.is_map()) return value;
    Map map;
    for (const auto& [key, item] : value.entries()) map.set(key, expanded_texts(item, values));
    return Value::map(std::move(map), value.mark());
}

}  // namespace

std::vector<std::string> expanded_tags(const Job& job, const variables::Collection& seen) {
    std::vector<std::string> tags;
    const Value* written = job.value.given("tags");
    if (written == nullptr || !written->is_list()) return tags;
    for (const Value& tag : written->items()) {
        tags.push_back(variables::expand(tag.to_text(), seen, Undefined::kKeep));
    }
    return tags;
}

std::string expanded_resource_group(const Job& job, const variables::Collection& known) {
    const Value* written = job.value.given("resource_group");
    if (written == nullptr) return {};
    return variables::expand_nested(written->to_text(), known, Undefined::kEmpty);
}

Value expanded_environment(const Job& job, const variables::Collection& known) {
    const Value* written = job.value.given("environment");
    if (written == nullptr) return {};
    const auto values = variables::sort_and_expand(known, variables::Reader::kGitLab).variables;
    Map map;
    if (written->is_map()) map = expanded_texts(*written, values).entries();
    map.set(Value::string("name"),
            Value::string(variables::expand(environment_name(job), values, Undefined::kEmpty)));
    return Value::map(std::move(map), written->mark());
}

Value with_expanded_keywords(const Job& job, const ExpandedKeywords& expanded) {
    Map all = job.value.entries();
    if (job.value.given("tags") != nullptr) {
        yaml::List tags;
        for (const std::string& tag : expanded.tags) tags.push_back(Value::string(tag));
        all.set(Value::string("tags"), Value::list(std::move(tags)));
    }
    if (job.value.given("resource_group") != nullptr) {
        all.set(Value::string("resource_group"), Value::string(expanded.resource_group));
    }
    if (!expanded.environment.is_null()) {
        all.set(Value::string("environment"), expanded.environment);
    }
    return Value::map(std::move(all), job.value.mark());
}

}  // namespace runner::pipeline::plan
