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
    bool good = known(value);
    if (value.is_list()) {
        good = !value.items().empty();
        for (const Value& item : value.items()) good = good && known(item);
    }
    if (good) return;
    report.add(place, "config is not included in the list", value.mark());
}

void check_text_option(const Value& map, std::string_view key, std::size_t limit,
                       const Place& place, Report& report) {
    const Value* value = map.given(key);
    if (value == nullptr) return;
    const std::string attribute(key);
    if (!value->is_string()) {
        report.add(place, attribute + " should be a string", value->mark());
    } else if (value->as_string().size() > limit) {
        report.add(place,
                   attribute + " is too long (maximum is " + std::to_string(limit) + " characters)",
                   value->mark());
    }
}

void check_executor_options(const Value& value, const Place& place, Report& report) {
    if (const Value* docker = value.given("docker")) {
        const Place inner{&place, "executor_opts"};
        if (!docker->is_map()) {
            report.add(inner, "config should be a hash", docker->mark());
        } else {
            const Place named{&place, "docker"};
            check_keys(*docker, {"platform", "user"}, named, report);
            check_text_option(*docker, "platform", kPlatformLimit, named, report);
            check_text_option(*docker, "user", kUserLimit, named, report);
        }
    }
    const Value* kubernetes = value.given("kubernetes");
    if (kubernetes == nullptr) return;
    const Place named{&place, "kubernetes"};
    if (!kubernetes->is_map()) {
        report.add(named, "config should be a hash", kubernetes->mark());
        return;
    }
    check_keys(*kubernetes, {"user"}, named, report);
    const Value* user = kubernetes->given("user");
    if (user != nullptr && !user->is_string() && !user->is_integer()) {
        report.add(named, "user should be a string or an integer", user->mark());
    }
}

/// What image and service have in common; false when nothing below should be looked at.
bool check_imageable(const Value& value, Names keys, const Place& place, Report& report) {
    const std::size_t before = report.count();
    if (!value.is_map() && !value.is_string()) {
        report.add(place, "config should be a hash or a string", value.mark());
    }
    if (value.is_map()) check_keys(value, keys, place, report);
    const Value* name = value.is_string() ? &value : value.find("name");
    if (name == nullptr || !name->is_string()) {
        report.add(place, "name should be a string", value.mark());
    }
    if (name == nullptr || name->is_blank()) {
        report.add(place, "name can't be blank", value.mark());
    }
    if (!value.is_map()) return report.clean_since(before);
    const Value* entrypoint = value.given("entrypoint");
    if (entrypoint != nullptr && !is_text_list(*entrypoint)) {
        report.add(place, "entrypoint should be an array of strings", entrypoint->mark());
    }
    return report.clean_since(before);
}

void check_service(const Value& value, const Place& place, Report& report) {
    const std::size_t before = report.count();
    check_imageable(value,
                    {"name", "entrypoint", "command", "alias", "ports", "variables", "pull_policy",
                     "docker", "kubernetes"},
                    place, report);
    if (!value.is_map()) return;
    const Value* command = value.given("command");
    if (command != nullptr && !is_text_or_list(*command)) {
        report.add(place, "command should be an array of strings or a string", command->mark());
    }
    const Value* alias = value.given("alias");
    if (alias != nullptr && !alias->is_string()) {
        report.add(place, "alias should be a string", alias->mark());
    }
    if (!report.clean_since(before)) return;
    if (const Value* policy = value.given("pull_policy")) {
        check_pull_policy(*policy, Place{&place, "pull_policy"}, report);
    }
    check_executor_options(value, place, report);
    if (const Value* variables = value.given("variables")) {
        check_variables(*variables, VariableScope::kRule, Place{&place, "variables"}, report);
    }
}

void check_service_list(const List& items, const Place& place, int levels, Report& report) {
    for (const Value& item : items) {
        if (item.is_list() && levels > 0) {
            check_service_list(item.items(), place, levels - 1, report);
        } else {
            check_service(item, place, report);
        }
    }
}

}  // namespace

void check_image(const Value& value, const Place& place, Report& report) {
    const bool good = check_imageable(
        value, {"name", "entrypoint", "ports", "pull_policy", "docker", "kubernetes"}, place,
        report);
    if (!good || !value.is_map()) return;
    if (const Value* policy = value.given("pull_policy")) {
        check_pull_policy(*policy, Place{&place, "pull_policy"}, report);
    }
    check_executor_options(value, place, report);
}

void check_services(const Value& value, const Place& place, Report& report) {
    if (!value.is_list()) return report.add(place, "config should be an array", value.mark());
    check_service_list(value.items(), Place{&place, "service"}, 10, report);
}

}  // namespace runner::pipeline::keywords
