#include "runner/pipeline/inputs/input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/json.hpp"
#include "base/parse.hpp"
#include "runner/pipeline/expression/regex.hpp"
#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::inputs {

using yaml::Value;

namespace {

const char* to_string(ValueRole role) {
    return role == ValueRole::kDefault ? "default" : "provided";
}

std::optional<Value> number_of(const Value& value) {
    if (value.is_integer() || value.is_float()) return value;
    if (!value.is_string()) return std::nullopt;
    const std::string& text = value.as_string();
    if (const auto whole = base::parse_number<std::int64_t>(text)) {
        return Value::integer(*whole, value.mark());
    }
    if (const auto real = base::parse_number<double>(text)) {
        return Value::real(*real, value.mark());
    }
    return std::nullopt;
}

/// A list in the form of JSON text, as an API or the command line provides it.
std::optional<Value> list_of(const Value& value) {
    if (!value.is_string() || !nlohmann::json::accept(value.as_string())) return std::nullopt;
    auto read = yaml::load(value.as_string());
    if (!read || !read->is_list()) return std::nullopt;
    return *read;
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

std::string check_regex(const InputSpec& spec, const Value& value, ValueRole role) {
    const Value* pattern = spec.definition.given("regex");
    if (pattern == nullptr) return {};
    if (spec.type != "string") {
        return fmt::format("`{}` input: RegEx validation can only be used with string inputs",
                           spec.name);
    }
    const std::string text = pattern->to_text();
    const auto regex = expression::Regex::compile(text);
    if (!regex) return fmt::format("`{}` input: invalid regular expression", spec.name);
    if (regex->search(value.to_text())) return {};
    return fmt::format("`{}` input: {} value does not match required RegEx pattern", spec.name,
                       to_string(role));
}

}  // namespace

InputSpec input_spec(std::string name, const Value& definition) {
    InputSpec spec{std::move(name), "string", definition};
    if (const Value* type = definition.given("type")) spec.type = type->to_text();
    return spec;
}

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

std::string check_value(const InputSpec& spec, const Value& value, ValueRole role,
                        const Value* options) {
    const auto coerced = coerce(spec.type, value);
    if (!coerced) {
        const char* article = spec.type == "array" ? "an" : "a";
        return fmt::format("`{}` input: {} value is not {} {}", spec.name, to_string(role), article,
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

std::optional<Problem> add_definitions(const Value& definitions, yaml::Map& all) {
    for (const auto& [key, definition] : definitions.entries()) {
        if (key.is_string() && all.find(key.as_string()) != nullptr) {
            return Problem{fmt::format("Duplicate input keys found: {}", key.as_string()),
                           key.mark()};
        }
        all.set(key, definition);
    }
    return std::nullopt;
}

}  // namespace runner::pipeline::inputs
