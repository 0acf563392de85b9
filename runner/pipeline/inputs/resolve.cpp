#include "runner/pipeline/inputs/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/strings.hpp"
#include "runner/pipeline/expression/expression.hpp"

namespace runner::pipeline::inputs {

using yaml::Value;

namespace {

/// Resolves inputs in the order of their dependencies: the rules of an input may read other inputs.
class InputResolver {
  public:
    InputResolver(const std::vector<InputSpec>& specs, const Value& given, ResolvedInputs& result)
        : specs_(specs), given_(given), result_(result) {
        for (const InputSpec& spec : specs) by_name_.emplace(spec.name, &spec);
    }

    void run() {
        for (const InputSpec& spec : specs_) resolve(spec);
    }

  private:
    enum class State { kInProgress, kDone };

    void resolve(const InputSpec& spec) {
        const auto [state, first] = states_.try_emplace(spec.name, State::kInProgress);
        if (!first) {
            if (state->second == State::kInProgress) {
                fail(fmt::format("`{}` input: circular reference in rules", spec.name));
            }
            return;
        }
        resolve_value(spec);
        states_[spec.name] = State::kDone;
    }

    void resolve_value(const InputSpec& spec) {
        const Value* options = spec.definition.given("options");
        const Value* fallback = spec.definition.find("default");
        if (const Value* rule = matching_rule(spec)) {
            options = rule->given("options");
            fallback = rule->find("default");
        }
        const Value* value = given_.find(spec.name);
        const ValueRole role = value != nullptr ? ValueRole::kProvided : ValueRole::kDefault;
        if (value == nullptr) value = fallback;
        if (value == nullptr && has_default_in_rules(spec)) {
            result_.values.set(Value::string(spec.name), Value{});
            return;
        }
        if (value == nullptr) {
            return fail(fmt::format("`{}` input: required value has not been provided", spec.name));
        }
        // GitLab checks the default even when a value is given.
        if (role == ValueRole::kProvided && fallback != nullptr) {
            std::string wrong = check_value(spec, *fallback, ValueRole::kDefault, options);
            if (!wrong.empty()) return fail(std::move(wrong));
        }
        std::string wrong = check_value(spec, *value, role, options);
        if (!wrong.empty()) return fail(std::move(wrong));
        result_.values.set(Value::string(spec.name), *coerce(spec.type, *value));
    }

    /// An input is not required when one of its rules has a default, even if that rule does not
    /// match.
    static bool has_default_in_rules(const InputSpec& spec) {
        const Value* rules = spec.definition.given("rules");
        return rules != nullptr && rules->is_list() &&
               std::any_of(rules->items().begin(), rules->items().end(),
                           [](const Value& rule) { return rule.find("default") != nullptr; });
    }

    const Value* matching_rule(const InputSpec& spec) {
        const Value* rules = spec.definition.given("rules");
        if (rules == nullptr || !rules->is_list()) return nullptr;
        for (const Value& rule : rules->items()) {
            const Value* condition = rule.given("if");
            if (condition == nullptr) return &rule;
            const auto parsed = expression::Expression::parse(condition->as_string());
            if (parsed && parsed->truthy([this](std::string_view name, bool input) {
                    return lookup(name, input);
                })) {
                return &rule;
            }
        }
        return nullptr;
    }

    std::optional<std::string_view> lookup(std::string_view name, bool input) {
        const auto found = by_name_.find(std::string(name));
        if (!input || found == by_name_.end()) return std::nullopt;
        resolve(*found->second);
        const Value* value = result_.values.find(name);
        if (value == nullptr) return std::nullopt;
        texts_[std::string(name)] = value->to_text();
        return texts_[std::string(name)];
    }

    void fail(std::string text) { result_.errors.push_back(std::move(text)); }

    const std::vector<InputSpec>& specs_;
    const Value& given_;
    ResolvedInputs& result_;
    std::unordered_map<std::string, const InputSpec*> by_name_;
    std::unordered_map<std::string, State> states_;
    std::unordered_map<std::string, std::string> texts_;
};

}  // namespace

ResolvedInputs resolve_inputs(const std::vector<InputSpec>& specs, const Value& given) {
    ResolvedInputs result;
    std::vector<std::string> unknown;
    if (given.is_map()) {
        for (const auto& [key, value] : given.entries()) {
            const std::string name = key.to_text();
            const bool known = std::any_of(specs.begin(), specs.end(),
                                           [&](const InputSpec& s) { return s.name == name; });
            if (!known) unknown.push_back(name);
        }
    }
    if (!unknown.empty()) {
        result.errors.push_back("unknown input arguments: " + base::join(unknown, ", "));
    }
    InputResolver(specs, given, result).run();
    return result;
}

}  // namespace runner::pipeline::inputs
