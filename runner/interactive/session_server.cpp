#include "runner/interactive/session_server.hpp"

#include <utility>

#include "base/log.hpp"
#include "protocol/http/router.hpp"
#include "protocol/http/self_signed.hpp"

namespace runner::interactive {

namespace http = protocol::http;

namespace {

constexpr std::string_view kPrefix = "/session/";
constexpr std::chrono::milliseconds kStopGrace{500};
/// A terminal holds one, and ports of services up to sixteen for each job.
constexpr std::size_t kMaxConnections = 256;

}  // namespace

SessionServer::SessionServer(const boost::asio::any_io_executor& executor, Addresses addresses)
    : executor_(executor), addresses_(std::move(addresses)) {}

base::Result<std::unique_ptr<SessionServer>> SessionServer::listen(
    const boost::asio::any_io_executor& executor, const std::string& listen_address,
    const std::string& advertise_address) {
    auto addresses = read_addresses(listen_address, advertise_address);
    if (!addresses) return addresses.error();
    auto identity = http::make_self_signed(addresses->certificate_host);
    if (!identity) return identity.error().with_context("[session_server]");
    std::unique_ptr<SessionServer> made(new SessionServer(executor, std::move(*addresses)));
    made->certificate_ = std::move(identity->certificate);
    http::ServerOptions options;
    options.host = made->addresses_.listen_host;
    options.port = made->addresses_.listen_port;
    options.max_connections = kMaxConnections;
    options.tls_context = std::move(identity->context);
    options.name = "Session server";
    SessionServer* raw = made.get();
    http::Server::Handler handler = [raw](http::Request request) {
        return raw->answer(std::move(request));
    };
    auto server = http::Server::listen(executor, std::move(options), std::move(handler));
    if (!server) return server.error().with_context("listen_address of [session_server]");
    made->server_ = std::move(*server);
    return made;
}

void SessionServer::start() {
    base::log::info("Session server listening",
                    {{"port", server_->port()}, {"advertise_address", addresses_.advertised}});
    server_->start();
}

base::Task<void> SessionServer::stop() { co_await server_->stop(kStopGrace); }

std::shared_ptr<Session> SessionServer::open() {
    std::erase_if(sessions_, [](const auto& entry) { return entry.second.expired(); });
    auto session = std::make_shared<Session>(executor_);
    sessions_[session->id()] = session;
    return session;
}

std::string SessionServer::url_of(const Session& session) const {
    return "https://" + addresses_.advertised + std::string(kPrefix) + session.id();
}

base::Task<http::Response> SessionServer::answer(http::Request request) {
    const std::string target = request.target;
    if (target.starts_with(kPrefix)) {
        const auto end = target.find_first_of("/?", kPrefix.size());
        const auto found = sessions_.find(target.substr(kPrefix.size(), end - kPrefix.size()));
        auto session = found == sessions_.end() ? nullptr : found->second.lock();
        if (session) {
            std::string path = end == std::string::npos ? std::string() : target.substr(end);
            auto response = co_await session->answer(std::move(request), std::move(path));
            co_return response;
        }
    }
    co_return http::text_response(404, "There is no such session: its job has ended.\n");
}

}  // namespace runner::interactive
