#include <fmt/format.h>

#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::List;
using yaml::Value;

namespace {

const Names kPullPolicies = {"always", "never", "if-not-present"};
constexpr std::size_t kPlatformLimit = 64;
constexpr std::size_t kUserLimit = 255;

void check_pull_policy(const Value& value, const KeyPath& key_path, Report& report) {
    if (!is_text_or_list(value)) {
        report.add(key_path, "config should be an array of strings or a string", value.mark());
    }
    if (value.is_string() && !one_of(value.as_string(), kPullPolicies)) {
        report.add(key_path, "config is not included in the list", value.mark());
    }
    if (!value.is_list()) return;
    check_known_items(value, kPullPolicies, "config", key_path, report);
    if (value.items().empty()) report.add(key_path, "config can't be blank", value.mark());
}

/// GitLab checks executor options with a JSON schema, whose messages contain a JSON pointer.
void report_schema_problem(const KeyPath& key_path, std::string_view what,
                           const std::string& pointer, std::string_view wrong, Mark mark,
                           Report& report) {
    report.add(key_path, fmt::format("executor opts {} `{}` {}", what, pointer, wrong), mark);
}

void check_option_text(const Value& value, std::size_t limit, const std::string& pointer,
                       const KeyPath& key_path, Report& report) {
    const std::size_t size = value.as_string().size();
    if (size > limit) {
        report_schema_problem(key_path, "string length at", pointer,
                              fmt::format("is greater than: {}", limit), value.mark(), report);
    } else if (size == 0) {
        report_schema_problem(key_path, "string length at", pointer, "is less than: 1",
                              value.mark(), report);
    }
}

void check_docker_options(const Value& docker, const KeyPath& key_path, Report& report) {
    for (const auto& [key, value] : docker.entries()) {
        const std::string pointer = "/docker/" + key.to_text();
        if (key.is_text("platform") || key.is_text("user")) {
            if (!value.is_string()) {
                report_schema_problem(key_path, "value at", pointer, "is not a string",
                                      value.mark(), report);
            } else {
                check_option_text(value, key.is_text("user") ? kUserLimit : kPlatformLimit, pointer,
                                  key_path, report);
            }
        } else {
            report_schema_problem(key_path, "object property at", pointer,
                                  "is a disallowed additional property", key.mark(), report);
        }
    }
}

void check_kubernetes_options(const Value& kubernetes, const KeyPath& key_path, Report& report) {
    for (const auto& [key, value] : kubernetes.entries()) {
        const std::string pointer = "/kubernetes/" + key.to_text();
        if (!key.is_text("user")) {
            report_schema_problem(key_path, "object property at", pointer,
                                  "is a disallowed additional property", key.mark(), report);
        } else if (value.is_string()) {
            check_option_text(value, kUserLimit, pointer, key_path, report);
        } else if (!value.is_integer()) {
            report_schema_problem(key_path, "value at", pointer,
                                  "is not one of the types: string, integer", value.mark(), report);
        }
    }
}

void check_executor_options(const Value& value, const KeyPath& key_path, Report& report) {
    const auto check = [&](const char* key, auto inner) {
        const Value* options = value.given(key);
        if (options == nullptr) return;
        if (options->is_map()) return inner(*options, key_path, report);
        report_schema_problem(key_path, "value at", std::string("/") + key, "is not an object",
                              options->mark(), report);
    };
    check("docker", check_docker_options);
    check("kubernetes", check_kubernetes_options);
}

/// The checks that `image` and a service share.
void check_image_or_service(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map() && !value.is_string()) {
        report.add(key_path, "config should be a hash or a string", value.mark());
    }
    if (value.find("ports") != nullptr) {
        report.add(key_path, "config contains disallowed keys: ports",
                   value.entries().find_key("ports")->mark());
    }
    if (!value.is_string()) {
        check_required_string_attribute(value, "name", key_path, report);
    } else if (value.is_blank()) {
        report.add(key_path, "name can't be blank", value.mark());
    }
    check_string_list_attribute(value, "entrypoint", key_path, report);
    check_executor_options(value, key_path, report);
}

void check_alias(const Value& service, const KeyPath& key_path, Report& report) {
    const Value* alias = service.given("alias");
    const Value* ports = service.given("ports");
    const bool required = ports != nullptr && !ports->is_blank();
    const Mark mark = alias == nullptr ? service.mark() : alias->mark();
    check_string_attribute(service, "alias", key_path, report);
    if (!required) return;
    if (alias == nullptr || !alias->is_string()) {
        report.add(key_path, "alias should be a string", mark);
    }
    if (alias == nullptr || alias->is_blank()) report.add(key_path, "alias can't be blank", mark);
}

void check_service(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_null()) return;
    const std::size_t before = report.count();
    check_image_or_service(value, key_path, report);
    if (!value.is_map()) return;
    check_keys(value,
               {"name", "entrypoint", "command", "alias", "ports", "variables", "pull_policy",
                "docker", "kubernetes"},
               key_path, report);
    check_alias(value, key_path, report);
    if (!report.clean_since(before)) return;
    if (const Value* policy = value.given("pull_policy")) {
        check_pull_policy(*policy, KeyPath{&key_path, "pull_policy"}, report);
    }
    if (const Value* variables = value.given("variables")) {
        check_variables(*variables, VariableScope::kRule, KeyPath{&key_path, "variables"}, report);
    }
    if (const Value* command = value.given("command")) {
        check_commands(*command, KeyPath{&key_path, "command"}, report);
    }
}

void check_service_list(const List& items, const KeyPath& key_path, Report& report) {
    for (const Value& item : items) {
        if (item.is_list()) {
            check_service_list(item.items(), key_path, report);
        } else {
            check_service(item, key_path, report);
        }
    }
}

}  // namespace

void check_image(const Value& value, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    check_image_or_service(value, key_path, report);
    if (!value.is_map()) return;
    check_keys(value, {"name", "entrypoint", "ports", "pull_policy", "docker", "kubernetes"},
               key_path, report);
    const Value* policy = value.given("pull_policy");
    if (policy != nullptr && report.clean_since(before)) {
        check_pull_policy(*policy, KeyPath{&key_path, "pull_policy"}, report);
    }
}

void check_services(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_list()) return report.add(key_path, "config should be an array", value.mark());
    check_service_list(value.items(), KeyPath{&key_path, "service"}, report);
}

}  // namespace runner::pipeline::keywords
