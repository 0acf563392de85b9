#include "runner/trace/line_framing.hpp"

#include <algorithm>
#include <cstring>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "runner/trace/utf8_repair.hpp"

namespace runner::trace {

namespace {
constexpr std::size_t kStampBytes = 27;

/// The number of bytes before the first line end; all when there is none.
std::size_t line_length(std::string_view text) {
    const void* found = text.empty() ? nullptr : std::memchr(text.data(), '\n', text.size());
    if (found == nullptr) return text.size();
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

LineFraming::LineFraming(Spool& spool, Spool::Source source, StreamTag tag, bool timestamps)
    : spool_(&spool), source_(source), tag_(tag), timestamps_(timestamps) {
    const char number = static_cast<char>(tag_.number);
    header_.fill(' ');
    base::to_hex({&number, 1}).copy(&header_[kStampBytes + 1], 2);
    header_[kStampBytes + 3] = tag_.kind;
}

void LineFraming::restore(Saved saved) {
    partial_ = std::move(saved.partial);
    partial_micros_ = saved.partial_micros;
    continues_ = saved.continues;
}

void LineFraming::begin_write(std::int64_t unix_micros) { now_micros_ = unix_micros; }

void LineFraming::append(std::string_view text) {
    if (timestamps_) {
        append_lines(text);
    } else {
        spool_->append(text, source_);
    }
}

/// Copies whole lines directly into the buffer of the spool, many lines in one call. Most output of
/// a script is written in this way.
std::string_view LineFraming::copy_lines(std::string_view text) {
    set_stamp(now_micros_);
    header_.back() = ' ';
    LineHeader first = header_;
    if (continues_) first.back() = '+';
    const LineRoom room{spool_->prepare(Spool::kMaxPieceBytes), Spool::kMaxPieceBytes,
                        kMaxLineBytes};
    const CopiedLines copied = copy_stamped_lines(text, room, first, header_);
    if (copied.read > 0) continues_ = false;
    spool_->commit(copied.written, source_);
    return text.substr(copied.read);
}

void LineFraming::append_lines(std::string_view text) {
    while (!text.empty()) {
        const std::size_t before = text.size();
        if (partial_.empty()) text = copy_lines(text);
        if (text.size() != before) continue;
        const std::size_t length = line_length(text);
        extend_partial(text.substr(0, length));
        if (length == text.size()) return;
        flush_partial(false);
        text.remove_prefix(length + 1);
    }
}

void LineFraming::extend_partial(std::string_view text) {
    while (!text.empty()) {
        if (partial_.empty()) partial_micros_ = now_micros_;
        const std::size_t room = kMaxLineBytes - partial_.size();
        const std::size_t length = utf8_cut(text, room);
        partial_.append(text.substr(0, length));
        text.remove_prefix(length);
        if (!text.empty()) flush_partial(true);
    }
}

void LineFraming::flush_partial(bool continues_after) {
    put_line(partial_, partial_micros_, continues_after);
    partial_.clear();
}

void LineFraming::end_write() {
    if (timestamps_ && partial_.find('\r') != std::string::npos) flush_partial(true);
}

void LineFraming::close() {
    if (!partial_.empty()) flush_partial(false);
    partial_.shrink_to_fit();
    continues_ = false;
}

void LineFraming::set_stamp(std::int64_t unix_micros) {
    if (unix_micros == stamped_micros_) return;
    const auto stamp = base::rfc3339_utc_micros(unix_micros);
    std::memcpy(header_.data(), stamp.data(), std::min(stamp.size(), kStampBytes));
    stamped_micros_ = unix_micros;
}

void LineFraming::put_line(std::string_view text, std::int64_t unix_micros, bool continues_after) {
    set_stamp(unix_micros);
    header_[kLineHeaderBytes - 1] = continues_ ? '+' : ' ';
    const std::size_t bytes = kLineHeaderBytes + text.size() + 1;
    char* target = spool_->prepare(bytes);
    std::memcpy(target, header_.data(), kLineHeaderBytes);
    std::memcpy(target + kLineHeaderBytes, text.data(), text.size());
    target[bytes - 1] = '\n';
    spool_->commit(bytes, source_);
    continues_ = continues_after;
}

}  // namespace runner::trace
