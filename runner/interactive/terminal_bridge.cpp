#include "runner/interactive/terminal_bridge.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.hpp"

namespace runner::interactive {

namespace http = protocol::http;
using http::WebSocketEnd;
using http::WebSocketKind;

namespace {

constexpr std::size_t kMaxMessageBytes = 64U << 10U;
constexpr std::chrono::seconds kCloseLimit{2};

std::string end_frame(const base::StopSource& ended, bool gone) {
    if (ended.requested()) {
        const bool late = ended.reason() == base::StopReason::kTimeout;
        return http::websocket_close(WebSocketEnd::kGoingAway,
                                     late ? "terminal session timed out" : "the job has ended");
    }
    if (gone)
        return http::websocket_close(WebSocketEnd::kPolicyViolation,
                                     "the client has not answered for too long");
    return http::websocket_close(WebSocketEnd::kNormal, "the shell has ended");
}

}  // namespace

TerminalBridge::TerminalBridge(const boost::asio::any_io_executor& executor,
                               std::unique_ptr<http::ByteStream> client,
                               std::shared_ptr<http::ByteStream> shell, bool base64, Limits limits)
    : client_(std::move(client)),
      shell_(std::move(shell)),
      base64_(base64),
      limits_(limits),
      written_(executor),
      group_(executor) {}

base::Task<void> TerminalBridge::run(base::StopSource& ended) {
    group_.spawn("input of a terminal", from_client());
    group_.spawn("pings of a terminal", keep_alive());
    group_.spawn("silence of a terminal", watch_silence());
    auto copying = from_shell();
    auto copied = co_await base::run_stoppable<void>(&ended, std::move(copying), std::nullopt);
    static_cast<void>(copied);  // whichever side has ended, the terminal ends
    over_ = true;
    shell_->close();
    written_.notify_all();
    co_await close(ended);
    client_->close();
    group_.cancel_all();
    co_await group_.wait();
}

base::Task<void> TerminalBridge::close(const base::StopSource& ended) {
    // A frame that is cut in its middle cannot be followed by another one.
    if (life_.writing_since) co_return;
    if (close_sent_) {
        co_await linger();
        co_return;
    }
    const std::string frame = end_frame(ended, life_.gone);
    auto writing = client_->write_all(frame);
    auto written = co_await base::with_deadline<void>(std::move(writing), kCloseLimit);
    if (written) co_await linger();
}

base::Task<void> TerminalBridge::linger() {
    client_->shutdown_write();
    // Closing with unread bytes would reset the connection before the client has read the end.
    const auto until = Clock::now() + kCloseLimit;
    while (!client_ended_ && Clock::now() < until) {
        const bool told = co_await written_.wait_for(until - Clock::now());
        static_cast<void>(told);
    }
}

base::Task<base::Result<void>> TerminalBridge::from_shell() {
    std::array<char, 16U << 10U> buffer{};
    while (true) {
        auto count = co_await shell_->read_some(buffer);
        if (!count) co_return count.error();
        if (*count == 0) co_return base::Result<void>();
        const std::string_view bytes(buffer.data(), *count);
        std::string frame =
            base64_ ? http::websocket_frame(WebSocketKind::kText, base::base64_encode(bytes))
                    : http::websocket_frame(WebSocketKind::kBinary, bytes);
        const bool taken = co_await write(std::move(frame));
        if (!taken) co_return base::make_error(base::ErrorKind::kUnavailable, "the client is gone");
    }
}

base::Task<void> TerminalBridge::from_client() {
    http::WebSocketReader reader(kMaxMessageBytes);
    std::array<char, 4096> buffer{};
    bool goes_on = true;
    bool drains = false;
    while (goes_on) {
        auto count = co_await client_->read_some(buffer);
        if (!count || *count == 0) break;
        life_.heard = Clock::now();
        auto messages = reader.feed({buffer.data(), *count});
        if (!messages) {
            close_sent_ = true;
            std::string frame = http::websocket_close(reader.end(), messages.error().message);
            drains = co_await write(std::move(frame));
            break;
        }
        for (auto& message : *messages) {
            const bool ends = message.kind == WebSocketKind::kClose;
            goes_on = co_await take(std::move(message));
            drains = !goes_on && !ends;
            if (!goes_on) break;
        }
    }
    shell_->close();
    // A client that was told of its error may still send.
    while (drains) {
        auto count = co_await client_->read_some(buffer);
        drains = count && *count > 0;
    }
    client_ended_ = true;
    written_.notify_all();
}

base::Task<bool> TerminalBridge::take(http::WebSocketMessage message) {
    std::string frame;
    switch (message.kind) {
        case WebSocketKind::kPong: co_return true;
        case WebSocketKind::kPing:
            frame = http::websocket_frame(WebSocketKind::kPong, message.payload);
            break;
        case WebSocketKind::kClose:
            close_sent_ = true;
            frame = http::websocket_frame(WebSocketKind::kClose, message.payload);
            break;
        default: {
            const bool given = co_await give_to_shell(std::move(message));
            co_return given;
        }
    }
    const bool written = co_await write(std::move(frame));
    co_return written && !close_sent_;
}

base::Task<bool> TerminalBridge::give_to_shell(http::WebSocketMessage message) {
    std::string input = std::move(message.payload);
    if (base64_) {
        auto decoded = base::base64_decode(input);
        if (!decoded) {
            close_sent_ = true;
            std::string frame =
                http::websocket_close(WebSocketEnd::kProtocolError, "a message is not base64");
            co_await write(std::move(frame));
            co_return false;
        }
        input = std::move(*decoded);
    }
    life_.heard.reset();
    auto given = co_await shell_->write_all(input);
    life_.heard = Clock::now();
    co_return given.has_value();
}

base::Task<void> TerminalBridge::keep_alive() {
    while (!over_) {
        const bool slept = co_await base::sleep_for(limits_.ping_every);
        if (!slept || over_) co_return;
        std::string frame = http::websocket_frame(WebSocketKind::kPing, {});
        const bool written = co_await write(std::move(frame));
        if (!written) break;
    }
    shell_->close();
}

TerminalBridge::Clock::time_point TerminalBridge::Life::limit(Clock::duration silence) const {
    auto since = heard.value_or(Clock::now());
    if (writing_since) since = std::min(since, *writing_since);
    return since + silence;
}

base::Task<void> TerminalBridge::watch_silence() {
    while (!over_ && Clock::now() < life_.limit(limits_.silence)) {
        const bool slept = co_await base::sleep_for(life_.limit(limits_.silence) - Clock::now());
        if (!slept) co_return;
    }
    if (over_) co_return;
    life_.gone = true;
    shell_->close();
    if (life_.writing_since) client_->close();  // else from_shell() would wait for its write
}

base::Task<bool> TerminalBridge::write(std::string frame) {
    while (life_.writing_since && !over_) co_await written_.wait();
    if (over_) co_return false;
    life_.writing_since = Clock::now();
    auto written = co_await client_->write_all(frame);
    if (written) life_.writing_since.reset();
    written_.notify_all();
    co_return written.has_value();
}

}  // namespace runner::interactive
