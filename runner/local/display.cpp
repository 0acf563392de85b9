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

std::size_t terminal_width(std::FILE* out) {
    winsize size{};
    if (::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
    return size.ws_col;
}

}  // namespace

std::size_t Display::add(std::string name, std::string stage) {
    style_.name_width = std::max(style_.name_width, std::min(name.size(), kWidestName));
    DisplayRow row;
    row.name = std::move(name);
    row.stage = std::move(stage);
    rows_.push_back(std::move(row));
    return rows_.size() - 1;
}

void Display::state(std::size_t index, Status status, const std::string& note) {
    DisplayRow& row = rows_.at(index);
    const bool same = row.status == status && note.empty();
    row.change(status, note, DisplayRow::Clock::now());
    if (same) return;
    const bool silent = status == Status::kCreated || status == Status::kPending ||
                        (!options_.prefixes && status == Status::kRunning);
    if (!silent && !options_.live)
        say((options_.prefixes ? row_prefix(row, style_) : "") + state_line(row));
    refresh();
}

void Display::detail(std::size_t row, std::function<std::string()> detail) {
    rows_.at(row).detail = std::move(detail);
}

void Display::line(std::size_t index, std::string_view text) {
    const DisplayRow& row = rows_.at(index);
    erase();
    std::string out = options_.prefixes ? row_prefix(row, style_) : std::string();
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

void Display::draw() {
    if (!options_.live || hidden_) return;
    const std::size_t width = terminal_width(out_);
    const auto now = DisplayRow::Clock::now();
    std::string text;
    for (const DisplayRow& row : rows_) {
        if (!is_live(row.status) || drawn_ == kMostLiveLines) continue;
        text += live_line(row, style_, width, now) + "\n";
        ++drawn_;
    }
    write(text);
}

void Display::erase() {
    if (drawn_ == 0) return;
    write(fmt::format("\x1b[{}A\x1b[J", drawn_));
    drawn_ = 0;
}

std::string Display::table() const { return rows_table(rows_, style_); }

void Display::write(std::string_view text) {
    if (text.empty() || broken_) return;
    const bool whole = std::fwrite(text.data(), 1, text.size(), out_) == text.size();
    broken_ = !whole || std::fflush(out_) != 0;
}

}  // namespace runner::local
