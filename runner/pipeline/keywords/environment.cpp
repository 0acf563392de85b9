#include <algorithm>

#include "runner/pipeline/keywords/checks.hpp"

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

void check_name(const Value* name, Mark mark, const Place& place, Report& report) {
    if (name == nullptr || name->is_blank()) {
        report.add(place, "name can't be blank", mark);
        report.add(place, kNameMessage, mark);
        report.add(place, kNameMessage, mark);
        return;
    }
    if (!name->is_string()) {
        report.add(place, "name should be a hash or a string", name->mark());
    } else if (!good_name(name->as_string())) {
        report.add(place, kNameMessage, name->mark());
    } else if (name->as_string().size() > kLongest) {
        report.add(place, "name is too long (maximum is 255 characters)", name->mark());
    }
}

void check_kubernetes(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    check_keys(value,
               {"agent", "namespace", "flux_resource_path", "managed_resources", "dashboard"},
               place, report);
    check_text(value, "agent", "agent", place, report);
    check_text(value, "namespace", "namespace", place, report);
    check_text(value, "flux_resource_path", "flux resource path", place, report);
}

}  // namespace

void check_environment(const Value& value, const Place& place, Report& report) {
    if (!value.is_map() && !value.is_string()) {
        return report.add(place, "config should be a hash or a string", value.mark());
    }
    const std::size_t before = report.count();
    if (value.is_string()) return check_name(&value, value.mark(), place, report);
    check_keys(value,
               {"name", "url", "action", "on_stop", "auto_stop_in", "kubernetes",
                "deployment_tier"},
               place, report);
    check_name(value.find("name"), value.mark(), place, report);
    if (const Value* url = value.given("url")) {
        if (!url->is_string()) {
            report.add(place, "url should be a string", url->mark());
        } else if (url->as_string().size() > kLongest) {
            report.add(place, "url is too long (maximum is 255 characters)", url->mark());
        }
    }
    const Value* action = value.given("action");
    if (action != nullptr &&
        !(action->is_string() &&
          one_of(action->as_string(), {"start", "stop", "prepare", "verify", "access"}))) {
        report.add(place, "action should be start, stop, prepare, verify, or access",
                   action->mark());
    }
    check_text(value, "deployment_tier", "deployment tier", place, report);
    check_text(value, "on_stop", "on stop", place, report);
    check_text(value, "auto_stop_in", "auto stop in", place, report);
    if (!report.clean_since(before)) return;
    if (const Value* kubernetes = value.given("kubernetes")) {
        check_kubernetes(*kubernetes, Place{&place, "kubernetes"}, report);
    }
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
    if (!value.is_map()) return report.add(place, "config should be a hash", value.mark());
    const std::size_t before = report.count();
    check_keys(value, {"links"}, place, report);
    const Value* links = value.find("links");
    if (links == nullptr || links->is_blank()) {
        report.add(place, "links can't be blank", value.mark());
    }
    if (!report.clean_since(before)) return;
    const bool maps = links->is_list() &&
                      std::all_of(links->items().begin(), links->items().end(),
                                  [](const Value& v) { return v.is_map(); });
    if (!maps) report.add(place, "links should be an array of hashes", links->mark());
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
    check_text(value, "name", "name", place, report);
    check_text(value, "ref", "ref", place, report);
    const Value* milestones = value.given("milestones");
    if (milestones != nullptr && !milestones->is_blank() && !is_text_or_list(*milestones)) {
        report.add(place, "milestones should be an array of strings or a string",
                   milestones->mark());
    }
    const Value* released = value.given("released_at");
    if (released != nullptr && !(released->is_string() && is_datetime(released->as_string()))) {
        report.add(place, "released at must be a valid datetime", released->mark());
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
