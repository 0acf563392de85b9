#include "runner/local/display_row.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace runner::local {

using pipeline::state::Status;

namespace {

/// Columns of a live line that the state may take.
constexpr std::size_t kStateColumns = 12;

std::string_view colour_of(Status status) {
    switch (status) {
        case Status::kSuccess: return "\x1b[32m";
        case Status::kFailed: return "\x1b[31m";
        case Status::kRunning:
        case Status::kCanceling: return "\x1b[36m";
        case Status::kManual:
        case Status::kScheduled:
        case Status::kWaitingForResource:
        case Status::kCanceled: return "\x1b[33m";
        default: return "\x1b[2m";
    }
}

std::string painted_status(Status status, const RowStyle& style) {
    if (!style.colours) return std::string(to_string(status));
    return fmt::format("{}{}\x1b[0m", colour_of(status), to_string(status));
}

std::string table_line(const DisplayRow& row, const RowStyle& style, std::size_t name_width,
                       std::size_t stage_width) {
    constexpr std::size_t kStateWidth = 10;
    const std::size_t state_size = to_string(row.status).size();
    const std::string gap(std::max(state_size, kStateWidth) - state_size, ' ');
    const std::string time = row.took.count() > 0 ? readable(row.took) : "";
    std::string line =
        fmt::format("{:<{}}  {:<{}}  {}{} {:>8}  {}", row.name, name_width, row.stage, stage_width,
                    painted_status(row.status, style), gap, time, row.note);
    while (line.ends_with(' ')) line.pop_back();
    return line + "\n";
}

}  // namespace

void DisplayRow::change(Status next, std::string next_note, Clock::time_point now) {
    if (next == Status::kRunning && status != Status::kRunning) {
        started = now;
        began = true;
    } else if (began && !is_live(next) && is_live(status)) {
        took += now - started;
    }
    status = next;
    note = std::move(next_note);
}

bool is_live(Status status) {
    return status == Status::kRunning || status == Status::kCanceling ||
           status == Status::kPending || status == Status::kScheduled ||
           status == Status::kWaitingForResource;
}

std::string row_prefix(const DisplayRow& row, const RowStyle& style) {
    const std::string name = fmt::format("{:<{}} | ", row.name, style.name_width);
    return style.colours ? "\x1b[2m" + name + "\x1b[0m" : name;
}

std::string live_line(const DisplayRow& row, const RowStyle& style, std::size_t terminal_width,
                      DisplayRow::Clock::time_point now) {
    const bool running = row.status == Status::kRunning;
    const std::string time = running ? readable(now - row.started) : "";
    std::string text =
        fmt::format("{:<{}}  {:<12} {:>8}  {}", row.name, style.name_width, row.stage, time,
                    row.detail && running ? row.detail() : row.note);
    if (text.size() + kStateColumns > terminal_width)
        text.resize(terminal_width > kStateColumns ? terminal_width - kStateColumns : 0);
    return painted_status(row.status, style) + "  " + text;
}

std::string state_line(const DisplayRow& row) {
    const bool ended = row.took.count() > 0 && !is_live(row.status);
    return fmt::format("{}{}{}", to_string(row.status), ended ? " after " + readable(row.took) : "",
                       row.note.empty() ? "" : ": " + row.note);
}

std::string rows_table(const std::vector<DisplayRow>& rows, const RowStyle& style) {
    const std::size_t name_width = std::max<std::size_t>(style.name_width, 3);
    std::size_t stage_width = 5;
    for (const DisplayRow& row : rows) stage_width = std::max(stage_width, row.stage.size());
    std::string text = fmt::format("{:<{}}  {:<{}}  {:<10} {:>8}\n", "Job", name_width, "Stage",
                                   stage_width, "State", "Time");
    for (const DisplayRow& row : rows) text += table_line(row, style, name_width, stage_width);
    return text;
}

std::string readable(std::chrono::nanoseconds time) {
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
    if (tenths < 600) return fmt::format("{}.{}s", tenths / 10, tenths % 10);
    const auto seconds = tenths / 10;
    if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    return fmt::format("{}h{:02}m{:02}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace runner::local
