#include "runner/daemon/control_service.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "base/task_group.hpp"
#include "base/users.hpp"
#include "protocol/http/server.hpp"
#include "protocol/http/unix_listener.hpp"
#include "runner/collector/report.hpp"
#include "runner/daemon/control_request.hpp"
#include "runner/status/job_choice.hpp"

namespace runner::daemon {

namespace fs = std::filesystem;
namespace http = protocol::http;
using nlohmann::ordered_json;

namespace {

constexpr std::chrono::milliseconds kStopGrace{500};

http::Response respond(unsigned status, const ordered_json& body) {
    http::Response response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.headers.set("Cache-Control", "no-store");
    response.body = base::dump_json(body) + "\n";
    return response;
}

http::Response refuse(unsigned status, const std::string& why) {
    return respond(status, {{"error", why}});
}

http::Response refuse_method() {
    auto response = refuse(405, "this is done with POST");
    response.headers.set("Allow", "POST");
    return response;
}

/// The state directory has the socket under its name wherever it is, so that commands find it.
base::Result<void> link_to_socket(const fs::path& state_dir, const fs::path& socket) {
    const fs::path link = state_dir / kControlSocketName;
    if (link == socket) return {};
    std::error_code code;
    fs::remove(link, code);
    fs::create_symlink(socket, link, code);
    if (code) return base::make_error(code, "make the link " + link.string());
    return {};
}

base::Result<gid_t> group_of_socket(const std::string& name) {
    if (name.empty()) return ::getegid();
    const auto found = base::group_id(name);
    if (found) return *found;
    return base::make_error(
        base::ErrorKind::kInvalidInput,
        fmt::format("[status] socket_group: there is no group \"{}\": `groupadd --system {}` makes "
                    "it, or name another",
                    name, name));
}

std::string by(const http::Request& request) { return base::user_name(request.peer->user); }

}  // namespace

class ControlService::Impl {
  public:
    explicit Impl(const boost::asio::any_io_executor& io) : executor(io), limits(io) {}

    base::Task<http::Response> answer(http::Request request);
    base::Task<http::Response> collect(collector::Wish wish, std::string user);
    http::Response act(const ControlRequest& wanted, const http::Request& request);
    http::Response pause(const ControlRequest& wanted, const http::Request& request);
    http::Response resume(const ControlRequest& wanted, const http::Request& request);
    http::Response cancel(const ControlRequest& wanted, const http::Request& request) const;
    [[nodiscard]] std::vector<status::JobState> jobs_with(std::int64_t id,
                                                          const std::string& runner) const;
    /// Answers for a name that no runner has.
    [[nodiscard]] std::optional<http::Response> unknown_runner(const std::string& name) const;
    /// `not_saved`: why the next daemon will not know the change, "" when it will.
    [[nodiscard]] http::Response state(const std::string& not_saved = {}) const;
    base::Task<void> limit_requests();

    boost::asio::any_io_executor executor;
    Host host;
    gid_t group = 0;
    std::optional<Pauses> pauses;
    std::optional<http::SocketName> name;
    std::unique_ptr<http::Server> server;
    base::TaskGroup limits;
};

base::Task<http::Response> ControlService::Impl::answer(http::Request request) {
    if (!request.peer || !may_control(*request.peer, ::geteuid(), group)) {
        const std::string who = request.peer ? by(request) : "unknown";
        base::log::warning("A user was refused at the control socket", {{"user", who}});
        co_return refuse(403,
                         fmt::format("user {} may not control this runner: only root, {} and "
                                     "members of the group {} may",
                                     who, base::user_name(::geteuid()), base::group_name(group)));
    }
    auto wanted = parse_control_request(request);
    if (!wanted) co_return refuse(400, wanted.error().message);
    if (wanted->action == ControlRequest::Action::kPage) {
        auto page = co_await host.page(std::move(request));
        co_return std::move(page);
    }
    if (wanted->action == ControlRequest::Action::kCollect) {
        const collector::Wish wish{.dry_run = wanted->dry_run, .all = wanted->all, .by_hand = true};
        auto collected = co_await collect(wish, by(request));
        co_return std::move(collected);
    }
    co_return act(*wanted, request);
}

base::Task<http::Response> ControlService::Impl::collect(collector::Wish wish, std::string user) {
    if (!wish.dry_run)
        base::log::info("Unused data is removed by hand", {{"user", user}, {"all", wish.all}});
    auto collecting = host.collect(wish);
    auto reports = co_await std::move(collecting);
    if (!reports) co_return refuse(409, reports.error().message);
    co_return respond(200, collector::report_json(*reports, wish));
}

http::Response ControlService::Impl::act(const ControlRequest& wanted,
                                         const http::Request& request) {
    switch (wanted.action) {
        case ControlRequest::Action::kState: return state();
        case ControlRequest::Action::kPostOnly: return refuse_method();
        case ControlRequest::Action::kResume: return resume(wanted, request);
        case ControlRequest::Action::kCancel: return cancel(wanted, request);
        default: return pause(wanted, request);
    }
}

/// Pauses, and drains: a drain is a pause of all runners whose end somebody waits for.
http::Response ControlService::Impl::pause(const ControlRequest& wanted,
                                           const http::Request& request) {
    if (auto unknown = unknown_runner(wanted.runner)) return std::move(*unknown);
    const bool drain = wanted.action == ControlRequest::Action::kDrain;
    PauseSet set = pauses->now();
    if (drain || wanted.runner.empty()) {
        set.all = true;
        set.draining = set.draining || drain;
    } else {
        set.names.insert(wanted.runner);
    }
    if (auto saved = pauses->change_to(std::move(set)); !saved)
        return refuse(500, saved.error().message);
    host.pauses_changed();
    base::log::warning(drain ? "Draining: no new jobs are asked for, running jobs go on"
                             : "Paused: no new jobs are asked for, running jobs go on",
                       {{"runner_name", wanted.runner.empty() ? "all" : wanted.runner},
                        {"user", by(request)},
                        {"jobs", host.jobs->running()}});
    limits.spawn("limit of paused requests", limit_requests());
    return state();
}

http::Response ControlService::Impl::resume(const ControlRequest& wanted,
                                            const http::Request& request) {
    if (auto unknown = unknown_runner(wanted.runner)) return std::move(*unknown);
    PauseSet set;
    if (!wanted.runner.empty()) set = without(pauses->now(), wanted.runner, host.runner_names());
    // A disk that is full must not keep the machine from working again.
    auto saved = pauses->change_to(set);
    if (!saved) {
        pauses->change_without_saving(std::move(set));
        base::log::warning("The end of a pause is not saved: the next daemon is paused again",
                           {{"error", saved.error().message}});
    }
    base::log::info(
        "Resumed: jobs are asked for again",
        {{"runner_name", wanted.runner.empty() ? "all" : wanted.runner}, {"user", by(request)}});
    host.pauses_changed();
    host.poller->ask_now();
    return state(saved ? std::string() : saved.error().message);
}

http::Response ControlService::Impl::cancel(const ControlRequest& wanted,
                                            const http::Request& request) const {
    const auto id = wanted.job;
    switch (host.jobs->cancel(id, wanted.runner, wanted.reason)) {
        case JobHost::Cancel::kStopping: break;
        case JobHost::Cancel::kUnknown:
            return refuse(404, wanted.runner.empty()
                                   ? fmt::format("no job {} runs here", id)
                                   : fmt::format("no job {} of the runner \"{}\" runs here", id,
                                                 wanted.runner));
        case JobHost::Cancel::kAmbiguous:
            return refuse(409, status::several_jobs(id, jobs_with(id, wanted.runner)));
        case JobHost::Cancel::kTooLate:
            return refuse(409, fmt::format("the script of job {} has ended or is being stopped; "
                                           "what follows it goes on to its end",
                                           id));
    }
    base::log::warning("A job is canceled by an administrator",
                       {{"job", id}, {"user", by(request)}, {"reason", wanted.reason}});
    return respond(200, {{"job", id}, {"state", "canceling"}});
}

std::vector<status::JobState> ControlService::Impl::jobs_with(std::int64_t id,
                                                              const std::string& runner) const {
    std::vector<status::JobState> jobs;
    for (const job::JobRun* run : host.jobs->runs()) {
        const auto& job = run->status();
        if (job.id == id && status::is_of_runner(job, runner)) jobs.push_back(job);
    }
    return jobs;
}

std::optional<http::Response> ControlService::Impl::unknown_runner(
    const std::string& wanted) const {
    const auto names = host.runner_names();
    const bool known = std::find(names.begin(), names.end(), wanted) != names.end();
    if (wanted.empty() || known) return std::nullopt;
    return refuse(404, fmt::format("there is no runner \"{}\" in the configuration; there are: {}",
                                   wanted, base::join(names, ", ")));
}

/// The answer to a change: what holds now.
http::Response ControlService::Impl::state(const std::string& not_saved) const {
    const PauseSet& now = pauses->now();
    ordered_json runners = ordered_json::array();
    for (const std::string& each : host.runner_names()) {
        runners.push_back({{"name", each}, {"paused", now.has(each)}});
    }
    ordered_json answer{{"paused", now.all},
                        {"draining", now.draining},
                        {"running_jobs", host.jobs->running()},
                        {"requests", host.poller->requests_under_way()},
                        {"runners", std::move(runners)}};
    if (!not_saved.empty()) answer["not_saved"] = not_saved;
    return respond(200, answer);
}

base::Task<void> ControlService::Impl::limit_requests() {
    auto waited = co_await base::sleep_for(kRequestGrace);
    if (waited) host.poller->cancel_paused_requests();
}

ControlService::ControlService(const boost::asio::any_io_executor& executor)
    : impl_(std::make_unique<Impl>(executor)) {}
ControlService::~ControlService() = default;

base::Result<void> ControlService::listen(const fs::path& state_dir, const std::string& group) {
    impl_->pauses.emplace(state_dir);
    if (auto read = impl_->pauses->read(); !read) {
        base::log::error(
            "What was paused is not known any more, so all runners are paused; `runner resume` "
            "ends it",
            {{"error", read.error().message}});
    }
    auto owner = group_of_socket(group);
    if (!owner) return owner.error();
    impl_->group = *owner;
    const fs::path path = control_socket_path(state_dir, std::getenv("RUNTIME_DIRECTORY"));
    auto listener = http::listen_on_unix(path, *owner);
    if (!listener) {
        return listener.error().with_context(
            "the control socket (the environment variable RUNTIME_DIRECTORY names its directory)");
    }
    if (auto linked = link_to_socket(state_dir, path); !linked) return linked.error();
    impl_->name.emplace(std::move(listener->name));
    Impl* impl = impl_.get();
    http::Server::Handler handler = [impl](http::Request request) {
        return impl->answer(std::move(request));
    };
    impl_->server = http::Server::on_socket(impl_->executor, {}, std::move(handler),
                                            std::move(listener->socket));
    base::log::info("Control socket listening",
                    {{"path", path.string()}, {"group", base::group_name(*owner)}});
    return {};
}

void ControlService::start(Host host) {
    impl_->host = std::move(host);
    const PauseSet& paused = impl_->pauses->now();
    if (paused.all || !paused.names.empty()) {
        const std::string names = fmt::format("{}", fmt::join(paused.names, ", "));
        base::log::warning("Paused by an administrator; `runner resume` ends it",
                           {{"runner_name", paused.all ? "all" : names}});
    }
    impl_->server->start();
}

const PauseSet& ControlService::pauses() const { return impl_->pauses->now(); }

base::Task<void> ControlService::stop() {
    co_await impl_->server->stop(kStopGrace);
    impl_->limits.cancel_all();
    co_await impl_->limits.wait();
    impl_->name.reset();
}

}  // namespace runner::daemon
