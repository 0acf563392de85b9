#include "runner/pipeline/rules/only_except.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runner/pipeline/expression/regex.hpp"
#include "runner/pipeline/glob/path_glob.hpp"

namespace runner::pipeline::rules {

using yaml::Value;

namespace {

constexpr std::string_view kEvent = "_event";

/// Whether the word names the pipeline's source: "pushes" and "push" both name "push", and
/// "merge_requests" names "merge_request_event".
bool names_source(std::string_view word, std::string source) {
    if (source.ends_with(kEvent)) source.resize(source.size() - kEvent.size());
    return word == source || word == source + "s" || word == source + "es";
}

bool matches_name(const std::string& pattern, const std::string& ref) {
    if (pattern.starts_with('/')) {
        const auto regex = expression::Regex::from_literal(pattern);
        if (regex) return regex->search(ref);
    }
    return pattern == ref;
}

bool matches_ref(const std::string& text, const PipelineInfo& pipeline) {
    std::string pattern = text;
    const std::size_t at = text.rfind('@');
    if (at != std::string::npos && at > 0 && text.find('/', at) != std::string::npos &&
        !text.ends_with('/')) {
        if (text.substr(at + 1) != pipeline.project_path) return false;
        pattern = text.substr(0, at);
    }
    if (pattern == "branches") return !pipeline.is_tag && !pipeline.is_merge_request;
    if (pattern == "tags") return pipeline.is_tag;
    if (names_source(pattern, pipeline.source)) return true;
    return !pipeline.is_merge_request && matches_name(pattern, pipeline.ref);
}

bool any_ref(const Value& refs, const PipelineInfo& pipeline) {
    return std::any_of(refs.items().begin(), refs.items().end(),
                       [&](const Value& ref) { return matches_ref(ref.to_text(), pipeline); });
}

bool any_variable(const Value& expressions, const Context& context) {
    return std::any_of(expressions.items().begin(), expressions.items().end(),
                       [&](const Value& text) {
                           const auto* expression = context.expressions().get(text.to_text());
                           return expression != nullptr &&
                                  expression->truthy([&](std::string_view name, bool input) {
                                      return input ? std::nullopt : context.variables().value(name);
                                  });
                       });
}

/// Unlike those of `rules:changes`, these patterns are used as they are written, without variables
/// expanded.
bool any_change(const Value& patterns, const Context& context) {
    const auto& changed = context.repository().changed.get();
    if (!changed) return true;
    for (const Value& text : patterns.items()) {
        const glob::PathGlob glob(text.to_text());
        if (std::any_of(changed->begin(), changed->end(),
                        [&](const std::string& path) { return glob.matches(path); })) {
            return true;
        }
    }
    return false;
}

/// One condition of `only` or `except`: "refs", "variables", "changes" or "kubernetes".
struct Condition {
    std::string_view name;
    bool is_true;
};

/// The conditions that `only` or `except` has, each with its result.
std::vector<Condition> evaluate_conditions(const Value& policy, bool default_refs,
                                           const PipelineInfo& pipeline, const Context& context) {
    std::vector<Condition> conditions;
    if (policy.is_list()) {
        conditions.push_back({"refs", any_ref(policy, pipeline)});
        return conditions;
    }
    if (const Value* refs = policy.given("refs")) {
        conditions.push_back({"refs", any_ref(*refs, pipeline)});
    } else if (default_refs) {
        conditions.push_back({"refs", !pipeline.is_merge_request});
    }
    if (policy.given("kubernetes") != nullptr)
        conditions.push_back({"kubernetes", pipeline.kubernetes});
    if (const Value* list = policy.given("variables")) {
        conditions.push_back({"variables", any_variable(*list, context)});
    }
    if (const Value* list = policy.given("changes")) {
        conditions.push_back({"changes", any_change(*list, context)});
    }
    return conditions;
}

}  // namespace

Verdict evaluate_only_except(const Value* only, const Value* except, const PipelineInfo& pipeline,
                             const Context& context) {
    if (only == nullptr && pipeline.is_merge_request) {
        return {false, "without rules or only, jobs run for branches and tags"};
    }
    if (only != nullptr) {
        for (const Condition& condition : evaluate_conditions(*only, true, pipeline, context)) {
            if (condition.is_true) continue;
            return {false, fmt::format("only:{} does not hold", condition.name), only->mark()};
        }
    }
    if (except != nullptr) {
        for (const Condition& condition : evaluate_conditions(*except, false, pipeline, context)) {
            if (!condition.is_true) continue;
            return {false, fmt::format("except:{} holds", condition.name), except->mark()};
        }
    }
    if (only == nullptr) return {true, {}};
    return {true, "only holds", only->mark()};
}

}  // namespace runner::pipeline::rules
