#include "runner/pipeline/spec/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "runner/pipeline/expression/expression.hpp"
#include "runner/pipeline/expression/regex.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::spec {

using expression::Regex;
using yaml::Value;

namespace {

constexpr std::size_t kMostOptions = 50;

std::optional<Value> number_of(const Value& value) {
    if (value.is_integer() || value.is_float()) return value;
    if (!value.is_string()) return std::nullopt;
    const std::string& text = value.as_string();
    std::int64_t whole = 0;
    const char* end = text.data() + text.size();
    if (auto r = std::from_chars(text.data(), end, whole); r.ec == std::errc{} && r.ptr == end) {
        return Value::integer(whole, value.mark());
    }
    double real = 0;
    if (auto r = std::from_chars(text.data(), end, real); r.ec == std::errc{} && r.ptr == end) {
        return Value::real(real, value.mark());
    }
    return std::nullopt;
}

/// A list written as JSON, as an API or a command line gives it.
std::optional<Value> list_of(const Value& value) {
    if (!value.is_string() || !nlohmann::json::accept(value.as_string())) return std::nullopt;
    auto read = yaml::load(value.as_string());
    if (!read || !read->is_list()) return std::nullopt;
    return *read;
}

/// The value in its input's type, nothing when it does not fit.
std::optional<Value> coerce(const std::string& type, const Value& value) {
    if (type == "number") return number_of(value);
    if (type == "boolean") {
        if (value.is_bool()) return value;
        if (value.is_text("true")) return Value::boolean(true, value.mark());
        if (value.is_text("false")) return Value::boolean(false, value.mark());
        return std::nullopt;
    }
    if (type == "array") return value.is_list() ? std::optional(value) : list_of(value);
    if (value.is_string()) return value;
    const bool scalar = !value.is_list() && !value.is_map();
    return Value::string(scalar ? value.to_text() : yaml::inspect(value), value.mark());
}

bool is_option(const std::string& type, const Value& value, const Value& options) {
    if (!options.is_list()) return true;
    const auto listed = [&](const Value& one) {
        return std::any_of(options.items().begin(), options.items().end(),
                           [&](const Value& o) { return o.to_text() == one.to_text(); });
    };
    if (type == "array" && value.is_list()) {
        return std::all_of(value.items().begin(), value.items().end(), listed);
    }
    return listed(value);
}

std::string check_regex(const InputSpec& spec, const Value& value, const char* role) {
    const Value* pattern = spec.definition.given("regex");
    if (pattern == nullptr) return {};
    if (spec.type != "string") {
        return fmt::format("`{}` input: RegEx validation can only be used with string inputs",
                           spec.name);
    }
    const std::string text = pattern->to_text();
    const auto regex = Regex::compile(text);
    if (!regex) return fmt::format("`{}` input: invalid regular expression", spec.name);
    if (regex->search(value.to_text())) return {};
    return fmt::format("`{}` input: {} value does not match required RegEx pattern", spec.name,
                       role);
}

}  // namespace

bool InputSpec::required() const {
    return definition.find("default") == nullptr && definition.given("rules") == nullptr;
}

namespace {

void check_option_list(const Value& options, const keywords::Place& place,
                       keywords::Report& report) {
    const auto& items = options.items();
    if (items.size() > kMostOptions) {
        report.add(place, "config cannot define more than 50 options", options.mark());
    }
    if (std::any_of(items.begin(), items.end(), [](const Value& v) { return v.is_null(); })) {
        report.add(place, "config options array cannot contain null values", options.mark());
    }
}

void check_rule(const Value& rule, const keywords::Place& place, keywords::Report& report) {
    const std::size_t before = report.count();
    if (rule.is_blank()) report.add(place, "can't be blank", rule.mark());
    if (!rule.is_map()) return report.add(place, "should be a hash", rule.mark());
    std::vector<std::string> unknown;
    for (const auto& [key, value] : rule.entries()) {
        const std::string name = key.to_text();
        if (!keywords::one_of(name, {"if", "options", "default"})) unknown.push_back(name);
    }
    if (!unknown.empty()) {
        report.add(place, "contains unknown keys: " + base::join(unknown, ", "), rule.mark());
    }
    const Value* condition = rule.given("if");
    if (condition != nullptr &&
        !(condition->is_string() && expression::Expression::parse(condition->as_string()))) {
        report.add(place, "if invalid expression syntax", condition->mark());
    }
    const Value* options = rule.given("options");
    if (options != nullptr && !options->is_list()) {
        report.add(place, "options should be an array", options->mark());
    }
    if (!report.clean_since(before)) return;
    const bool lists = options != nullptr && !options->items().empty();
    if (lists && options->items().size() > kMostOptions) {
        report.add(place, "cannot define more than 50 options", options->mark());
    }
    const Value* fallback = rule.find("default");
    if (fallback == nullptr) {
        report.add(place, "rule must define 'options' with at least one value and a 'default'",
                   rule.mark());
    } else if (lists && std::find(options->items().begin(), options->items().end(), *fallback) ==
                            options->items().end()) {
        report.add(
            place,
            fmt::format("default '{}' must be one of the options", yaml::interpolated(*fallback)),
            fallback->mark());
    }
}

}  // namespace

void check_input(const Value& definition, const keywords::Place& place, keywords::Report& report) {
    if (definition.is_null()) return;
    if (!definition.is_map()) {
        return report.add(place, "config should be a hash", definition.mark());
    }
    const Value* description = definition.given("description");
    if (description != nullptr && !keywords::is_text_or_symbol(*description) &&
        !description->is_integer()) {
        report.add(place, "input description must be an alphanumeric string", description->mark());
    }
    const Value* regex = definition.given("regex");
    if (regex != nullptr && !regex->is_string()) {
        report.add(place, "input regex should be a string", regex->mark());
    }
    keywords::check_keys(
        definition, {"default", "description", "options", "regex", "type", "rules"}, place, report);
    const Value* type = definition.given("type");
    if (type != nullptr &&
        !(type->is_string() &&
          keywords::one_of(type->as_string(), {"string", "number", "boolean", "array"}))) {
        report.add(place, "input type unknown value: " + type->to_text(), type->mark());
    }
    const Value* options = definition.given("options");
    if (options != nullptr && !options->is_list()) {
        report.add(place, "input options should be an array", options->mark());
    } else if (options != nullptr) {
        check_option_list(*options, place, report);
    }
    const Value* rules = definition.given("rules");
    if (rules == nullptr) return;
    keywords::check_exclusive(definition, {"rules", "options", "default"}, place, report);
    if (!rules->is_list()) {
        return report.add(keywords::Place{&place, "rules"}, "config should be an array",
                          rules->mark());
    }
    const std::string name = fmt::format("`{}` input:", place.name);
    for (const Value& rule : rules->items()) check_rule(rule, {nullptr, name}, report);
}

std::string check_value(const InputSpec& spec, const Value& value, const char* role,
                        const Value* options) {
    const auto coerced = coerce(spec.type, value);
    if (!coerced) {
        const char* article = spec.type == "array" ? "an" : "a";
        return fmt::format("`{}` input: {} value is not {} {}", spec.name, role, article,
                           spec.type);
    }
    if (options != nullptr && spec.type == "boolean") {
        return fmt::format("`{}` input: Options can only be used with string and number inputs",
                           spec.name);
    }
    if (options != nullptr && !is_option(spec.type, *coerced, *options)) {
        const char* list =
            spec.type == "number" ? "the list of the allowed" : "the list of allowed";
        return fmt::format("`{}` input: `{}` cannot be used because it is not in {} options",
                           spec.name, coerced->to_text(), list);
    }
    return check_regex(spec, *coerced, role);
}

namespace {

/// Resolves inputs whose rules read other inputs, each after those it reads.
class Resolution {
  public:
    Resolution(const std::vector<InputSpec>& specs, const Value& given, ResolvedInputs& result)
        : specs_(specs), given_(given), result_(result) {
        for (const InputSpec& spec : specs) by_name_.emplace(spec.name, &spec);
    }

    void run() {
        for (const InputSpec& spec : specs_) resolve(spec);
    }

  private:
    enum class State { kOpen, kDone };

    void resolve(const InputSpec& spec) {
        const auto [state, first] = states_.try_emplace(spec.name, State::kOpen);
        if (!first) {
            if (state->second == State::kOpen) {
                fail(fmt::format("`{}` input: circular reference in rules", spec.name));
            }
            return;
        }
        settle(spec);
        states_[spec.name] = State::kDone;
    }

    void settle(const InputSpec& spec) {
        const Value* options = spec.definition.given("options");
        const Value* fallback = spec.definition.find("default");
        if (const Value* rule = matching_rule(spec)) {
            options = rule->given("options");
            fallback = rule->find("default");
        }
        const Value* value = given_.find(spec.name);
        const char* role = value != nullptr ? "provided" : "default";
        if (value == nullptr) value = fallback;
        if (value == nullptr && has_default_in_rules(spec)) {
            result_.values.set(Value::string(spec.name), Value{});
            return;
        }
        if (value == nullptr) {
            return fail(fmt::format("`{}` input: required value has not been provided", spec.name));
        }
        // A default must fit even when a value is given.
        if (role == std::string_view("provided") && fallback != nullptr) {
            std::string wrong = check_value(spec, *fallback, "default", options);
            if (!wrong.empty()) return fail(std::move(wrong));
        }
        std::string wrong = check_value(spec, *value, role, options);
        if (!wrong.empty()) return fail(std::move(wrong));
        result_.values.set(Value::string(spec.name), *coerce(spec.type, *value));
    }

    /// Such an input is not required, whether or not that rule matches.
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
    Resolution(specs, given, result).run();
    return result;
}

}  // namespace runner::pipeline::spec
