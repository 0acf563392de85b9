#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/local/display_row.hpp"

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

    Display(std::FILE* out, Options options)
        : out_(out), options_(options), style_{.colours = options.colours} {}

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
    void write(std::string_view text);
    void erase();
    void draw();

    std::FILE* out_;
    Options options_;
    std::vector<DisplayRow> rows_;
    RowStyle style_;
    std::size_t drawn_ = 0;  ///< lines of the live block that are on the terminal
    bool hidden_ = false;
    bool broken_ = false;
};

}  // namespace runner::local
