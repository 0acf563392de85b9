#include "runner/interactive/session.hpp"

#include <chrono>
#include <utility>

#include "base/log.hpp"
#include "base/random.hpp"
#include "protocol/http/router.hpp"
#include "protocol/http/websocket.hpp"
#include "runner/interactive/service_proxy.hpp"
#include "runner/interactive/terminal_bridge.hpp"

namespace runner::interactive {

namespace http = protocol::http;

namespace {

constexpr std::chrono::seconds kAttachLimit{60};
constexpr std::chrono::seconds kOpenLimit{15};
/// Connections of one job at a time.
constexpr int kMaxUses = 16;
constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kBase64 = "base64.terminal.gitlab.com";

base::Deadline from_now(std::chrono::nanoseconds limit) {
    return std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
}

http::Response too_many() {
    return http::text_response(503, "The job has too many connections at the moment.\n");
}

http::Response not_ready() {
    return http::text_response(
        503, "The job's environment cannot be used: it is not ready yet, or the job has ended.\n");
}

}  // namespace

class Session::Use {
  public:
    Use(std::shared_ptr<Session> session, bool terminal)
        : session_(std::move(session)), terminal_(terminal) {
        ++session_->uses_;
        if (terminal_) session_->terminal_ = true;
    }
    ~Use() {
        --session_->uses_;
        if (terminal_) session_->terminal_ = false;
        session_->changed_.notify_all();
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    [[nodiscard]] base::StopSource& ended() const { return session_->ended_; }

  private:
    std::shared_ptr<Session> session_;
    bool terminal_;
};

namespace {

/// `use` lives as long as the connection, and the session's stop with it.
template <typename Use>
base::Task<void> serve_terminal(boost::asio::any_io_executor executor, std::shared_ptr<Use> use,
                                bool base64, std::shared_ptr<http::ByteStream> shell,
                                std::unique_ptr<http::ByteStream> client) {
    TerminalBridge bridge(executor, std::move(client), std::move(shell), base64, {});
    co_await bridge.run(use->ended());
}

template <typename Use>
base::Task<void> serve_proxy(boost::asio::any_io_executor executor, std::shared_ptr<Use> use,
                             ProxiedRequest request, std::shared_ptr<http::ByteStream> service,
                             std::unique_ptr<http::ByteStream> client) {
    ServiceProxy proxy(executor, std::move(client), std::move(service));
    co_await proxy.run(std::move(request), use->ended());
}

}  // namespace

Session::Session(const boost::asio::any_io_executor& executor)
    : executor_(executor),
      id_(base::random_hex(kSecretBytes)),
      authorization_(base::random_hex(kSecretBytes)),
      changed_(executor) {}

void Session::attach(Environment& environment) {
    if (ended_.requested()) return;
    environment_ = &environment;
    changed_.notify_all();
}

base::Task<base::Result<void>> Session::wait_disconnected() {
    while (terminal_) {
        const bool changed = co_await changed_.wait_for(std::chrono::hours(1));
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (!changed && state.cancelled() != boost::asio::cancellation_type::none) {
            co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
        }
    }
    co_return base::Result<void>();
}

base::Task<void> Session::end(base::StopReason reason) {
    ended_.request(reason);
    environment_ = nullptr;
    changed_.notify_all();
    while (uses_ > 0) co_await changed_.wait();
}

bool Session::is_authorized(const http::Request& request) const {
    return base::same_secret(request.headers.get("Authorization"), authorization_.reveal());
}

base::Task<bool> Session::wait_attached() {
    const auto until = std::chrono::steady_clock::now() + kAttachLimit;
    while (environment_ == nullptr && !ended_.requested()) {
        const auto left = until - std::chrono::steady_clock::now();
        if (left <= left.zero()) break;
        const bool changed = co_await changed_.wait_for(left);
        if (!changed) break;
    }
    co_return environment_ != nullptr;
}

base::Task<http::Response> Session::answer(http::Request request, std::string path) {
    constexpr std::string_view kProxy = "/proxy/";
    if (!is_authorized(request)) {
        base::log::warning("Session server: a request has the wrong authorization",
                           {{"method", request.method}});
        co_return http::text_response(401, "The header Authorization is not this session's.\n");
    }
    http::Response response;
    if (path.substr(0, path.find('?')) == "/exec") {
        response = co_await open_terminal(std::move(request));
    } else if (path.starts_with(kProxy)) {
        response = co_await open_proxy(std::move(request), path.substr(kProxy.size()));
    } else {
        response = http::text_response(404, "A session has /exec and /proxy/<service>/<port>/.\n");
    }
    co_return response;
}

base::Task<http::Response> Session::open_terminal(http::Request request) {
    if (!http::asks_for_websocket(request)) {
        co_return http::text_response(405, "A terminal is a WebSocket.\n");
    }
    auto response = http::websocket_answer(request, {"terminal.gitlab.com", kBase64});
    if (response.status != 101) co_return response;
    const bool attached = co_await wait_attached();
    if (!attached) co_return not_ready();
    if (terminal_) {
        co_return http::text_response(423, "This job's terminal is connected already.\n");
    }
    if (uses_ >= kMaxUses) co_return too_many();
    const auto use = std::make_shared<Use>(shared_from_this(), true);
    auto opening = environment_->open_terminal();
    auto shell = co_await base::run_stoppable<Environment::Stream>(&ended_, std::move(opening),
                                                                   from_now(kOpenLimit));
    if (!shell) {
        co_return http::text_response(
            503, "No terminal could be opened: " + shell.error().message + "\n");
    }
    const bool base64 = http::chosen_subprotocol(response) == kBase64;
    const std::shared_ptr<http::ByteStream> stream = std::move(*shell);
    response.hand_over = [io = executor_, use, base64,
                          stream](std::unique_ptr<http::ByteStream> client) {
        return serve_terminal(io, use, base64, stream, std::move(client));
    };
    co_return response;
}

base::Task<http::Response> Session::open_proxy(http::Request request, std::string path) {
    auto target = parse_proxy_path(path);
    if (!target) co_return http::text_response(404, "The path is /proxy/<service>/<port>/.\n");
    const bool attached = co_await wait_attached();
    if (!attached) co_return not_ready();
    const auto port = environment_->find_port(target->service, target->port);
    if (!port) {
        co_return http::text_response(404,
                                      "The job has no such port: services:ports names them.\n");
    }
    if (port->https) {
        co_return http::text_response(502,
                                      "Ports with protocol https cannot be reached: use http.\n");
    }
    if (uses_ >= kMaxUses) co_return too_many();
    auto proxied = proxied_request(request, target->rest, *port);
    if (!proxied) co_return http::text_response(400, proxied.error().message + "\n");
    const auto use = std::make_shared<Use>(shared_from_this(), false);
    auto opening = environment_->open_port(*port);
    auto service = co_await base::run_stoppable<Environment::Stream>(&ended_, std::move(opening),
                                                                     from_now(kOpenLimit));
    if (!service) {
        co_return http::text_response(
            502, "The service cannot be reached: " + service.error().message + "\n");
    }
    http::Response response;
    const std::shared_ptr<http::ByteStream> stream = std::move(*service);
    response.hand_over = [io = executor_, use, stream,
                          sent = std::move(*proxied)](std::unique_ptr<http::ByteStream> client) {
        return serve_proxy(io, use, sent, stream, std::move(client));
    };
    co_return response;
}

}  // namespace runner::interactive
