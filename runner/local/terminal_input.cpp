#include "runner/local/terminal_input.hpp"

#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <array>

namespace runner::local {

base::Task<base::Result<std::string>> TerminalInput::read_line() {
    // Asio closes the descriptor that it was given; standard input must stay open.
    if (!input_.is_open()) input_.assign(::dup(STDIN_FILENO));
    while (true) {
        if (const auto end = read_ahead_.find('\n'); end != std::string::npos) {
            std::string line = read_ahead_.substr(0, end);
            read_ahead_.erase(0, end + 1);
            co_return std::move(line);
        }
        std::array<char, 1024> piece{};
        auto buffer = boost::asio::buffer(piece);
        auto [code, count] = co_await input_.async_read_some(buffer, base::use_tuple);
        if (code == boost::asio::error::eof) co_return std::exchange(read_ahead_, {});
        if (code) co_return base::make_error(code, "read the answer");
        read_ahead_.append(piece.data(), count);
    }
}

void TerminalInput::cancel() {
    boost::system::error_code ignored;
    input_.cancel(ignored);
}

}  // namespace runner::local
