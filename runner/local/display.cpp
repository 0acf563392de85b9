#include "runner/local/display.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>

namespace runner::local {

using pipeline::state::Status;

namespace {

constexpr std::size_t kMostLiveLines = 12;
constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kWidestName = 40;

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

bool is_live(Status status) {
    return status == Status::kRunning || status == Status::kCanceling ||
           status == Status::kPending || status == Status::kScheduled ||
           status == Status::kWaitingForResource;
}

std::size_t terminal_width(std::FILE* out) {
    winsize size{};
    if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
    return size.ws_col;
}

}  // namespace

std::string readable(std::chrono::nanoseconds time) {
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
    if (tenths < 600) return fmt::format("{}.{}s", tenths / 10, tenths % 10);
    const auto seconds = tenths / 10;
    if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    return fmt::format("{}h{:02}m{:02}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::size_t Display::add(std::string name, std::string stage) {
    name_width_ = std::max(name_width_, std::min(name.size(), kWidestName));
    Row row;
    row.name = std::move(name);
    row.stage = std::move(stage);
    rows_.push_back(std::move(row));
    return rows_.size() - 1;
}

void Display::state(std::size_t index, Status status, const std::string& note) {
    Row& row = rows_.at(index);
    const bool same = row.status == status && note.empty();
    if (status == Status::kRunning && row.status != Status::kRunning) {
        row.started = Clock::now();
        row.began = true;
    } else if (row.began && !is_live(status) && is_live(row.status)) {
        row.took += Clock::now() - row.started;
    }
    row.status = status;
    row.note = note;
    if (same) return;
    const bool silent = status == Status::kCreated || status == Status::kPending ||
                        (!options_.prefixes && status == Status::kRunning);
    if (!silent && !options_.live) {
        const std::string time =
            row.took.count() > 0 && !is_live(status) ? " after " + readable(row.took) : "";
        const std::string more = note.empty() ? "" : ": " + note;
        say(fmt::format("{}{}{}{}", options_.prefixes ? prefix(row) : "", to_string(status), time,
                        more));
    }
    refresh();
}

void Display::detail(std::size_t row, std::function<std::string()> detail) {
    rows_.at(row).detail = std::move(detail);
}

std::string Display::prefix(const Row& row) const {
    const std::string name = fmt::format("{:<{}} | ", row.name, name_width_);
    return options_.colours ? "\x1b[2m" + name + "\x1b[0m" : name;
}

std::string Display::painted(const Row& row) const {
    if (!options_.colours) return std::string(to_string(row.status));
    return fmt::format("{}{}\x1b[0m", colour_of(row.status), to_string(row.status));
}

void Display::line(std::size_t index, std::string_view text) {
    const Row& row = rows_.at(index);
    erase();
    std::string out = options_.prefixes ? prefix(row) : std::string();
    out += text;
    // A colour that a script leaves on must not change the lines of other jobs.
    if (options_.colours && text.find('\x1b') != std::string_view::npos) out += "\x1b[0m";
    write(out + "\n");
    draw();
}

void Display::say(std::string_view text) {
    erase();
    write(std::string(text) + "\n");
    draw();
}

void Display::refresh() {
    erase();
    draw();
}

void Display::hide() {
    erase();
    hidden_ = true;
}

void Display::show() {
    hidden_ = false;
    draw();
}

std::string Display::live_line(const Row& row, std::size_t width) const {
    const auto time = row.status == Status::kRunning ? readable(Clock::now() - row.started) : "";
    std::string text =
        fmt::format("{:<{}}  {:<12} {:>8}  {}", row.name, name_width_, row.stage, time,
                    row.detail && row.status == Status::kRunning ? row.detail() : row.note);
    if (text.size() + 12 > width) text.resize(width > 12 ? width - 12 : 0);
    return painted(row) + "  " + text;
}

void Display::draw() {
    if (!options_.live || hidden_) return;
    const std::size_t width = terminal_width(out_);
    std::string text;
    for (const Row& row : rows_) {
        if (!is_live(row.status) || drawn_ == kMostLiveLines) continue;
        text += live_line(row, width) + "\n";
        ++drawn_;
    }
    write(text);
}

void Display::erase() {
    if (drawn_ == 0) return;
    write(fmt::format("\x1b[{}A\x1b[J", drawn_));
    drawn_ = 0;
}

std::string Display::table() const {
    std::size_t stage_width = 5;
    for (const Row& row : rows_) stage_width = std::max(stage_width, row.stage.size());
    std::string text =
        fmt::format("{:<{}}  {:<{}}  {:<10} {:>8}\n", "Job", std::max<std::size_t>(name_width_, 3),
                    "Stage", stage_width, "State", "Time");
    for (const Row& row : rows_) {
        const std::string time = row.took.count() > 0 ? readable(row.took) : "";
        const std::string gap(
            std::max<std::size_t>(to_string(row.status).size(), 10) - to_string(row.status).size(),
            ' ');
        std::string line = fmt::format("{:<{}}  {:<{}}  {}{} {:>8}  {}", row.name,
                                       std::max<std::size_t>(name_width_, 3), row.stage,
                                       stage_width, painted(row), gap, time, row.note);
        while (line.ends_with(' ')) line.pop_back();
        text += line + "\n";
    }
    return text;
}

void Display::write(std::string_view text) {
    if (text.empty() || broken_) return;
    const bool whole = std::fwrite(text.data(), 1, text.size(), out_) == text.size();
    broken_ = !whole || std::fflush(out_) != 0;
}

}  // namespace runner::local
