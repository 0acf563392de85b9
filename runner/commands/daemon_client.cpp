#include "runner/commands/daemon_client.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "base/encoding.hpp"
#include "base/parse.hpp"
#include "base/users.hpp"
#include "protocol/http/client.hpp"
#include "runner/commands/blocking_calls.hpp"
#include "runner/commands/command.hpp"
#include "runner/commands/text_table.hpp"
#include "runner/daemon/control_request.hpp"
#include "runner/journal/state_dir.hpp"

namespace runner::commands {

namespace fs = std::filesystem;
namespace http = protocol::http;
using base::ErrorKind;
using nlohmann::json;

namespace {

constexpr const char* kSystemConfig = "/etc/gitlab-runner/config.toml";
/// RuntimeDirectory= of the unit.
constexpr const char* kServiceSocket = "/run/runner/runner.sock";

base::Error no_daemon(const fs::path& socket) {
    return base::make_error(
        ErrorKind::kUnavailable,
        fmt::format("no daemon listens at {}: start it with `runner start` or `runner run`, or say "
                    "with --config or --socket which one is meant",
                    socket.string()));
}

base::Error not_allowed(const fs::path& socket) {
    const std::string me = base::user_name(::geteuid());
    struct stat about {};
    if (::stat(socket.c_str(), &about) != 0) {
        return base::make_error(
            ErrorKind::kForbidden,
            fmt::format("user {} may not enter {}: use sudo", me, socket.parent_path().string()));
    }
    return base::make_error(
        ErrorKind::kForbidden,
        fmt::format("user {} may not use {}: use sudo, or become a member of the group {}", me,
                    socket.string(), base::group_name(about.st_gid)));
}

/// The first place that has a socket, or that this user cannot look into.
fs::path find_socket(const std::vector<fs::path>& places) {
    std::optional<fs::path> hidden;
    for (const fs::path& place : places) {
        struct stat about {};
        if (::lstat(place.c_str(), &about) == 0) return place;
        if (errno == EACCES && !hidden) hidden = place;
    }
    return hidden.value_or(places.front());
}

ErrorKind kind_of(unsigned status) {
    switch (status) {
        case 400: return ErrorKind::kInvalidInput;
        case 403: return ErrorKind::kForbidden;
        case 404: return ErrorKind::kNotFound;
        case 409: return ErrorKind::kConflict;
        default: return ErrorKind::kProtocol;
    }
}

base::Result<json> as_json(const std::string& body) {
    json parsed = json::parse(body, nullptr, false);
    if (!parsed.is_discarded())
        return base::Result<json>(boost::system::in_place_value, std::move(parsed));
    return base::make_error(ErrorKind::kProtocol, "the daemon's answer is no JSON");
}

/// A refusal as an error: the sentence of its JSON, else the first line of its text.
base::Error refusal(unsigned status, std::string body) {
    const auto parsed = as_json(body);
    if (parsed && parsed->is_object() && parsed->contains("error")) {
        body = parsed->value("error", std::string());
    } else {
        body = body.substr(0, body.find('\n'));
        if (body.empty()) body = fmt::format("the daemon answered {}", status);
    }
    return base::make_error(kind_of(status), std::move(body));
}

base::Task<base::Result<bool>> wait_for(std::chrono::milliseconds time) {
    const bool waited = co_await base::sleep_for(time);
    co_return waited;
}

using Take = std::function<base::Result<bool>(std::string_view)>;

base::Task<base::Result<bool>> read_pieces(http::Client& client, http::Request request,
                                           const Take& take) {
    constexpr std::size_t kPiece = 64UL * 1024;
    auto answer = co_await client.open(std::move(request));
    if (!answer) co_return answer.error();
    const unsigned status = (*answer)->head().status;
    std::string refused;
    while (true) {
        auto piece = co_await (*answer)->read_some(kPiece);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        if (status != 200) {
            refused += *piece;
            continue;
        }
        auto taken = take(*piece);
        if (!taken) co_return taken.error();
        if (!*taken) co_return true;
    }
    if (status != 200) co_return refusal(status, std::move(refused));
    co_return true;
}

}  // namespace

class DaemonClient::Impl {
  public:
    explicit Impl(fs::path path) : socket(std::move(path)) { calls.hold_signals(); }

    base::Result<void> connect() {
        http::ClientOptions options;
        options.endpoint = "unix://" + socket.string();
        options.connect_limit = std::chrono::seconds(5);
        options.total_limit = std::chrono::seconds(0);
        auto made = http::make_client(calls.executor(), std::move(options));
        if (!made) return made.error();
        client = std::move(*made);
        return {};
    }

    base::Result<http::Response> send(std::string method, const std::string& target) {
        http::Request request;
        request.method = std::move(method);
        request.target = target;
        auto answer = calls.wait<http::Response>(client->send(std::move(request)));
        if (!answer) return explain(answer.error());
        if (answer->status != 200) return refusal(answer->status, std::move(answer->body));
        return answer;
    }

    [[nodiscard]] base::Error explain(const base::Error& error) const {
        // What the daemon has answered itself has no code of the system.
        if (!error.code) return error;
        if (error.is(ErrorKind::kForbidden)) return not_allowed(socket);
        if (error.is(ErrorKind::kUnavailable)) return no_daemon(socket);
        return error;
    }

    const fs::path socket;
    BlockingCalls calls;
    std::unique_ptr<http::Client> client;
};

std::vector<Flag> daemon_flags() {
    return {config_flag(), text_flag({"socket"}, "FILE",
                                     "the daemon's control socket; else found by the configuration",
                                     "RUNNER_SOCKET")};
}

std::vector<fs::path> socket_places(const fs::path& config, const fs::path& state_dir, bool given,
                                    bool root) {
    const fs::path own = state_dir / daemon::kControlSocketName;
    if (config == kSystemConfig || (root && !given)) return {kServiceSocket, own};
    if (!given) return {own, kServiceSocket};
    return {own};
}

base::Result<std::unique_ptr<DaemonClient>> DaemonClient::open(const Values& values) {
    fs::path socket = values.text("socket");
    if (socket.empty()) {
        const fs::path config = fs::absolute(config_path(values));
        socket = find_socket(socket_places(config, journal::state_directory_for(config),
                                           !values.text("config").empty(), ::geteuid() == 0));
    }
    auto impl = std::make_unique<Impl>(fs::absolute(socket));
    if (auto connected = impl->connect(); !connected) return connected.error();
    return std::unique_ptr<DaemonClient>(new DaemonClient(std::move(impl)));
}

DaemonClient::DaemonClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DaemonClient::~DaemonClient() = default;

base::Result<std::string> DaemonClient::get(const std::string& target) {
    auto answer = impl_->send("GET", target);
    if (!answer) return answer.error();
    return std::move(answer->body);
}

base::Result<json> DaemonClient::get_json(const std::string& target) {
    auto body = get(target);
    if (!body) return body.error();
    return as_json(*body);
}

base::Result<json> DaemonClient::post(const std::string& target) {
    auto answer = impl_->send("POST", target);
    if (!answer) return answer.error();
    return as_json(answer->body);
}

base::Result<void> DaemonClient::follow(const std::string& target, const Take& take) {
    http::Request request;
    request.target = target;
    request.headers.set("Accept", "text/event-stream");
    auto read = impl_->calls.wait<bool>(read_pieces(*impl_->client, std::move(request), take));
    if (!read) return impl_->explain(read.error());
    return {};
}

bool DaemonClient::pause(std::chrono::milliseconds time) {
    const auto waited = impl_->calls.wait<bool>(wait_for(time));
    return waited && *waited;
}

const fs::path& DaemonClient::socket() const { return impl_->socket; }

std::string runner_query(const std::string& name) {
    return name.empty() ? "" : "?runner=" + base::percent_encode(name);
}

Flag runner_of_job_flag() {
    return text_flag({"runner"}, "NAME",
                     "the job's runner (name or short token), where two servers use one number");
}

base::Result<void> check_job_number(const std::string& word) {
    const auto number = base::parse_number<std::int64_t>(word);
    if (number && *number > 0) return {};
    return base::invalid_input(fmt::format(
        "\"{}\" is not the number of a job: `runner jobs` lists them", printable(word)));
}

}  // namespace runner::commands
