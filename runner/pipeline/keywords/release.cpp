#include <algorithm>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

/// YYYY-MM-DDThh:mm:ss with an optional time zone: the ISO 8601 form that the release API accepts.
bool is_datetime(std::string_view text) {
    static constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < 10) return false;
    for (std::size_t i = 0; i < std::min(text.size(), kForm.size()); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return false;
    }
    return text.size() == 10 || text.size() >= kForm.size();
}

/// Whether git accepts the text as the name of a branch or tag, or as the beginning of a commit id.
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

void check_release_assets(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) report.add(key_path, "config should be a hash", value.mark());
    check_keys(value, {"links"}, key_path, report);
    const Value* links = value.find("links");
    if (links == nullptr || !is_map_list(*links)) {
        report.add(key_path, "links should be an array of hashes", value.mark());
    }
    if (links == nullptr || links->is_blank()) {
        report.add(key_path, "links can't be blank", value.mark());
    }
}

}  // namespace

void check_release(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report.add(key_path, "config should be a hash", value.mark());
    const std::size_t before = report.count();
    check_keys(value,
               {"tag_name", "tag_message", "name", "description", "ref", "milestones",
                "released_at", "assets"},
               key_path, report);
    check_required_string_attribute(value, "tag_name", key_path, report);
    check_required_string_attribute(value, "description", key_path, report);
    check_string_attribute(value, "tag_message", key_path, report);
    const Value* milestones = value.given("milestones");
    if (milestones != nullptr && !milestones->is_blank() && !is_text_or_list(*milestones)) {
        report.add(key_path, "milestones should be an array of strings or a string",
                   milestones->mark());
    }
    const Value* released = value.given("released_at");
    if (released != nullptr && !(released->is_string() && is_datetime(released->as_string()))) {
        report.add(key_path, "released at must be a valid datetime", released->mark());
    }
    const Value* ref = value.given("ref");
    if (ref != nullptr && !(ref->is_string() && is_ref_name(ref->as_string()))) {
        report.add(key_path, "ref must be a valid ref", ref->mark());
    }
    const Value* assets = value.given("assets");
    if (report.clean_since(before) && assets != nullptr) {
        check_release_assets(*assets, KeyPath{&key_path, "assets"}, report);
    }
}

}  // namespace runner::pipeline::keywords
