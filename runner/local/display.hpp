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

/// What a person sees of running pipelines: the jobs' log lines, on a terminal a block of lines
/// below them that says what each job is doing, and a table at the end.
///
/// Life: add() a row per job before anything is said of it. Strand: the I/O thread. Writes at once.
class Display {
  public:
    struct Options {
        bool live = false;  ///< the output is a terminal
        bool colours = false;
        bool prefixes = true;  ///< see use_prefixes()
    };

    Display(std::FILE* out, Options options) : out_(out), options_(options) {}

    /// Whether log lines name their job; without it, one job's log stands as it is.
    void use_prefixes(bool on) { options_.prefixes = on; }
    std::size_t add(std::string name, std::string stage);
    void state(std::size_t row, pipeline::state::Status status, const std::string& note);
    /// What a running job is at; asked at each redraw. Empty when it has ended.
    void detail(std::size_t row, std::function<std::string()> detail);
    /// A line of a job's log, without its end.
    void line(std::size_t row, std::string_view text);
    /// Lines of nobody's log.
    void say(std::string_view text);
    /// Draws the live block anew: its times have moved on.
    void refresh();
    /// Takes the live block away while somebody else uses the terminal.
    void hide();
    void show();
    /// Name, stage, state and time of each job.
    [[nodiscard]] std::string table() const;

    [[nodiscard]] const Options& options() const { return options_; }
    /// The reader has gone.
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

/// "1m05s", "0.4s": for people.
std::string readable(std::chrono::nanoseconds time);

}  // namespace runner::local
