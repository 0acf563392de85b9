#include <algorithm>

#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::string_view kNameMessage =
    "name can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces, but it "
    "cannot start or end with '/'";
constexpr std::size_t kMostUrlBytes = 255;

bool good_name(std::string_view name) {
    if (name.empty() || name.front() == '/' || name.back() == '/') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_/${}. ").find(c) != std::string_view::npos;
    });
}

void check_url(const Value& environment, const KeyPath& key_path, Report& report) {
    const Value* url = environment.given("url");
    if (url == nullptr) return;
    check_string_attribute(environment, "url", key_path, report);
    if (length_of(*url) > kMostUrlBytes) {
        report.add(key_path, "url is too long (maximum is 255 characters)", url->mark());
    }
}

void check_name(const Value* name, Mark mark, const KeyPath& key_path, Report& report) {
    const bool blank = name == nullptr || name->is_blank();
    if (!blank) mark = name->mark();
    if (blank) report.add(key_path, "name can't be blank", mark);
    if (name == nullptr || !name->is_string()) report.add(key_path, kNameMessage, mark);
    if (name == nullptr || !good_name(yaml::interpolated(*name))) {
        report.add(key_path, kNameMessage, mark);
    }
}

/// Neither absent nor blank, what Rails calls present.
bool present(const Value* value) { return value != nullptr && !value->is_blank(); }

void check_dashboard(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* dashboard = value.given("dashboard");
    if (dashboard == nullptr || !dashboard->is_map()) return;
    if (present(value.find("namespace")) && present(dashboard->find("namespace"))) {
        report.add(key_path, "namespace cannot be specified when dashboard.namespace is set",
                   dashboard->mark());
    }
    if (present(value.find("flux_resource_path")) &&
        present(dashboard->find("flux_resource_path"))) {
        report.add(
            key_path,
            "flux resource path cannot be specified when dashboard.flux_resource_path is set",
            dashboard->mark());
    }
}

void check_kubernetes(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.entries().empty()) report.add(key_path, "config can't be blank", value.mark());
    check_keys(value,
               {"namespace", "agent", "flux_resource_path", "managed_resources", "dashboard"},
               key_path, report);
    check_string_attribute(value, "namespace", key_path, report);
    const bool flux = present(value.find("flux_resource_path"));
    if (flux && !present(value.find("namespace"))) {
        report.add(key_path, "namespace can't be blank", value.mark());
    }
    check_string_attribute(value, "agent", key_path, report);
    const Value* managed = value.given("managed_resources");
    const Value* enabled = managed == nullptr ? nullptr : managed->find("enabled");
    const bool manages = enabled != nullptr && enabled->is_bool() && enabled->as_bool();
    if ((flux || manages || present(value.find("dashboard"))) && !present(value.find("agent"))) {
        report.add(key_path, "agent can't be blank", value.mark());
    }
    check_string_attribute(value, "flux_resource_path", key_path, report);
    check_dashboard(value, key_path, report);
}

void check_action(const Value& environment, const KeyPath& key_path, Report& report) {
    const Value* action = environment.given("action");
    if (action == nullptr) return;
    check_string_attribute(environment, "action", key_path, report);
    if (!all_one_of(*action, {"start", "stop", "prepare", "verify", "access"})) {
        report.add(key_path, "action should be start, stop, prepare, verify, or access",
                   action->mark());
    }
}

}  // namespace

void check_environment(const Value& value, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    if (!value.is_map() && !value.is_string()) {
        report.add(key_path, "config should be a hash or a string", value.mark());
    }
    const Value* name = value.is_map() ? value.find("name") : &value;
    check_name(value.is_map() || value.is_string() ? name : nullptr, value.mark(), key_path,
               report);
    if (!value.is_map()) return;
    check_keys(
        value,
        {"name", "url", "action", "on_stop", "auto_stop_in", "kubernetes", "deployment_tier"},
        key_path, report);
    check_url(value, key_path, report);
    check_action(value, key_path, report);
    check_string_attribute(value, "deployment_tier", key_path, report);
    check_string_attribute(value, "on_stop", key_path, report);
    check_hash_attribute(value, "kubernetes", key_path, report);
    check_string_attribute(value, "auto_stop_in", key_path, report);
    const Value* kubernetes = value.given("kubernetes");
    if (kubernetes == nullptr || !report.clean_since(before)) return;
    check_kubernetes(*kubernetes, KeyPath{&key_path, "kubernetes"}, report);
}

}  // namespace runner::pipeline::keywords
