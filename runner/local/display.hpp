#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/pipeline/state/status.hpp"

namespace runner::local {

/// Shows running pipelines to a user: the lines of the jobs' logs; on a terminal, below them, a
/// live block with a line for each running job; and a table at the end.
///
/// Life: add() a row for a job before any other call about it. Strand: the I/O thread. Every call
/// writes at once.
class Display {
  public:
    struct Options {
        bool live = false;  ///< the output is a terminal
        bool colours = false;
        bool prefixes = true;  ///< see use_prefixes()
    };

    Display(std::FILE* out, Options options) : out_(out), options_(options) {}

    /// Whether log lines begin with the name of their job. Without names, only one job may run.
    void use_prefixes(bool on) { options_.prefixes = on; }
    /// Answers the number of the row.
    std::size_t add(std::string name, std::string stage);
    /// `note` stands beside the state; it may be empty.
    void state(std::size_t row, pipeline::state::Status status, const std::string& note);
    /// What a running job is doing; asked at each redraw. Empty when the job has ended.
    void detail(std::size_t row, std::function<std::string()> detail);
    /// A line of a job's log, without its end.
    void line(std::size_t row, std::string_view text);
    /// Lines that belong to no job's log.
    void say(std::string_view text);
    /// Draws the live block again, with the times of now.
    void refresh();
    /// Removes the live block, so that something else can use the terminal; show() draws it again.
    void hide();
    void show();
    /// Name, stage, state and time of each job.
    [[nodiscard]] std::string table() const;

    [[nodiscard]] const Options& options() const { return options_; }
    /// Writing has failed: the reader of the output has closed it.
    [[nodiscard]] bool broken() const { return broken_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Row {
        std::string name;
        std::string stage;
        pipeline::state::Status status = pipeline::state::Status::kCreated;
        std::string note;
        std::function<std::string()> detail;
        Clock::time_point started;
        Clock::duration took{};
        bool began = false;
    };

    void write(std::string_view text);
    void erase();
    void draw();
    [[nodiscard]] std::string live_line(const Row& row, std::size_t width) const;
    [[nodiscard]] std::string painted(const Row& row) const;
    [[nodiscard]] std::string prefix(const Row& row) const;

    std::FILE* out_;
    Options options_;
    std::vector<Row> rows_;
    std::size_t name_width_ = 0;
    std::size_t drawn_ = 0;
    bool hidden_ = false;
    bool broken_ = false;
};

/// A time for users to read: "1m05s", "0.4s".
std::string readable(std::chrono::nanoseconds time);

}  // namespace runner::local
