#include <algorithm>

#include "base/strings.hpp"
#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

const Names kReports = {"junit",
                        "codequality",
                        "sast",
                        "secret_detection",
                        "dependency_scanning",
                        "container_scanning",
                        "dast",
                        "performance",
                        "browser_performance",
                        "load_performance",
                        "license_scanning",
                        "metrics",
                        "lsif",
                        "dotenv",
                        "terraform",
                        "accessibility",
                        "coverage_fuzzing",
                        "api_fuzzing",
                        "cluster_image_scanning",
                        "requirements",
                        "requirements_v2",
                        "coverage_report",
                        "cyclonedx",
                        "annotations",
                        "repository_xray",
                        "sarif"};
constexpr std::size_t kExposeAsLimit = 100;

void check_coverage_report(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) report.add(key_path, "config should be a hash", value.mark());
    check_keys(value, {"coverage_format", "path"}, key_path, report);
    const Value* format = value.given("coverage_format");
    if (format == nullptr || format->is_blank()) {
        report.add(key_path, "coverage format can't be blank", value.mark());
    }
    if (format == nullptr || !all_one_of(*format, {"cobertura", "jacoco"})) {
        report.add(key_path, "coverage format must be one of supported formats: cobertura, jacoco.",
                   value.mark());
    }
    const Value* path = value.find("path");
    if (path == nullptr || path->is_blank())
        report.add(key_path, "path can't be blank", value.mark());
    if (path == nullptr || !path->is_string()) {
        report.add(key_path, "path should be a string", value.mark());
    }
}

void check_reports(const Value& value, const KeyPath& key_path, Report& report) {
    const std::size_t before = report.count();
    check_keys(value, kReports, key_path, report);
    for (const auto& [key, paths] : value.entries()) {
        if (key.is_text("coverage_report") || paths.is_null() || !key.is_string()) continue;
        if (!one_of(key.as_string(), kReports) || is_text_or_list(paths)) continue;
        report.add(key_path,
                   attribute_name(key.as_string()) + " should be an array of strings or a string",
                   paths.mark());
    }
    if (!report.clean_since(before)) return;
    if (const Value* coverage = value.given("coverage_report")) {
        check_coverage_report(*coverage, KeyPath{&key_path, "coverage_report"}, report);
    }
}

void check_expose_as(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* name = value.given("expose_as");
    if (name == nullptr) return;
    const auto word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    const auto good = [&](char c) { return word(c) || c == '-' || c == ' '; };
    check_string_attribute(value, "expose_as", key_path, report);
    if (length_of(*name) > kExposeAsLimit) {
        report.add(key_path, "expose as is too long (maximum is 100 characters)", name->mark());
    }
    const std::string text = name->is_list() || name->is_map() ? "" : name->to_text();
    if (text.empty() || !word(text.front()) || !std::all_of(text.begin(), text.end(), good)) {
        report.add(key_path, "expose as can contain only letters, digits, '-', '_' and spaces",
                   name->mark());
    }
}

void check_paths(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* paths = value.given("paths");
    if (paths == nullptr) return;
    const bool exposed = value.given("expose_as") != nullptr;
    if (!is_text_list(*paths)) {
        // With expose_as GitLab validates the paths twice.
        for (int i = 0; i < (exposed ? 2 : 1); ++i) {
            report.add(key_path, "paths should be an array of strings", paths->mark());
        }
        return;
    }
    if (!exposed) return;
    for (const Value& path : paths->items()) {
        if (path.as_string().find('*') == std::string::npos) continue;
        return report.add(key_path, "paths can't contain '*' when used with 'expose_as'",
                          path.mark());
    }
}

void check_expiry(const Value& value, const KeyPath& key_path, Report& report) {
    const Value* expiry = value.given("expire_in");
    if (expiry == nullptr || is_duration(*expiry)) return;
    if (expiry->is_string() && base::to_lower(expiry->as_string()) == "never") return;
    report.add(key_path, "expire in should be a duration", expiry->mark());
}

}  // namespace

void check_artifacts(const Value& value, const KeyPath& key_path, Report& report) {
    if (!value.is_map()) return report_not_a_hash_twice(value, key_path, report);
    const std::size_t before = report.count();
    check_keys(value,
               {"name", "untracked", "paths", "reports", "when", "expire_in", "expose_as",
                "exclude", "public", "access"},
               key_path, report);
    const Value* paths = value.find("paths");
    if (value.given("expose_as") != nullptr && (paths == nullptr || paths->is_blank())) {
        report.add(key_path, "paths can't be blank", value.mark());
    }
    check_exclusive(value, {"access", "public"}, key_path, report);
    check_string_attribute(value, "name", key_path, report);
    check_boolean_attribute(value, "public", key_path, report);
    check_boolean_attribute(value, "untracked", key_path, report);
    check_paths(value, key_path, report);
    check_expose_as(value, key_path, report);
    check_string_list_attribute(value, "exclude", key_path, report);
    check_hash_attribute(value, "reports", key_path, report);
    check_choice_attribute(value, "when", {"on_success", "on_failure", "always"}, key_path, report);
    check_expiry(value, key_path, report);
    check_choice_attribute(value, "access", {"none", "developer", "maintainer", "all"}, key_path,
                           report);
    const Value* reports = value.given("reports");
    if (!report.clean_since(before) || reports == nullptr) return;
    check_reports(*reports, KeyPath{&key_path, "reports"}, report);
}

}  // namespace runner::pipeline::keywords
