#pragma once

#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/notifier.hpp"
#include "base/result.hpp"
#include "protocol/http/stream.hpp"

namespace tests {

/// The test's end of a connection in memory. The other end is the ByteStream of stream().
///
/// Life: stays valid after the stream was destroyed, so that a test can look at what was written.
/// Strand: that of the code under test.
class MemoryPeer {
  public:
    explicit MemoryPeer(const boost::asio::any_io_executor& executor)
        : wire_(std::make_shared<Wire>(executor)) {}

    /// The end for the code under test. Call it once.
    [[nodiscard]] std::unique_ptr<protocol::http::ByteStream> stream() const {
        return std::make_unique<Stream>(wire_);
    }

    /// What the code under test reads next.
    void send(std::string_view bytes) {
        wire_->to_client.append(bytes);
        wire_->changed.notify_all();
    }
    /// At most so many bytes are given to one read; 0: no limit.
    void limit_reads(std::size_t bytes) { wire_->read_limit = bytes; }
    /// Ends the connection: reads answer 0 after the bytes that were sent, writes kUnavailable.
    void hang_up() {
        wire_->ended = true;
        wire_->changed.notify_all();
    }
    /// Writes answer kUnavailable; reads go on.
    void hang_up_writes() { wire_->writes_fail = true; }
    /// Reads answer `error` after the bytes that were sent.
    void break_with(base::Error error) {
        wire_->broken = std::move(error);
        wire_->changed.notify_all();
    }
    /// Writes wait (a full buffer of the kernel) until this is called with false.
    void hold_writes(bool hold) {
        wire_->writes_held = hold;
        wire_->changed.notify_all();
    }

    /// All that was written and not yet taken by receive().
    [[nodiscard]] const std::string& written() const { return wire_->from_client; }
    /// Whether the code under test has closed or destroyed its end.
    [[nodiscard]] bool is_closed() const { return wire_->closed; }
    /// The next `count` bytes that the code under test writes; fewer when it closes first.
    base::Task<std::string> receive(std::size_t count) {
        const auto wire = wire_;
        while (wire->from_client.size() < count && !wire->closed) {
            co_await wire->changed.wait();
        }
        std::string bytes = wire->from_client.substr(0, count);
        wire->from_client.erase(0, count);
        co_return bytes;
    }
    /// Returns when the code under test has closed or destroyed its end.
    base::Task<void> wait_closed() {
        const auto wire = wire_;
        while (!wire->closed) {
            co_await wire->changed.wait();
        }
    }

  private:
    struct Wire {
        explicit Wire(const boost::asio::any_io_executor& executor) : changed(executor) {}
        std::string to_client;
        std::string from_client;
        std::size_t read_limit = 0;
        bool ended = false;
        bool closed = false;
        bool writes_held = false;
        bool writes_fail = false;
        std::optional<base::Error> broken;
        base::Notifier changed;
    };

    class Stream final : public protocol::http::ByteStream {
      public:
        explicit Stream(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
        ~Stream() override { Stream::close(); }

        base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override {
            const auto wire = wire_;
            while (wire->to_client.empty() && !wire->ended && !wire->broken && !wire->closed) {
                co_await wire->changed.wait();
                const auto state = co_await boost::asio::this_coro::cancellation_state;
                if (state.cancelled() != boost::asio::cancellation_type::none) co_return aborted();
            }
            if (wire->closed) co_return aborted();
            if (wire->to_client.empty() && wire->broken) co_return *wire->broken;
            std::size_t count = std::min(target.size(), wire->to_client.size());
            if (wire->read_limit > 0) count = std::min(count, wire->read_limit);
            wire->to_client.copy(target.data(), count);
            wire->to_client.erase(0, count);
            co_return count;
        }

        base::Task<base::Result<void>> write_all(std::string_view bytes) override {
            const auto wire = wire_;
            while (wire->writes_held && !wire->closed && !wire->ended) {
                co_await wire->changed.wait();
                const auto state = co_await boost::asio::this_coro::cancellation_state;
                if (state.cancelled() != boost::asio::cancellation_type::none) co_return aborted();
            }
            if (wire->closed) co_return aborted();
            if (wire->ended || wire->writes_fail) {
                co_return base::make_error(base::ErrorKind::kUnavailable, "the peer has hung up");
            }
            wire->from_client.append(bytes);
            wire->changed.notify_all();
            co_return base::Result<void>();
        }

        void shutdown_write() override {}
        void close() override {
            wire_->closed = true;
            wire_->changed.notify_all();
        }

      private:
        static base::Error aborted() {
            return base::make_error(base::ErrorKind::kCancelled, "the operation was cancelled");
        }
        std::shared_ptr<Wire> wire_;
    };

    std::shared_ptr<Wire> wire_;
};

}  // namespace tests
