#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/spec/inputs.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kMostInputs = 50;

}  // namespace

void check_job_inputs(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    for (const auto& [key, definition] : value.entries()) {
        const std::string name = key.to_text();
        const Place inner{&place, name};
        spec::check_input(definition, inner, report);
        const bool asked = definition.is_map() || definition.is_null();
        if (asked && definition.given("default") == nullptr) {
            report.add(inner, "must have a default value", key.mark());
        }
    }
}

void check_input_values(const Value& inputs, const Place& job, Report& report) {
    Report definitions;
    check_job_inputs(inputs, job, definitions);
    if (definitions.count() > 0) return;
    if (inputs.entries().size() > kMostInputs) {
        return report.add(job, "inputs has too many entries (maximum 50)", inputs.mark());
    }
    for (const auto& [key, definition] : inputs.entries()) {
        spec::InputSpec input{key.to_text(), "string", definition};
        if (const Value* type = definition.given("type")) input.type = type->to_text();
        const Value& fallback = *definition.find("default");
        std::string wrong =
            spec::check_value(input, fallback, "default", definition.given("options"));
        if (wrong.empty()) continue;
        // "`foo` input: …" reads "jobs:a inputs `foo`: …" here.
        const std::size_t word = wrong.find("` input: ");
        if (word != std::string::npos) wrong.replace(word, 9, "`: ");
        report.add(job, "inputs " + wrong, definition.mark());
    }
}

}  // namespace runner::pipeline::keywords
