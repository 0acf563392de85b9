#include "protocol/http/program_transport.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "base/notifier.hpp"
#include "base/stop_source.hpp"
#include "base/strings.hpp"
#include "base/subprocess.hpp"
#include "base/unique_fd.hpp"

namespace protocol::http {

namespace asio = boost::asio;

namespace {

/// Of what a program says about its failure. The end is what matters; programs greet first.
constexpr std::size_t kMaxWords = 4096;
constexpr std::size_t kShownWords = 600;
constexpr std::chrono::seconds kLastWords{3};

/// Reads what a program says as it comes, so that the program never waits for a reader, and keeps
/// its last kMaxWords bytes. The read that is pending keeps the object.
class LastWords final : public std::enable_shared_from_this<LastWords> {
  public:
    LastWords(const asio::any_io_executor& executor, asio::posix::stream_descriptor output)
        : output_(std::move(output)), ended_(executor) {}

    void read() {
        auto keep = [self = shared_from_this()](const boost::system::error_code& code,
                                                std::size_t size) { self->keep(code, size); };
        output_.async_read_some(asio::buffer(piece_), std::move(keep));
    }
    void close() {
        boost::system::error_code ignored;
        output_.close(ignored);
    }
    base::Task<void> wait_for_end() {
        while (output_.is_open()) co_await ended_.wait();
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    void keep(const boost::system::error_code& code, std::size_t size) {
        text_.append(piece_.data(), size);
        if (text_.size() > kMaxWords) text_.erase(0, text_.size() - kMaxWords);
        if (!code) return read();
        close();
        ended_.notify_all();
    }

    asio::posix::stream_descriptor output_;
    std::array<char, kMaxWords> piece_{};
    std::string text_;
    base::Notifier ended_;
};

class ProgramTransport final : public Transport {
  public:
    ProgramTransport(std::string name, std::unique_ptr<base::Subprocess> process,
                     std::shared_ptr<LastWords> words, std::unique_ptr<Transport> socket)
        : name_(std::move(name)),
          process_(std::move(process)),
          words_(std::move(words)),
          socket_(std::move(socket)) {
        words_->read();
    }
    ~ProgramTransport() override { words_->close(); }
    ProgramTransport(const ProgramTransport&) = delete;
    ProgramTransport& operator=(const ProgramTransport&) = delete;

    base::Task<base::Result<std::size_t>> read_some(std::span<char> target) override {
        auto count = co_await socket_->read_some(target);
        if (answered_ || (count && *count > 0)) {
            answered_ = true;
            co_return count;
        }
        if (!count && count.error().is(base::ErrorKind::kCancelled)) co_return count;
        auto reading = last_words();
        auto why = co_await base::with_deadline<std::string>(std::move(reading), kLastWords);
        co_return base::make_error(
            base::ErrorKind::kUnavailable,
            why ? fmt::format("{}: {}", name_, *why) : name_ + ": it has closed its output");
    }

    base::Task<base::Result<void>> write_pieces(Pieces pieces) override {
        return socket_->write_pieces(pieces);
    }

    bool has_unread_input() override { return socket_->has_unread_input(); }
    void shutdown_write() override { socket_->shutdown_write(); }
    void close() override { socket_->close(); }

  private:
    /// Why a program without an answer has ended. It may have left a process that keeps standard
    /// error open (ssh with ControlPersist).
    base::Task<base::Result<std::string>> last_words() {
        co_await words_->wait_for_end();
        auto status = co_await process_->wait();
        if (!status) co_return status.error();
        const std::string all(base::trim(base::replace_all(words_->text(), "\r", "")));
        const bool is_long = all.size() > kShownWords;
        const std::string text = is_long ? "..." + all.substr(all.size() - kShownWords) : all;
        co_return fmt::format("exit code {}{}{}", *status, text.empty() ? "" : ": ", text);
    }

    std::string name_;
    std::unique_ptr<base::Subprocess> process_;
    std::shared_ptr<LastWords> words_;
    std::unique_ptr<Transport> socket_;
    bool answered_ = false;  ///< bytes have come
};

}  // namespace

base::Result<std::unique_ptr<Transport>> start_program_transport(
    const asio::any_io_executor& executor, const std::vector<std::string>& program) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return base::errno_error("make a pair of sockets");
    base::UniqueFd ours(ends[0]);
    const base::UniqueFd theirs(ends[1]);
    base::SubprocessOptions options;
    options.arguments = program;
    options.stdio_socket = theirs.get();
    auto process = base::Subprocess::start(executor, options);
    if (!process) return process.error();
    Socket socket(executor);
    boost::system::error_code code;
    socket.assign(asio::generic::stream_protocol(AF_UNIX, 0), ours.get(), code);
    if (code) return base::make_error(code, "use a pair of sockets");
    static_cast<void>(ours.release());
    auto words = std::make_shared<LastWords>(executor, (*process)->take_output());
    return std::unique_ptr<Transport>(
        std::make_unique<ProgramTransport>(program.front(), std::move(*process), std::move(words),
                                           make_plain_transport(std::move(socket))));
}

}  // namespace protocol::http
