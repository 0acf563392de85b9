#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runner/trace/spool.hpp"
#include "runner/trace/stamped_lines.hpp"

namespace runner::trace {

/// The stream that a line of the log comes from (job-runtime.md §3.4).
struct StreamTag {
    std::uint8_t number = 0;  ///< 0 the runner, 1 the script, 15 services
    char kind = 'O';          ///< 'O' standard output, 'E' standard error
};

/// Turns one stream into lines of the timestamped log format:
///     2026-01-31T16:47:55.123456Z 01O+text
/// A line is held back until its end. Two things are written at once, and the line that continues
/// them is marked "+": an unfinished line with a carriage return (a progress bar, a section
/// marker), and a piece of 8 KiB. Without timestamps the bytes are not changed.
///
/// Life: begin_write(), append() any number of times, end_write(); close() at the stream's end.
class LineFraming {
  public:
    static constexpr std::size_t kMaxLineBytes = 8192;

    LineFraming(Spool& spool, Spool::Source source, StreamTag tag, bool timestamps);

    /// `unix_micros`: when the bytes that follow were written by the script.
    void begin_write(std::int64_t unix_micros);
    void append(std::string_view text);
    void end_write();
    void close();

    struct Saved {
        std::string partial;  ///< the unfinished line
        std::int64_t partial_micros = 0;
        bool continues = false;
        bool operator==(const Saved&) const = default;
    };
    [[nodiscard]] Saved save() const { return {partial_, partial_micros_, continues_}; }
    void restore(Saved saved);

  private:
    void append_lines(std::string_view text);
    std::string_view copy_lines(std::string_view text);
    void extend_partial(std::string_view text);
    void put_line(std::string_view text, std::int64_t unix_micros, bool continues_after);
    void flush_partial(bool continues_after);
    void set_stamp(std::int64_t unix_micros);

    Spool* spool_;
    Spool::Source source_;
    StreamTag tag_;
    bool timestamps_;
    std::int64_t now_micros_ = 0;
    std::int64_t stamped_micros_ = -1;
    LineHeader header_{};
    std::string partial_;
    std::int64_t partial_micros_ = 0;
    bool continues_ = false;
};

}  // namespace runner::trace
