#include <algorithm>

#include "base/strings.hpp"
#include "runner/pipeline/durations.hpp"
#include "runner/pipeline/keywords/checks.hpp"

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

void check_coverage_report(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) report.add(place, "config should be a hash", value.mark());
    check_keys(value, {"coverage_format", "path"}, place, report);
    const Value* format = value.given("coverage_format");
    if (format == nullptr || format->is_blank()) {
        report.add(place, "coverage format can't be blank", value.mark());
    }
    if (format == nullptr || !all_of(*format, {"cobertura", "jacoco"})) {
        report.add(place, "coverage format must be one of supported formats: cobertura, jacoco.",
                   value.mark());
    }
    const Value* path = value.find("path");
    if (path == nullptr || path->is_blank()) report.add(place, "path can't be blank", value.mark());
    if (path == nullptr || !path->is_string()) {
        report.add(place, "path should be a string", value.mark());
    }
}

void check_reports(const Value& value, const Place& place, Report& report) {
    const std::size_t before = report.count();
    check_keys(value, kReports, place, report);
    for (const auto& [key, paths] : value.entries()) {
        if (key.is_text("coverage_report") || paths.is_null() || !key.is_string()) continue;
        if (!one_of(key.as_string(), kReports) || is_text_or_list(paths)) continue;
        std::string attribute = key.as_string();
        std::replace(attribute.begin(), attribute.end(), '_', ' ');
        report.add(place, attribute + " should be an array of strings or a string", paths.mark());
    }
    if (!report.clean_since(before)) return;
    if (const Value* coverage = value.given("coverage_report")) {
        check_coverage_report(*coverage, Place{&place, "coverage_report"}, report);
    }
}

void check_expose_as(const Value& value, const Place& place, Report& report) {
    const Value* name = value.given("expose_as");
    if (name == nullptr) return;
    const auto word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    const auto good = [&](char c) { return word(c) || c == '-' || c == ' '; };
    if (!name->is_string()) report.add(place, "expose as should be a string", name->mark());
    if (length_of(*name) > kExposeAsLimit) {
        report.add(place, "expose as is too long (maximum is 100 characters)", name->mark());
    }
    const std::string text = name->is_list() || name->is_map() ? "" : name->to_text();
    if (text.empty() || !word(text.front()) || !std::all_of(text.begin(), text.end(), good)) {
        report.add(place, "expose as can contain only letters, digits, '-', '_' and spaces",
                   name->mark());
    }
}

void check_paths(const Value& value, const Place& place, Report& report) {
    const Value* paths = value.given("paths");
    if (paths == nullptr) return;
    const bool exposed = value.given("expose_as") != nullptr;
    if (!is_text_list(*paths)) {
        // With expose_as GitLab looks twice.
        for (int i = 0; i < (exposed ? 2 : 1); ++i) {
            report.add(place, "paths should be an array of strings", paths->mark());
        }
        return;
    }
    if (!exposed) return;
    for (const Value& path : paths->items()) {
        if (path.as_string().find('*') == std::string::npos) continue;
        return report.add(place, "paths can't contain '*' when used with 'expose_as'", path.mark());
    }
}

void check_when(const Value& value, const Place& place, Report& report) {
    const Value* when = value.given("when");
    if (when == nullptr) return;
    if (!when->is_string()) report.add(place, "when should be a string", when->mark());
    if (!all_of(*when, {"on_success", "on_failure", "always"})) {
        report.add(place, "when should be one of: on_success, on_failure, always", when->mark());
    }
}

void check_flag(const Value& value, std::string_view key, const Place& place, Report& report) {
    const Value* flag = value.given(key);
    if (flag != nullptr && !flag->is_bool()) {
        report.add(place, std::string(key) + " should be a boolean value", flag->mark());
    }
}

void check_access(const Value& value, const Place& place, Report& report) {
    const Value* access = value.given("access");
    if (access == nullptr) return;
    if (!access->is_string()) {
        report.add(place, "access should be a string", access->mark());
    }
    if (!all_of(*access, {"none", "developer", "maintainer", "all"})) {
        report.add(place, "access should be one of: none, developer, maintainer, all",
                   access->mark());
    }
}

void check_expiry(const Value& value, const Place& place, Report& report) {
    const Value* expiry = value.given("expire_in");
    if (expiry == nullptr || is_duration(*expiry)) return;
    if (expiry->is_string() && base::to_lower(expiry->as_string()) == "never") return;
    report.add(place, "expire in should be a duration", expiry->mark());
}

}  // namespace

void check_artifacts(const Value& value, const Place& place, Report& report) {
    if (!value.is_map()) {
        // GitLab states this rule twice and so prints it twice.
        report.add(place, "config should be a hash", value.mark());
        report.add(place, "config should be a hash", value.mark());
        return;
    }
    const std::size_t before = report.count();
    check_keys(value,
               {"name", "untracked", "paths", "reports", "when", "expire_in", "expose_as",
                "exclude", "public", "access"},
               place, report);
    const Value* paths = value.find("paths");
    if (value.given("expose_as") != nullptr && (paths == nullptr || paths->is_blank())) {
        report.add(place, "paths can't be blank", value.mark());
    }
    check_exclusive(value, {"access", "public"}, place, report);
    const Value* name = value.given("name");
    if (name != nullptr && !name->is_string()) {
        report.add(place, "name should be a string", name->mark());
    }
    check_flag(value, "public", place, report);
    check_flag(value, "untracked", place, report);
    check_paths(value, place, report);
    check_expose_as(value, place, report);
    const Value* exclude = value.given("exclude");
    if (exclude != nullptr && !is_text_list(*exclude)) {
        report.add(place, "exclude should be an array of strings", exclude->mark());
    }
    const Value* reports = value.given("reports");
    if (reports != nullptr && !reports->is_map()) {
        report.add(place, "reports should be a hash", reports->mark());
    }
    check_when(value, place, report);
    check_expiry(value, place, report);
    check_access(value, place, report);
    if (!report.clean_since(before) || reports == nullptr) return;
    check_reports(*reports, Place{&place, "reports"}, report);
}

}  // namespace runner::pipeline::keywords
