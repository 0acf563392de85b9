#include "protocol/http/socks.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <tuple>
#include <utility>

namespace protocol::http {

namespace asio = boost::asio;
using base::ErrorKind;

namespace {

constexpr char kVersion = 5;
constexpr char kNoMethod = 0;
constexpr char kPasswordMethod = 2;
constexpr char kPasswordVersion = 1;
constexpr char kConnect = 1;
constexpr char kIpv4 = 1;
constexpr char kName = 3;
constexpr char kIpv6 = 4;
constexpr std::size_t kLongestName = 255;

template <typename Bytes>
void append(std::string& out, const Bytes& bytes) {
    for (const unsigned char byte : bytes) out += static_cast<char>(byte);
}

base::Result<std::string> request_for(const Origin& origin) {
    std::string out{kVersion, kConnect, 0};
    boost::system::error_code code;
    const auto address = asio::ip::make_address(origin.host, code);
    if (!code && address.is_v4()) {
        out += kIpv4;
        append(out, address.to_v4().to_bytes());
    } else if (!code) {
        out += kIpv6;
        append(out, address.to_v6().to_bytes());
    } else {
        if (origin.host.size() > kLongestName)
            return base::invalid_input("the name " + origin.host + " is too long for SOCKS");
        out += kName;
        out += static_cast<char>(origin.host.size());
        out += origin.host;
    }
    out += static_cast<char>(origin.port >> 8U);
    out += static_cast<char>(origin.port & 0xFFU);
    return out;
}

/// The reply's second byte (RFC 1928, section 6).
base::Error refusal(unsigned char reply, const std::string& where) {
    const auto error = [&](ErrorKind kind, const char* why) {
        return base::make_error(kind, "no connection to " + where + ": " + why);
    };
    switch (reply) {
        case 2: return error(ErrorKind::kForbidden, "its rules do not allow it");
        case 3: return error(ErrorKind::kUnavailable, "it cannot reach the network");
        case 4:
            return error(ErrorKind::kUnavailable, "it cannot reach the host; is the name right?");
        case 5: return error(ErrorKind::kUnavailable, "the connection is refused there");
        case 6: return error(ErrorKind::kTimeout, "no answer in time");
        default: return error(ErrorKind::kUnavailable, "it failed");
    }
}

class Dialogue {
  public:
    Dialogue(Socket& socket, const Proxy& proxy) : socket_(socket), proxy_(proxy) {}

    base::Task<base::Result<void>> connect(Origin origin) {
        auto request = request_for(origin);
        if (!request) co_return request.error();
        auto greeting = greet();
        auto greeted = co_await std::move(greeting);
        if (!greeted) co_return greeted.error();
        auto sending = send(std::move(*request));
        auto sent = co_await std::move(sending);
        if (!sent) co_return sent.error();
        auto reading = read_reply(origin.address());
        auto reply = co_await std::move(reading);
        co_return std::move(reply);
    }

  private:
    base::Task<base::Result<void>> send(std::string bytes) {
        const auto buffer = asio::buffer(bytes);
        const auto outcome = co_await asio::async_write(socket_, buffer, base::use_tuple);
        if (std::get<0>(outcome)) co_return base::make_error(std::get<0>(outcome), "write");
        co_return base::Result<void>();
    }
    base::Task<base::Result<std::string>> read(std::size_t size) {
        std::string bytes(size, '\0');
        const auto buffer = asio::buffer(bytes);
        const auto outcome = co_await asio::async_read(socket_, buffer, base::use_tuple);
        const auto& code = std::get<0>(outcome);
        if (code == asio::error::eof) {
            co_return base::make_error(ErrorKind::kUnavailable,
                                       "it ended the connection; does it speak SOCKS 5?");
        }
        if (code) co_return base::make_error(code, "read");
        co_return std::move(bytes);
    }

    /// The two sides agree on how the client says who it is.
    base::Task<base::Result<void>> greet() {
        std::string methods{kNoMethod};
        if (!proxy_.user.empty()) methods += kPasswordMethod;
        auto sending = send(std::string{kVersion, static_cast<char>(methods.size())} + methods);
        auto sent = co_await std::move(sending);
        if (!sent) co_return sent.error();
        auto reading = read(2);
        auto answer = co_await std::move(reading);
        if (!answer) co_return answer.error();
        if (answer->at(0) != kVersion) {
            co_return base::make_error(ErrorKind::kProtocol, "the peer does not speak SOCKS 5");
        }
        const char method = answer->at(1);
        if (method == kNoMethod) co_return base::Result<void>();
        if (method != kPasswordMethod || proxy_.user.empty()) {
            co_return base::make_error(
                ErrorKind::kUnauthorized,
                proxy_.user.empty()
                    ? "it wants a login; put user:password@ in front of the proxy's host"
                    : "it takes no login with user and password");
        }
        auto logging_in = log_in();
        auto done = co_await std::move(logging_in);
        co_return std::move(done);
    }

    base::Task<base::Result<void>> log_in() {
        const std::string& password = proxy_.password.reveal();
        std::string message{kPasswordVersion, static_cast<char>(proxy_.user.size())};
        message += proxy_.user;
        message += static_cast<char>(password.size());
        message += password;
        auto sending = send(std::move(message));
        auto sent = co_await std::move(sending);
        if (!sent) co_return sent.error();
        auto reading = read(2);
        auto answer = co_await std::move(reading);
        if (!answer) co_return answer.error();
        if (answer->at(1) != 0) {
            co_return base::make_error(
                ErrorKind::kUnauthorized,
                "it refuses the user and the password of the proxy's address");
        }
        co_return base::Result<void>();
    }

    base::Task<base::Result<void>> read_reply(std::string where) {
        auto reading = read(4);
        auto head = co_await std::move(reading);
        if (!head) co_return head.error();
        if (head->at(0) != kVersion)
            co_return base::make_error(ErrorKind::kProtocol, "the peer does not speak SOCKS 5");
        const auto reply = static_cast<unsigned char>(head->at(1));
        if (reply != 0) co_return refusal(reply, where);
        // The address that the proxy connects from; nobody needs it.
        std::size_t rest = 0;
        switch (head->at(3)) {
            case kIpv4: rest = 4; break;
            case kIpv6: rest = 16; break;
            case kName: {
                auto sizing = read(1);
                auto size = co_await std::move(sizing);
                if (!size) co_return size.error();
                rest = static_cast<unsigned char>(size->at(0));
                break;
            }
            default: co_return base::make_error(ErrorKind::kProtocol, "its answer has no address");
        }
        auto skipping = read(rest + 2);
        auto skipped = co_await std::move(skipping);
        if (!skipped) co_return skipped.error();
        co_return base::Result<void>();
    }

    Socket& socket_;
    const Proxy& proxy_;
};

}  // namespace

base::Task<base::Result<Socket>> open_through_socks(Socket socket, const Proxy& proxy,
                                                    Origin origin, Watchdog& watchdog) {
    const Guard guard(watchdog, [&socket] {
        boost::system::error_code ignored;
        socket.close(ignored);
    });
    Dialogue dialogue(socket, proxy);
    auto connecting = dialogue.connect(origin);
    auto connected = co_await std::move(connecting);
    const std::string name = "the proxy " + proxy.shown();
    if (!connected && watchdog.expired()) {
        co_return base::make_error(ErrorKind::kTimeout,
                                   name + " did not connect to " + origin.address() + " in time");
    }
    if (!connected) co_return connected.error().with_context(name);
    co_return std::move(socket);
}

}  // namespace protocol::http
