#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runner/trace/spool.hpp"
#include "runner/trace/stamped_lines.hpp"

namespace runner::trace {

/// Which stream a line of the log is of (job-runtime.md §3.4).
struct StreamTag {
    std::uint8_t number = 0;  ///< 0 the runner, 1 the script, 15 services
    char kind = 'O';          ///< 'O' standard output, 'E' standard error
};

/// Turns one stream into lines of the timestamped log format:
///     2026-01-31T16:47:55.123456Z 01O+text
/// A line waits for its end, except that a write whose last piece has a carriage return (a progress
/// bar, a section marker) and a piece of 8 KiB go out at once; what follows them is marked "+".
/// Without timestamps the bytes go through as they are.
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
        std::string partial;  ///< the line that waits for its end
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
