#include "tests/integration/runner/interactive/session_client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace tests {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using Tcp = asio::ip::tcp;

class SessionClient::Impl {
  public:
    explicit Impl(Options given) : options(std::move(given)) {
        tls.add_certificate_authority(asio::buffer(options.certificate));
        tls.set_verify_mode(asio::ssl::verify_peer);
        stream.next_layer().set_verify_callback(asio::ssl::host_name_verification("localhost"));
        Tcp::socket& socket = stream.next_layer().next_layer();
        socket.connect({asio::ip::address_v4::loopback(), options.port});
        const timeval limit{20, 0};
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        stream.next_layer().handshake(asio::ssl::stream_base::client);
    }

    Options options;
    asio::io_context io{1};
    asio::ssl::context tls{asio::ssl::context::tls_client};
    websocket::stream<asio::ssl::stream<Tcp::socket>> stream{io, tls};
    std::string subprotocol;
};

SessionClient::SessionClient(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
SessionClient::~SessionClient() = default;

unsigned SessionClient::shake_hands() {
    const Options& options = impl_->options;
    impl_->stream.set_option(
        websocket::stream_base::decorator([&options](websocket::request_type& request) {
            request.set(beast::http::field::authorization, options.authorization);
            if (!options.subprotocol.empty()) {
                request.set(beast::http::field::sec_websocket_protocol, options.subprotocol);
            }
        }));
    websocket::response_type answer;
    beast::error_code code;
    impl_->stream.handshake(answer, "localhost", options.target, code);
    if (code && code != websocket::error::upgrade_declined) throw beast::system_error(code);
    impl_->subprotocol = std::string(answer[beast::http::field::sec_websocket_protocol]);
    return answer.result_int();
}

const std::string& SessionClient::chosen_subprotocol() const { return impl_->subprotocol; }

void SessionClient::send(const std::string& text, bool binary) {
    impl_->stream.binary(binary);
    impl_->stream.write(asio::buffer(text));
}

void SessionClient::hang_up() { impl_->stream.next_layer().next_layer().close(); }

void SessionClient::close() {
    // The server answers and closes, perhaps before this side ends its half of the connection.
    beast::error_code ignored;
    impl_->stream.close(websocket::close_code::normal, ignored);
}

std::string SessionClient::receive() {
    beast::flat_buffer buffer;
    beast::error_code code;
    impl_->stream.read(buffer, code);
    if (!code) return beast::buffers_to_string(buffer.data());
    const auto& reason = impl_->stream.reason();
    // After the server's close frame, the end of TLS may fail because the server has closed, too.
    if (reason.code == websocket::close_code::none) return "failed: " + code.message();
    return "closed " + std::to_string(reason.code) + " " + std::string(reason.reason.c_str());
}

std::string SessionClient::get() {
    beast::http::request<beast::http::empty_body> request(beast::http::verb::get,
                                                          impl_->options.target, 11);
    request.set(beast::http::field::host, "localhost");
    request.set(beast::http::field::authorization, impl_->options.authorization);
    beast::http::write(impl_->stream.next_layer(), request);
    beast::flat_buffer buffer;
    beast::http::response<beast::http::string_body> answer;
    beast::http::read(impl_->stream.next_layer(), buffer, answer);
    return std::to_string(answer.result_int()) + " " + answer.body();
}

}  // namespace tests
