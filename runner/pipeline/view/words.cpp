#include "runner/pipeline/view/words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"

namespace runner::pipeline::view {
namespace {

constexpr std::string_view kNoRule = "no rule matched";

}  // namespace

std::string place_text(const Mark& mark, const std::vector<include::File>& files) {
    if (!mark.known() || mark.file >= files.size()) return {};
    return fmt::format("{}:{}:{}", files[mark.file].name, mark.line, mark.column);
}

std::string when_text(const plan::PlannedJob& planned) {
    const std::string when(plan::to_string(planned.when));
    if (planned.when != plan::When::kDelayed || !planned.start_in) return when;
    return fmt::format("{} ({})", when, *planned.start_in);
}

std::string allow_failure_text(const plan::PlannedJob& planned) {
    if (planned.allow_failure) return "yes";
    if (planned.allowed_exit_codes.empty()) return "no";
    std::vector<std::string> codes;
    for (const std::int64_t code : planned.allowed_exit_codes)
        codes.push_back(std::to_string(code));
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
    // The place is that of the rule that decided; where none matched there is none.
    const bool decided = !verdicts.empty() && reason != kNoRule;
    const std::string place = decided ? place_text(verdicts.back().mark, files) : "";
    return place.empty() ? reason : fmt::format("{} ({})", reason, place);
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
