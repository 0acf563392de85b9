#include "runner/status/log_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/json.hpp"

namespace runner::status {

namespace http = protocol::http;

namespace {

constexpr std::size_t kPieceBytes = 32U << 10U;
/// Proxies end connections on which nothing is sent for a minute.
constexpr std::chrono::seconds kKeepAlive{15};

http::Response event_stream(http::BodySource source) {
    http::Response response;
    response.status = 200;
    response.headers.set("Content-Type", "text/event-stream");
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("X-Accel-Buffering", "no");  // nginx would collect the pieces
    response.source = std::move(source);
    return response;
}

class LogReader {
  public:
    LogReader(std::shared_ptr<trace::LogFeed> feed, std::uint64_t from)
        : feed_(std::move(feed)), offset_(std::min(from, feed_->size())) {}

    base::Task<base::Result<std::string>> next() {
        if (ended_) co_return std::string();
        if (offset_ == feed_->size() && !feed_->ended()) co_await feed_->wait_for(kKeepAlive);
        auto text = feed_->read(offset_, kPieceBytes);
        if (!text) co_return text.error();
        if (!text->empty()) {
            offset_ += text->size();
            co_return log_event(*text, offset_);
        }
        if (!feed_->ended()) co_return std::string(":\n\n");
        ended_ = true;
        co_return end_event(*feed_->ended());
    }

  private:
    std::shared_ptr<trace::LogFeed> feed_;
    std::uint64_t offset_;
    bool ended_ = false;
};

base::Task<base::Result<std::string>> take(std::shared_ptr<std::string> text) {
    co_return std::exchange(*text, {});
}

}  // namespace

http::Response stream_log(std::shared_ptr<trace::LogFeed> feed, std::uint64_t from) {
    const auto reader = std::make_shared<LogReader>(std::move(feed), from);
    return event_stream([reader] { return reader->next(); });
}

http::Response stream_end(const trace::LogEnd& end) {
    const auto text = std::make_shared<std::string>(end_event(end));
    return event_stream([text] { return take(text); });
}

std::string log_event(std::string_view text, std::uint64_t after) {
    return fmt::format("id: {}\ndata: {}\n\n", after, base::dump_json(nlohmann::json(text)));
}

std::string end_event(const trace::LogEnd& end) {
    const nlohmann::ordered_json how{{"state", end.success ? "success" : "failed"},
                                     {"reason", end.message},
                                     {"failure_reason", end.reason}};
    return fmt::format("event: end\ndata: {}\n\n", base::dump_json(how));
}

}  // namespace runner::status
