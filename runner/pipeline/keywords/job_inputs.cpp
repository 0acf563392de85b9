#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/spec/inputs.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kMostInputs = 50;

}  // namespace

void check_job_inputs(const Value& value, const Place& job, Report& report) {
    const Place place{&job, "inputs"};
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    if (value.entries().size() > kMostInputs) {
        return report.add(place, "config cannot define more than 50 inputs", value.mark());
    }
    const std::size_t before = report.count();
    for (const auto& [key, definition] : value.entries()) {
        const std::string name = key.to_text();
        const Place inner{&place, name};
        const std::size_t own = report.count();
        spec::check_input(definition, inner, report);
        if (report.clean_since(own) && definition.find("default") == nullptr) {
            report.add(inner, "must have a default value", key.mark());
        }
    }
    if (!report.clean_since(before)) return;
    for (const auto& [key, definition] : value.entries()) {
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
