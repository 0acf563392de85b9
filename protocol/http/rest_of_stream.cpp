#include "protocol/http/rest_of_stream.hpp"

#include <algorithm>
#include <utility>

namespace protocol::http {

namespace {

class RestOfStream final : public ByteStream {
  public:
    RestOfStream(std::shared_ptr<ByteStream> stream, std::string unread)
        : stream_(std::move(stream)), unread_(std::move(unread)) {}

    base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override {
        if (!unread_.empty()) {
            const std::size_t count = std::min(target.size(), unread_.size());
            unread_.copy(target.data(), count);
            unread_.erase(0, count);
            co_return count;
        }
        auto count = co_await stream_->read_some(target);
        co_return count;
    }
    base::Task<base::Result<void>> write_all(std::string_view bytes) override {
        return stream_->write_all(bytes);
    }
    void shutdown_write() override { stream_->shutdown_write(); }
    void close() override { stream_->close(); }

  private:
    std::shared_ptr<ByteStream> stream_;
    std::string unread_;
};

}  // namespace

std::unique_ptr<ByteStream> rest_of_stream(std::shared_ptr<ByteStream> stream, std::string unread) {
    return std::make_unique<RestOfStream>(std::move(stream), std::move(unread));
}

}  // namespace protocol::http
