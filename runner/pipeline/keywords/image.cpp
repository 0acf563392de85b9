#include <fmt/format.h>

#include <vector>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"

namespace runner::pipeline::keywords {

using yaml::List;
using yaml::Value;

namespace {

constexpr std::size_t kPlatformLimit = 64;
constexpr std::size_t kUserLimit = 255;

void check_pull_policy(const Value& value, const Place& place, Report& report) {
    const auto known = [](const Value& v) {
        return v.is_string() && one_of(v.as_string(), {"always", "never", "if-not-present"});
    };
    if (!is_text_or_list(value)) {
        report.add(place, "config should be an array of strings or a string", value.mark());
    }
    if (value.is_string() && !known(value)) {
        report.add(place, "config is not included in the list", value.mark());
    }
    if (!value.is_list()) return;
    std::vector<std::string> unknown;
    for (const Value& item : value.items()) {
        if (!known(item)) unknown.push_back(item.to_text());
    }
    if (!unknown.empty()) {
        report.add(place, "config contains unknown values: " + base::join(unknown, ", "),
                   value.mark());
    }
    if (value.items().empty()) report.add(place, "config can't be blank", value.mark());
}

/// GitLab checks these by a JSON schema, whose words name the place by a pointer.
void schema_problem(const Place& place, std::string_view what, const std::string& pointer,
                    std::string_view wrong, Mark mark, Report& report) {
    report.add(place, fmt::format("executor opts {} `{}` {}", what, pointer, wrong), mark);
}

void check_option_text(const Value& value, std::size_t limit, const std::string& pointer,
                       const Place& place, Report& report) {
    const std::size_t size = value.as_string().size();
    if (size > limit) {
        schema_problem(place, "string length at", pointer,
                       fmt::format("is greater than: {}", limit), value.mark(), report);
    } else if (size == 0) {
        schema_problem(place, "string length at", pointer, "is less than: 1", value.mark(), report);
    }
}

void check_docker_options(const Value& docker, const Place& place, Report& report) {
    for (const auto& [key, value] : docker.entries()) {
        const std::string pointer = "/docker/" + key.to_text();
        if (key.is_text("platform") || key.is_text("user")) {
            if (!value.is_string()) {
                schema_problem(place, "value at", pointer, "is not a string", value.mark(), report);
            } else {
                check_option_text(value, key.is_text("user") ? kUserLimit : kPlatformLimit, pointer,
                                  place, report);
            }
        } else {
            schema_problem(place, "object property at", pointer,
                           "is a disallowed additional property", key.mark(), report);
        }
    }
}

void check_kubernetes_options(const Value& kubernetes, const Place& place, Report& report) {
    for (const auto& [key, value] : kubernetes.entries()) {
        const std::string pointer = "/kubernetes/" + key.to_text();
        if (!key.is_text("user")) {
            schema_problem(place, "object property at", pointer,
                           "is a disallowed additional property", key.mark(), report);
        } else if (value.is_string()) {
            check_option_text(value, kUserLimit, pointer, place, report);
        } else if (!value.is_integer()) {
            schema_problem(place, "value at", pointer, "is not one of the types: string, integer",
                           value.mark(), report);
        }
    }
}

void check_executor_options(const Value& value, const Place& place, Report& report) {
    const auto check = [&](const char* key, auto inner) {
        const Value* options = value.given(key);
        if (options == nullptr) return;
        if (options->is_map()) return inner(*options, place, report);
        schema_problem(place, "value at", std::string("/") + key, "is not an object",
                       options->mark(), report);
    };
    check("docker", check_docker_options);
    check("kubernetes", check_kubernetes_options);
}

/// What image and service have in common.
void check_imageable(const Value& value, const Place& place, Report& report) {
    if (!value.is_map() && !value.is_string()) {
        report.add(place, "config should be a hash or a string", value.mark());
    }
    if (value.find("ports") != nullptr) {
        report.add(place, "config contains disallowed keys: ports",
                   value.entries().find_key("ports")->mark());
    }
    const Value* name = value.is_string() ? &value : value.find("name");
    if (name == nullptr || !name->is_string()) {
        report.add(place, "name should be a string", value.mark());
    }
    if (name == nullptr || name->is_blank()) {
        report.add(place, "name can't be blank", value.mark());
    }
    const Value* entrypoint = value.given("entrypoint");
    if (entrypoint != nullptr && !is_text_list(*entrypoint)) {
        report.add(place, "entrypoint should be an array of strings", entrypoint->mark());
    }
    check_executor_options(value, place, report);
}

void check_alias(const Value& service, const Place& place, Report& report) {
    const Value* alias = service.given("alias");
    const Value* ports = service.given("ports");
    const bool asked = ports != nullptr && !ports->is_blank();
    const Mark mark = alias == nullptr ? service.mark() : alias->mark();
    if (alias != nullptr && !alias->is_string()) {
        report.add(place, "alias should be a string", mark);
    }
    if (!asked) return;
    if (alias == nullptr || !alias->is_string()) {
        report.add(place, "alias should be a string", mark);
    }
    if (alias == nullptr || alias->is_blank()) report.add(place, "alias can't be blank", mark);
}

void check_service(const Value& value, const Place& place, Report& report) {
    if (value.is_null()) return;
    const std::size_t before = report.count();
    check_imageable(value, place, report);
    if (!value.is_map()) return;
    check_keys(value,
               {"name", "entrypoint", "command", "alias", "ports", "variables", "pull_policy",
                "docker", "kubernetes"},
               place, report);
    check_alias(value, place, report);
    if (!report.clean_since(before)) return;
    if (const Value* policy = value.given("pull_policy")) {
        check_pull_policy(*policy, Place{&place, "pull_policy"}, report);
    }
    if (const Value* variables = value.given("variables")) {
        check_variables(*variables, VariableScope::kRule, Place{&place, "variables"}, report);
    }
    if (const Value* command = value.given("command")) {
        check_commands(*command, Place{&place, "command"}, report);
    }
}

void check_service_list(const List& items, const Place& place, Report& report) {
    for (const Value& item : items) {
        if (item.is_list()) {
            check_service_list(item.items(), place, report);
        } else {
            check_service(item, place, report);
        }
    }
}

}  // namespace

void check_image(const Value& value, const Place& place, Report& report) {
    const std::size_t before = report.count();
    check_imageable(value, place, report);
    if (!value.is_map()) return;
    check_keys(value, {"name", "entrypoint", "ports", "pull_policy", "docker", "kubernetes"}, place,
               report);
    const Value* policy = value.given("pull_policy");
    if (policy != nullptr && report.clean_since(before)) {
        check_pull_policy(*policy, Place{&place, "pull_policy"}, report);
    }
}

void check_services(const Value& value, const Place& place, Report& report) {
    if (!value.is_list()) return report.add(place, "config should be an array", value.mark());
    check_service_list(value.items(), Place{&place, "service"}, report);
}

}  // namespace runner::pipeline::keywords
