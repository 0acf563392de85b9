#include "runner/commands/plain_log.hpp"

#include <utility>

namespace runner::commands {

namespace {

/// 0: a digit, x: a hex digit, S: a stream, +: begin or continuation of a line.
constexpr std::string_view kStamp = "0000-00-00T00:00:00.000000Z xxS+";
constexpr char kContinues = '+';

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool fits(char c, char place) {
    switch (place) {
        case '0': return is_digit(c);
        case 'x': return is_digit(c) || (c >= 'a' && c <= 'f');
        case 'S': return c == 'O' || c == 'E';
        case '+': return c == kContinues || c == ' ';
        default: return c == place;
    }
}

}  // namespace

std::string PlainLog::feed(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        if (at_begin_)
            take_stamp(c, out);
        else
            take(c, out);
    }
    return out;
}

std::string PlainLog::finish() {
    std::string out;
    end_line_before(out);
    out += std::exchange(stamp_, {});
    return out;
}

void PlainLog::end_line_before(std::string& out) {
    if (std::exchange(line_ended_, false)) out += '\n';
}

void PlainLog::take(char c, std::string& out) {
    if (c != '\n') {
        out += c;
        return;
    }
    line_ended_ = true;
    at_begin_ = true;
}

void PlainLog::take_stamp(char c, std::string& out) {
    if (!fits(c, kStamp[stamp_.size()])) {
        end_line_before(out);
        out += std::exchange(stamp_, {});
        at_begin_ = false;
        return take(c, out);
    }
    stamp_ += c;
    if (stamp_.size() < kStamp.size()) return;
    if (c == kContinues) line_ended_ = false;
    end_line_before(out);
    stamp_.clear();
    at_begin_ = false;
}

}  // namespace runner::commands
