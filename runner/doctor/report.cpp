#include "runner/doctor/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/json.hpp"
#include "base/strings.hpp"

namespace runner::doctor {

namespace {

constexpr std::size_t kStateWidth = 7;
constexpr std::string_view kArrow = " \u2192 ";

std::string_view colour_of(State state) {
    switch (state) {
        case State::kProblem: return "\x1b[31;1m";
        case State::kWarning: return "\x1b[33;1m";
        case State::kOk: return "\x1b[32m";
        case State::kSkipped: return "\x1b[2m";
    }
    return "";
}

std::string heading(const Line& line) {
    switch (line.place) {
        case Place::kHost: return "Host";
        case Place::kEngine: return "Docker engine " + line.where;
        case Place::kJob: return fmt::format("Job of the runner \"{}\"", line.where);
        case Place::kInnerEngine:
            return fmt::format("Engine inside of the job of \"{}\"", line.where);
        case Place::kBuilder: return fmt::format("Builder of the job of \"{}\"", line.where);
    }
    return "";
}

std::string state_cell(State state, const ReportStyle& style) {
    const std::string cell = fmt::format("{:<{}}", to_string(state), kStateWidth);
    if (!style.colours) return cell;
    return std::string(colour_of(state)) + cell + "\x1b[0m";
}

std::string one_line(const std::string& text) {
    std::string out(base::trim(text));
    std::replace(out.begin(), out.end(), '\n', ' ');
    return out;
}

std::string line_text(const Line& line, std::size_t check_width, const ReportStyle& style) {
    const std::string seen = one_line(line.finding.seen);
    const std::string remedy = one_line(line.finding.remedy);
    const std::size_t margin = 2 + kStateWidth + 2 + check_width + 2;
    std::string out = fmt::format("  {}  {:<{}}  {}", state_cell(line.finding.state, style),
                                  line.check, check_width, seen);
    if (remedy.empty()) return out + "\n";
    const std::size_t length = margin + base::utf8_length(seen) + 3 + base::utf8_length(remedy);
    if (style.width == 0 || length <= style.width) return out + std::string(kArrow) + remedy + "\n";
    return out + "\n" + std::string(margin - 2, ' ') + std::string(kArrow.substr(1)) + remedy +
           "\n";
}

std::size_t count(const std::vector<Line>& lines, State state) {
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(),
                      [state](const Line& line) { return line.finding.state == state; }));
}

std::string number_of(std::size_t count, const std::string& one, const std::string& many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

std::string report_text(std::vector<Line> lines, const ReportStyle& style) {
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
        return std::tie(a.place, a.where, a.finding.state) <
               std::tie(b.place, b.where, b.finding.state);
    });
    std::size_t width = 0;
    for (const auto& line : lines) width = std::max(width, line.check.size());
    std::string out;
    const Line* former = nullptr;
    for (const auto& line : lines) {
        if (former == nullptr || former->place != line.place || former->where != line.where) {
            if (former != nullptr) out += "\n";
            out += style.colours ? "\x1b[1m" + heading(line) + "\x1b[0m\n" : heading(line) + "\n";
        }
        out += line_text(line, width, style);
        former = &line;
    }
    out += fmt::format("\n{}, {}, {} ok, {} skipped\n",
                       number_of(count(lines, State::kProblem), "problem", "problems"),
                       number_of(count(lines, State::kWarning), "warning", "warnings"),
                       count(lines, State::kOk), count(lines, State::kSkipped));
    return out;
}

std::string report_json(const std::vector<Line>& lines) {
    nlohmann::ordered_json findings = nlohmann::ordered_json::array();
    for (const auto& line : lines) {
        findings.push_back({{"place", to_string(line.place)},
                            {"where", line.where},
                            {"check", line.check},
                            {"state", to_string(line.finding.state)},
                            {"seen", line.finding.seen},
                            {"remedy", line.finding.remedy}});
    }
    const nlohmann::ordered_json summary = {{"problem", count(lines, State::kProblem)},
                                            {"warning", count(lines, State::kWarning)},
                                            {"ok", count(lines, State::kOk)},
                                            {"skipped", count(lines, State::kSkipped)}};
    const nlohmann::ordered_json out = {
        {"version", 1}, {"summary", summary}, {"findings", findings}};
    return base::dump_json(out, 2) + "\n";
}

bool has_problem(const std::vector<Line>& lines) { return count(lines, State::kProblem) > 0; }

}  // namespace runner::doctor
