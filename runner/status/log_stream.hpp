#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/http/message.hpp"
#include "runner/trace/log_feed.hpp"

namespace runner::status {

/// The response that sends a job's log as server-sent events (docs/status.md), from byte `from`
/// on, while the log grows, until the job ends. A `from` beyond the log is its present end. Strand:
/// the I/O thread.
protocol::http::Response stream_log(std::shared_ptr<trace::LogFeed> feed, std::uint64_t from);

/// The response for a job that has ended: the event `end` only.
protocol::http::Response stream_end(const trace::LogEnd& end);

/// One event with a piece of the log; `after` is the offset of the next byte.
std::string log_event(std::string_view text, std::uint64_t after);
std::string end_event(const trace::LogEnd& end);

}  // namespace runner::status
