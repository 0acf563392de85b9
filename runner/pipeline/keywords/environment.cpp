#include <algorithm>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::string_view kNameMessage =
    "name can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces, but it "
    "cannot start or end with '/'";
constexpr std::size_t kLongest = 255;

bool good_name(std::string_view name) {
    if (name.empty() || name.front() == '/' || name.back() == '/') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_/${}. ").find(c) != std::string_view::npos;
    });
}

void check_text(const Value& map, const char* key, const char* attribute, const Place& place,
                Report& report) {
    const Value* value = map.given(key);
    if (value != nullptr && !value->is_string()) {
        report.add(place, std::string(attribute) + " should be a string", value->mark());
    }
}

void check_limited_text(const Value& map, const char* key, const char* attribute,
                        const Place& place, Report& report) {
    const Value* value = map.given(key);
    if (value == nullptr) return;
    check_text(map, key, attribute, place, report);
    if (length_of(*value) > kLongest) {
        report.add(place, std::string(attribute) + " is too long (maximum is 255 characters)",
                   value->mark());
    }
}

void check_name(const Value* name, Mark mark, const Place& place, Report& report) {
    const bool blank = name == nullptr || name->is_blank();
    if (!blank) mark = name->mark();
    if (blank) report.add(place, "name can't be blank", mark);
    if (name == nullptr || !name->is_string()) report.add(place, kNameMessage, mark);
    if (name == nullptr || !good_name(yaml::interpolated(*name))) {
        report.add(place, kNameMessage, mark);
    }
}

/// Filled in, as Ruby on Rails understands it.
bool present(const Value* value) { return value != nullptr && !value->is_blank(); }

void check_dashboard(const Value& value, const Place& place, Report& report) {
    const Value* dashboard = value.given("dashboard");
    if (dashboard == nullptr || !dashboard->is_map()) return;
    if (present(value.find("namespace")) && present(dashboard->find("namespace"))) {
        report.add(place, "namespace cannot be specified when dashboard.namespace is set",
                   dashboard->mark());
    }
    if (present(value.find("flux_resource_path")) &&
        present(dashboard->find("flux_resource_path"))) {
        report.add(
            place,
            "flux resource path cannot be specified when dashboard.flux_resource_path is set",
            dashboard->mark());
    }
}

void check_kubernetes(const Value& value, const Place& place, Report& report) {
    if (value.entries().empty()) report.add(place, "config can't be blank", value.mark());
    check_keys(value,
               {"namespace", "agent", "flux_resource_path", "managed_resources", "dashboard"},
               place, report);
    check_text(value, "namespace", "namespace", place, report);
    const bool flux = present(value.find("flux_resource_path"));
    if (flux && !present(value.find("namespace"))) {
        report.add(place, "namespace can't be blank", value.mark());
    }
    check_text(value, "agent", "agent", place, report);
    const Value* managed = value.given("managed_resources");
    const Value* enabled = managed == nullptr ? nullptr : managed->find("enabled");
    const bool manages = enabled != nullptr && enabled->is_bool() && enabled->as_bool();
    if ((flux || manages || present(value.find("dashboard"))) && !present(value.find("agent"))) {
        report.add(place, "agent can't be blank", value.mark());
    }
    check_text(value, "flux_resource_path", "flux resource path", place, report);
    check_dashboard(value, place, report);
}

void check_action(const Value& environment, const Place& place, Report& report) {
    const Value* action = environment.given("action");
    if (action == nullptr) return;
    if (!action->is_string()) report.add(place, "action should be a string", action->mark());
    if (!all_of(*action, {"start", "stop", "prepare", "verify", "access"})) {
        report.add(place, "action should be start, stop, prepare, verify, or access",
                   action->mark());
    }
}

}  // namespace

void check_environment(const Value& value, const Place& place, Report& report) {
    const std::size_t before = report.count();
    if (!value.is_map() && !value.is_string()) {
        report.add(place, "config should be a hash or a string", value.mark());
    }
    const Value* name = value.is_map() ? value.find("name") : &value;
    check_name(value.is_map() || value.is_string() ? name : nullptr, value.mark(), place, report);
    if (!value.is_map()) return;
    check_keys(
        value,
        {"name", "url", "action", "on_stop", "auto_stop_in", "kubernetes", "deployment_tier"},
        place, report);
    check_limited_text(value, "url", "url", place, report);
    check_action(value, place, report);
    check_text(value, "deployment_tier", "deployment tier", place, report);
    check_text(value, "on_stop", "on stop", place, report);
    const Value* kubernetes = value.given("kubernetes");
    if (kubernetes != nullptr && !kubernetes->is_map()) {
        report.add(place, "kubernetes should be a hash", kubernetes->mark());
    }
    check_text(value, "auto_stop_in", "auto stop in", place, report);
    if (kubernetes == nullptr || !report.clean_since(before)) return;
    check_kubernetes(*kubernetes, Place{&place, "kubernetes"}, report);
}

namespace {

/// YYYY-MM-DDThh:mm:ss with an optional zone: the ISO 8601 form the release API takes.
bool is_datetime(std::string_view text) {
    static constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < 10) return false;
    for (std::size_t i = 0; i < std::min(text.size(), kForm.size()); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return false;
    }
    return text.size() == 10 || text.size() >= kForm.size();
}

/// What git takes as the name of a branch or tag, or the beginning of a commit's.
bool is_ref_name(std::string_view name) {
    const auto forbidden = [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' ||
               std::string_view("~^:?*[\\").find(c) != std::string_view::npos;
    };
    if (name.empty() || name == "HEAD" || name.front() == '-' || name.back() == '/') return false;
    if (name.starts_with("refs/heads/") || name.starts_with("refs/remotes/")) return false;
    if (std::any_of(name.begin(), name.end(), forbidden)) return false;
    for (const auto* sequence : {"..", "@{", "//"}) {
        if (name.find(sequence) != std::string_view::npos) return false;
    }
    for (const std::string& part : base::split(name, '/')) {
        if (part.starts_with('.') || part.ends_with(".lock")) return false;
    }
    return name.back() != '.';
}

void check_release_text(const Value& value, const char* key, const char* attribute,
                        const Place& place, Report& report) {
    const Value* text = value.find(key);
    if (text == nullptr || !text->is_string()) {
        report.add(place, std::string(attribute) + " should be a string", value.mark());
    }
    if (text == nullptr || text->is_blank()) {
        report.add(place, std::string(attribute) + " can't be blank", value.mark());
    }
}

void check_release_assets(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) report.add(place, "config should be a hash", value.mark());
    check_keys(value, {"links"}, place, report);
    const Value* links = value.find("links");
    const bool maps = links != nullptr && links->is_list() &&
                      std::all_of(links->items().begin(), links->items().end(),
                                  [](const Value& v) { return v.is_map(); });
    if (!maps) report.add(place, "links should be an array of hashes", value.mark());
    if (links == nullptr || links->is_blank()) {
        report.add(place, "links can't be blank", value.mark());
    }
}

}  // namespace

void check_release(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    const std::size_t before = report.count();
    check_keys(value,
               {"tag_name", "tag_message", "name", "description", "ref", "milestones",
                "released_at", "assets"},
               place, report);
    check_release_text(value, "tag_name", "tag name", place, report);
    check_release_text(value, "description", "description", place, report);
    check_text(value, "tag_message", "tag message", place, report);
    const Value* milestones = value.given("milestones");
    if (milestones != nullptr && !milestones->is_blank() && !is_text_or_list(*milestones)) {
        report.add(place, "milestones should be an array of strings or a string",
                   milestones->mark());
    }
    const Value* released = value.given("released_at");
    if (released != nullptr && !(released->is_string() && is_datetime(released->as_string()))) {
        report.add(place, "released at must be a valid datetime", released->mark());
    }
    const Value* ref = value.given("ref");
    if (ref != nullptr && !(ref->is_string() && is_ref_name(ref->as_string()))) {
        report.add(place, "ref must be a valid ref", ref->mark());
    }
    const Value* assets = value.given("assets");
    if (report.clean_since(before) && assets != nullptr) {
        check_release_assets(*assets, Place{&place, "assets"}, report);
    }
}

void check_pages(const Value& value, const Place& place, Report& report) {
    if (value.is_bool()) return;
    if (!value.is_map()) {
        return report.add(place, "config should be a hash or a boolean value", value.mark());
    }
    check_keys(value, {"publish", "path_prefix", "expire_in"}, place, report);
    check_text(value, "publish", "publish", place, report);
    check_text(value, "path_prefix", "path prefix", place, report);
    const Value* expiry = value.given("expire_in");
    if (expiry != nullptr && !is_duration(*expiry) && !expiry->is_text("never")) {
        report.add(place, "expire in should be a duration", expiry->mark());
    }
}

}  // namespace runner::pipeline::keywords
