#pragma once

#include <string>
#include <vector>

#include "runner/doctor/finding.hpp"

/// The findings as text and as JSON. Pure.
namespace runner::doctor {

struct ReportStyle {
    bool colours = false;
    /// Columns of the terminal: remedies that do not fit stand on a line of their own. 0: every
    /// finding is exactly one line, for files and grep.
    std::size_t width = 0;
};

/// Grouped by place, the worst findings of each group first; the counts at the end.
std::string report_text(std::vector<Line> lines, const ReportStyle& style);

/// {"version":1,"summary":{…},"findings":[{"place","where","check","state","seen","remedy"}…]}
std::string report_json(const std::vector<Line>& lines);

/// Whether one of the findings is a problem: then the exit code is 1. Warnings do not count.
bool has_problem(const std::vector<Line>& lines);

}  // namespace runner::doctor
