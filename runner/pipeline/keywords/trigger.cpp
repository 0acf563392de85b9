#include <algorithm>

#include "base/names.hpp"
#include "runner/pipeline/include/integrity.hpp"
#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::size_t kMostIncludes = 3;

void check_strategy(const Value& value, const Place& place, Report& report) {
    const Value* strategy = value.given("strategy");
    if (strategy == nullptr) return;
    if (!strategy->is_string()) report.add(place, "strategy should be a string", strategy->mark());
    if (!all_of(*strategy, {"depend", "mirror"})) {
        report.add(place, "strategy should be depend or mirror", strategy->mark());
    }
}

void check_forward(const Value& value, const Place& place, Report& report) {
    const Value* forward = value.given("forward");
    if (forward == nullptr) return;
    const Place inner{&place, "forward"};
    check_keys(*forward, {"yaml_variables", "pipeline_variables"}, inner, report);
    for (const auto* key : {"yaml_variables", "pipeline_variables"}) {
        const Value* flag = forward->given(key);
        if (flag == nullptr || flag->is_bool()) continue;
        std::string attribute = key;
        std::replace(attribute.begin(), attribute.end(), '_', ' ');
        report.add(inner, attribute + " should be a boolean value", flag->mark());
    }
}

bool filled(const Value& map, std::string_view key) {
    const Value* value = map.find(key);
    return value != nullptr && !value->is_blank();
}

void check_integrity(const Value& item, const Place& place, Report& report) {
    const Value* integrity = item.find("integrity");
    if (integrity == nullptr || integrity->is_null()) return;
    const Mark mark = integrity->mark();
    if (!filled(item, "remote")) {
        report.add(place, "config integrity can only be specified for remote includes", mark);
    }
    if (!integrity->is_string() || !integrity->as_string().starts_with("sha256-")) {
        return report.add(place, "config integrity hash must start with 'sha256-'", mark);
    }
    if (!include::is_base64(std::string_view(integrity->as_string()).substr(7))) {
        report.add(place, "config integrity hash must be base64 encoded", mark);
    }
}

void check_include_item(const Value& item, const Place& place, Report& report) {
    if (item.is_list()) {
        for (const Value& inner : item.items()) check_include_item(inner, place, report);
        return;
    }
    if (item.is_string() || item.is_null()) return;
    if (!item.is_map()) {
        return report.add(place, "config should be a hash or a string", item.mark());
    }
    const std::size_t before = report.count();
    if (filled(item, "project") && !filled(item, "file")) {
        report.add(place, "config must specify the file where to fetch the config from",
                   item.mark());
    }
    if (filled(item, "file") && !filled(item, "project")) {
        report.add(place, "config must specify the project where to fetch the config from",
                   item.mark());
    }
    check_integrity(item, place, report);
    check_keys(item,
               {"local", "file", "remote", "project", "ref", "template", "artifact", "job",
                "component", "inputs", "integrity", "rules", "cache"},
               place, report);
    if (filled(item, "artifact") && !filled(item, "job")) {
        report.add(place, "config must specify the job where to fetch the artifact from",
                   item.mark());
    }
    const Value* rules = item.given("rules");
    if (rules == nullptr) return;
    const bool maps = rules->is_list() && std::all_of(rules->items().begin(), rules->items().end(),
                                                      [](const Value& v) { return v.is_map(); });
    if (!maps) report.add(place, "rules should be an array of hashes", rules->mark());
    if (!report.clean_since(before)) return;
    check_rules(*rules, RuleScope::kInclude, Place{&place, "rules"}, report);
}

void check_trigger_include(const Value& value, const Place& place, Report& report) {
    const Place inner{&place, "include"};
    if (value.is_list() && value.items().size() > kMostIncludes) {
        return report.add(inner, "config is too long (maximum is 3)", value.mark());
    }
    check_include(value, inner, report);
}

void check_multi_project(const Value& value, const Place& place, Report& report) {
    const Value* project = value.find("project");
    if (value.entries().empty()) report.add(place, "config can't be blank", value.mark());
    check_keys(value, {"project", "branch", "strategy", "forward", "inputs"}, place, report);
    const Value* inputs = value.given("inputs");
    if (inputs != nullptr && !inputs->is_map()) {
        report.add(place, "inputs should be a hash", inputs->mark());
    }
    if (project == nullptr || !project->is_string()) {
        report.add(place, "project should be a string", value.mark());
    }
    if (project == nullptr || project->is_blank()) {
        report.add(place, "project can't be blank", value.mark());
    }
    const Value* branch = value.given("branch");
    if (branch != nullptr && !branch->is_string()) {
        report.add(place, "branch should be a string", branch->mark());
    }
    check_strategy(value, place, report);
}

}  // namespace

void check_include(const Value& value, const Place& place, Report& report) {
    if (value.is_string()) return;
    if (!value.is_list()) {
        return report.add(place, "config should be an array or a string", value.mark());
    }
    for (const Value& item : value.items()) {
        check_include_item(item, Place{&place, "include"}, report);
    }
}

void check_trigger(const Value& value, const Place& place, Report& report) {
    if (value.is_string()) {
        if (value.is_blank()) report.add(place, "config can't be blank", value.mark());
        return;
    }
    if (!value.is_map()) {
        return report.add(place, "has to be either a string or a hash", value.mark());
    }
    const std::size_t before = report.count();
    const Value* include = value.find("include");
    if (include == nullptr) {
        check_multi_project(value, place, report);
    } else {
        check_keys(value, {"include", "strategy", "forward"}, place, report);
        check_strategy(value, place, report);
    }
    if (!report.clean_since(before)) return;
    if (value.given("include") != nullptr) check_trigger_include(*include, place, report);
    check_forward(value, place, report);
}

namespace {

constexpr base::NameRule kStepName{.digit_may_lead = false};

void check_step_reference(const Value& step, const Place& place, Report& report) {
    if (step.is_string()) return;
    if (!step.is_map()) {
        return report.add(place, "step should be a string or a hash", step.mark());
    }
    if (const Value* git = step.given("git")) {
        const Place inner{&place, "git"};
        if (!git->is_map()) return report.add(inner, "config should be a hash", git->mark());
        check_keys(*git, {"url", "rev", "dir", "file"}, inner, report);
        check_required(*git, {"url", "rev"}, inner, report);
        return;
    }
    if (const Value* oci = step.given("oci")) {
        const Place inner{&place, "oci"};
        if (!oci->is_map()) return report.add(inner, "config should be a hash", oci->mark());
        check_keys(*oci, {"registry", "repository", "tag", "dir", "file"}, inner, report);
        check_required(*oci, {"registry", "repository", "tag"}, inner, report);
        return;
    }
    report.add(place, "step should name git or oci", step.mark());
}

void check_step(const Value& step, const Place& place, Report& report) {
    if (!step.is_map()) return report.add(place, "config should be a hash", step.mark());
    check_keys(step, {"name", "script", "step", "func", "env", "inputs"}, place, report);
    const Value* name = step.given("name");
    if (name == nullptr || !name->is_string() || !base::is_name(name->as_string(), kStepName)) {
        report.add(place, "name must be letters, digits and underscores and not begin with a digit",
                   step.mark());
    }
    int kinds = 0;
    for (const auto* key : {"script", "step", "func"}) kinds += step.given(key) != nullptr ? 1 : 0;
    if (kinds != 1) {
        report.add(place, "config must use exactly one of these keys: script, step, func",
                   step.mark());
    }
    const Value* script = step.given("script");
    if (script != nullptr && !script->is_string()) {
        report.add(place, "script should be a string", script->mark());
    }
    for (const auto* key : {"step", "func"}) {
        if (const Value* reference = step.given(key)) {
            check_step_reference(*reference, place, report);
        }
    }
    for (const auto* key : {"env", "inputs"}) {
        const Value* map = step.given(key);
        if (map != nullptr && !map->is_map()) {
            report.add(place, std::string(key) + " should be a hash", map->mark());
        }
    }
    if (script != nullptr && step.given("inputs") != nullptr) {
        report.add(place, "inputs can only be used with step or func", step.mark());
    }
}

}  // namespace

void check_run(const Value& value, const Place& place, Report& report) {
    if (!value.is_list()) return report.add(place, "config should be an array", value.mark());
    for (const Value& step : value.items()) check_step(step, place, report);
}

}  // namespace runner::pipeline::keywords
