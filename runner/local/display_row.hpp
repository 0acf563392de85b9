#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "runner/pipeline/state/status.hpp"

/// A job on the display, and how it is written. Pure: times are given.
namespace runner::local {

struct DisplayRow {
    using Clock = std::chrono::steady_clock;

    std::string name;
    std::string stage;
    pipeline::state::Status status = pipeline::state::Status::kCreated;
    std::string note;                     ///< beside the state; may be empty
    std::function<std::string()> detail;  ///< what a running job is doing; may be empty
    Clock::time_point started;            ///< of the attempt that runs
    Clock::duration took{};               ///< of all attempts that have ended
    bool began = false;                   ///< has run at least once

    /// Enters a new state, and measures the time of an attempt.
    void change(pipeline::state::Status next, std::string next_note, Clock::time_point now);
};

/// How all rows are written.
struct RowStyle {
    std::size_t name_width = 0;  ///< names are filled up to this width
    bool colours = false;
};

/// In one of these states a job has a line in the live block.
bool is_live(pipeline::state::Status status);

/// What stands in front of a line of the job's log: "name | ".
std::string row_prefix(const DisplayRow& row, const RowStyle& style);
/// The row in the live block, cut to the width of the terminal.
std::string live_line(const DisplayRow& row, const RowStyle& style, std::size_t terminal_width,
                      DisplayRow::Clock::time_point now);
/// The line that reports a change of state: "failed after 1.2s: exit code 3".
std::string state_line(const DisplayRow& row);
/// Name, stage, state, time and note of each job, with a head line.
std::string rows_table(const std::vector<DisplayRow>& rows, const RowStyle& style);

/// A time for users to read: "1m05s", "0.4s".
std::string readable(std::chrono::nanoseconds time);

}  // namespace runner::local
