#include "runner/pipeline/view/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"

namespace runner::pipeline::view {
namespace {

constexpr std::string_view kNoRule = "no rule matched";

}  // namespace

std::string position_text(const Mark& mark, const std::vector<include::File>& files) {
    if (!mark.known() || mark.file >= files.size()) return {};
    return fmt::format("{}:{}:{}", files[mark.file].name, mark.line, mark.column);
}

bool is_selected(const plan::Job& job, const std::vector<std::string>& names) {
    return names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
               return name == job.name || name == job.definition;
           });
}

std::string when_text(const plan::PlannedJob& planned) {
    std::string when(plan::to_string(planned.when));
    if (planned.when != plan::When::kDelayed || !planned.start_in) return when;
    return fmt::format("{} ({})", when, *planned.start_in);
}

std::string allow_failure_text(const plan::PlannedJob& planned) {
    if (planned.allow_failure) return "yes";
    if (planned.allowed_exit_codes.empty()) return "no";
    std::vector<std::string> codes;
    for (const std::int64_t code : planned.allowed_exit_codes) {
        codes.push_back(std::to_string(code));
    }
    return (codes.size() == 1 ? "exit code " : "exit codes ") + base::join(codes, ", ");
}

std::string needs_text(const plan::PlannedJob& planned) {
    if (!planned.has_needs) return "-";
    if (planned.needs.empty()) return "none";
    std::vector<std::string> names;
    for (const plan::Need& need : planned.needs) {
        names.push_back(need.job + (need.optional ? " (optional)" : ""));
    }
    return base::join(names, ", ");
}

std::string reason_text(const std::string& reason, const std::vector<rules::Verdict>& verdicts,
                        const std::vector<include::File>& files) {
    if (reason.empty()) return "no rules";
    // No rule decided when none matched.
    const bool decided = !verdicts.empty() && reason != kNoRule;
    const std::string position = decided ? position_text(verdicts.back().mark, files) : "";
    return position.empty() ? reason : fmt::format("{} ({})", reason, position);
}

std::string columns(const std::vector<std::vector<std::string>>& rows, const std::string& indent) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], base::utf8_length(row[i]));
    }
    std::string out;
    for (const auto& row : rows) {
        out += indent;
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) out.append(widths[i] - base::utf8_length(row[i]) + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

}  // namespace runner::pipeline::view
