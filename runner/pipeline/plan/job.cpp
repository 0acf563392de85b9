#include "runner/pipeline/plan/job.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>

#include "base/strings.hpp"
#include "runner/pipeline/variables/expand.hpp"
#include "runner/pipeline/variables/slug.hpp"

namespace runner::pipeline::plan {

using yaml::Value;

namespace {

constexpr std::array<std::string_view, 6> kWhenNames{"on_success", "on_failure", "always",
                                                     "manual",     "delayed",    "never"};

yaml::List as_flat_list(const Value& value) {
    return value.is_list() ? yaml::flattened(value) : yaml::List{value};
}

}  // namespace

std::string_view to_string(When when) { return kWhenNames[static_cast<std::size_t>(when)]; }

std::optional<When> parse_when(std::string_view text) {
    for (std::size_t i = 0; i < kWhenNames.size(); ++i) {
        if (kWhenNames[i] == text) return static_cast<When>(i);
    }
    return std::nullopt;
}

bool Job::allows_failure() const {
    return allow_failure.value_or(when == When::kManual && allowed_exit_codes.empty());
}

std::string environment_name(const Job& job) {
    const Value* environment = job.value.given("environment");
    if (environment == nullptr) return {};
    if (environment->is_string()) return environment->as_string();
    const Value* name = environment->given("name");
    return name == nullptr ? std::string{} : name->to_text();
}

Problem too_many_needs(const std::string& job, std::size_t count, Mark mark) {
    return {fmt::format("{}: one job can only need {} others, but you have listed {}. See needs "
                        "keyword documentation for more details",
                        job, kMostNeeds, count),
            mark};
}

std::string group_name(std::string_view job_name) {
    static const RE2 kSuffix(R"(^(.+?)(?:: \[.*\]|[\s:]+\d+[\s:/\\]+\d+)\s*$)");
    std::string name(job_name);
    for (int i = 0; i < 3; ++i) {
        std::string shorter;
        if (!RE2::FullMatch(name, kSuffix, &shorter)) break;
        name = shorter;
    }
    return std::string(base::trim(name));
}

variables::Collection predefined_of(const Job& job) {
    variables::Collection known;
    known.set("CI_JOB_NAME", job.name);
    known.set("CI_JOB_NAME_SLUG", variables::slug(job.name));
    known.set("CI_JOB_GROUP_NAME", group_name(job.name));
    known.set("CI_JOB_STAGE", job.stage);
    if (job.when == When::kManual || job.when == When::kDelayed) known.set("CI_JOB_MANUAL", "true");
    if (job.node_index > 0) known.set("CI_NODE_INDEX", std::to_string(job.node_index));
    known.set("CI_NODE_TOTAL", std::to_string(job.node_total));
    return known;
}

variables::Collection environment_variables(const Job& job, const variables::Collection& known) {
    variables::Collection out;
    const Value* environment = job.value.given("environment");
    if (environment == nullptr) return out;
    const std::string name =
        variables::expand_nested(environment_name(job), known, variables::Undefined::kEmpty);
    out.set("CI_ENVIRONMENT_NAME", name);
    out.set("CI_ENVIRONMENT_SLUG", variables::environment_slug(name));
    const Value* action = environment->given("action");
    out.set("CI_ENVIRONMENT_ACTION", action == nullptr ? "start" : action->to_text());
    const Value* tier = environment->given("deployment_tier");
    out.set("CI_ENVIRONMENT_TIER", tier == nullptr ? variables::guess_tier(name) : tier->to_text());
    const Value* url = environment->given("url");
    if (url != nullptr) out.set("CI_ENVIRONMENT_URL", url->to_text());
    return out;
}

std::vector<std::string> script_lines(const Value* value) {
    std::vector<std::string> lines;
    if (value == nullptr) return lines;
    for (const Value& line : as_flat_list(*value)) {
        const bool is_text = line.is_string() || line.kind() == yaml::Kind::kSymbol;
        if (is_text) lines.push_back(line.as_string());
    }
    return lines;
}

variables::Collection variables_of(const Value* map) {
    variables::Collection all;
    if (map == nullptr || !map->is_map()) return all;
    for (const auto& [key, value] : map->entries()) {
        variables::Variable variable{key.to_text(), value.to_text()};
        if (value.is_map()) {
            const Value* text = value.given("value");
            variable.value = text == nullptr ? std::string{} : text->to_text();
            const Value* expand = value.given("expand");
            variable.raw = expand != nullptr && expand->is_bool() && !expand->as_bool();
        }
        all.set(std::move(variable));
    }
    return all;
}

std::vector<Value> flatten_needs(const Value& needs) {
    std::vector<Value> flat = as_flat_list(needs);
    std::erase_if(flat, [](const Value& need) { return need.is_null(); });
    return flat;
}

}  // namespace runner::pipeline::plan
