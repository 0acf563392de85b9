#include <poll.h>
#include <sys/sendfile.h>

#include <boost/asio/buffer.hpp>
#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "protocol/http/transport.hpp"

namespace protocol::http {

namespace asio = boost::asio;

base::Task<base::Result<void>> Transport::accept() { co_return base::Result<void>(); }

base::Task<base::Result<void>> Transport::write_all(std::string_view bytes) {
    const Pieces pieces{bytes, std::string_view(), std::string_view()};
    auto written = co_await write_pieces(pieces);
    co_return written;
}

namespace {

/// Small enough to stay in the cache between read and write.
constexpr std::size_t kFilePiece = 64U << 10U;

}  // namespace

base::Task<base::Result<void>> Transport::write_file(std::string_view head, base::FilePart part) {
    const auto size = std::min<std::uint64_t>(part.bytes, kFilePiece);
    const auto buffer = std::make_unique_for_overwrite<char[]>(size);
    do {
        const auto piece = base::read_front(part, {buffer.get(), size});
        if (!piece) co_return piece.error();
        const Pieces pieces{head, *piece, std::string_view()};
        auto written = co_await write_pieces(pieces);
        if (!written) co_return written;
        head = {};
    } while (part.bytes > 0);
    co_return base::Result<void>();
}

namespace {

class PlainTransport final : public Transport {
  public:
    explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {}

    base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override {
        const auto buffer = asio::buffer(target.data(), target.size());
        const auto outcome = co_await socket_.async_read_some(buffer, base::use_tuple);
        const auto& [code, count] = outcome;
        if (code == asio::error::eof) co_return std::size_t{0};
        if (code) co_return failure(code, "read");
        co_return count;
    }

    base::Task<base::Result<void>> write_pieces(Pieces pieces) override {
        // async_write() would write at most 64 KiB at a time; one call can write more.
        while (!pieces[0].empty() || !pieces[1].empty() || !pieces[2].empty()) {
            const std::array<asio::const_buffer, 3> buffers{
                asio::buffer(pieces[0]), asio::buffer(pieces[1]), asio::buffer(pieces[2])};
            const auto outcome = co_await socket_.async_write_some(buffers, base::use_tuple);
            const auto& [code, count] = outcome;
            if (code) co_return failure(code, "write");
            std::size_t taken = count;
            for (auto& piece : pieces) {
                const std::size_t part = std::min(taken, piece.size());
                piece.remove_prefix(part);
                taken -= part;
            }
        }
        co_return base::Result<void>();
    }

    /// From the page cache into the socket, without a copy in this process.
    base::Task<base::Result<void>> write_file(std::string_view head, base::FilePart part) override {
        if (part.bytes <= kFilePiece) {
            auto written = co_await Transport::write_file(head, part);
            co_return written;
        }
        auto begun = co_await write_all(head);
        if (!begun) co_return begun;
        boost::system::error_code code;
        socket_.native_non_blocking(true, code);
        while (part.bytes > 0 && !code) {
            auto offset = static_cast<off_t>(part.offset);
            const ssize_t count = ::sendfile(socket_.native_handle(), part.fd, &offset, part.bytes);
            if (count == 0) co_return base::unreadable(part, 0);
            if (count > 0) {
                part.offset += static_cast<std::uint64_t>(count);
                part.bytes -= static_cast<std::uint64_t>(count);
                continue;
            }
            const int why = errno;
            if (why == EIO) co_return base::unreadable(part, why);
            if (why == EAGAIN) {
                const auto outcome =
                    co_await socket_.async_wait(Socket::wait_write, base::use_tuple);
                code = std::get<0>(outcome);
            } else if (why != EINTR) {
                code.assign(why, boost::system::system_category());
            }
        }
        if (code) co_return failure(code, "write");
        co_return base::Result<void>();
    }

    bool has_unread_input() override {
        pollfd waiting{socket_.native_handle(), POLLIN, 0};
        return !socket_.is_open() || ::poll(&waiting, 1, 0) != 0;
    }

    void shutdown_write() override {
        boost::system::error_code ignored;
        socket_.shutdown(Socket::shutdown_send, ignored);
    }

    void close() override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

  private:
    /// After close() here, the code of an operation depends on the descriptor: it was cancelled.
    base::Error failure(const boost::system::error_code& code, std::string_view doing) const {
        if (!socket_.is_open()) return base::make_error(asio::error::operation_aborted, doing);
        return base::make_error(code, doing);
    }

    Socket socket_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(Socket socket) {
    return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace protocol::http
