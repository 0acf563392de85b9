#include "runner/daemon/control_request.hpp"

#include <algorithm>
#include <map>

#include "base/encoding.hpp"
#include "base/parse.hpp"
#include "base/strings.hpp"
#include "base/utf8.hpp"

namespace runner::daemon {

namespace {

using Action = ControlRequest::Action;

constexpr std::string_view kJobs = "/jobs/";
constexpr std::string_view kCancel = "/cancel";
constexpr std::size_t kLongestReason = 500;

std::map<std::string, std::string> query_of(std::string_view target) {
    std::map<std::string, std::string> values;
    const auto mark = target.find('?');
    if (mark == std::string_view::npos) return values;
    for (const std::string& pair : base::split(target.substr(mark + 1), '&')) {
        const auto equals = std::min(pair.find('='), pair.size());
        const auto value = std::string_view(pair).substr(std::min(equals + 1, pair.size()));
        values[pair.substr(0, equals)] = base::percent_decode(value);
    }
    return values;
}

base::Result<void> read_cancel(ControlRequest& made, std::string_view path) {
    path.remove_prefix(kJobs.size());
    path.remove_suffix(kCancel.size());
    const auto job = base::parse_number<std::int64_t>(path);
    if (!job || *job <= 0) {
        return base::make_error(base::ErrorKind::kInvalidInput,
                                "\"" + std::string(path) + "\" is not the number of a job");
    }
    made.job = *job;
    return {};
}

base::Result<void> read_collect(ControlRequest& made,
                                const std::map<std::string, std::string>& query) {
    for (const auto& [name, value] : query) {
        const auto flag = base::parse_bool(value);
        if (name != "dry_run" && name != "all")
            return base::invalid_input("there is no parameter \"" + name + "\"");
        if (!flag) return base::invalid_input(name + " is neither true nor false");
        (name == "all" ? made.all : made.dry_run) = *flag;
    }
    return {};
}

/// Without this check, a wrong name of a parameter would mean all runners.
base::Result<void> check_parameters(ControlRequest& made,
                                    const std::map<std::string, std::string>& query) {
    if (made.action == Action::kCollect) return read_collect(made, query);
    for (const auto& [name, value] : query) {
        if (name != "runner" && name != "reason")
            return base::invalid_input("there is no parameter \"" + name + "\"");
        if (name == "runner" && value.empty())
            return base::invalid_input("runner= is empty: leave it out for all runners");
    }
    return {};
}

}  // namespace

base::Result<ControlRequest> parse_control_request(const protocol::http::Request& request) {
    ControlRequest made;
    const std::string_view target = request.target;
    const auto path = target.substr(0, target.find('?'));
    if (request.method == "GET" && path == "/control") made.action = Action::kState;
    if (path == "/control/pause") made.action = Action::kPause;
    if (path == "/control/resume") made.action = Action::kResume;
    if (path == "/control/drain") made.action = Action::kDrain;
    if (path == "/control/gc") made.action = Action::kCollect;
    const bool cancels = path.size() > kJobs.size() + kCancel.size() && path.starts_with(kJobs) &&
                         path.ends_with(kCancel);
    if (cancels) {
        made.action = Action::kCancel;
        if (auto read = read_cancel(made, path); !read) return read.error();
    }
    const bool acts = made.action != Action::kPage && made.action != Action::kState;
    if (acts && request.method != "POST") made.action = Action::kPostOnly;
    const auto query = query_of(target);
    if (auto known = acts ? check_parameters(made, query) : base::Result<void>(); !known)
        return known.error();
    if (const auto runner = query.find("runner"); runner != query.end())
        made.runner = runner->second;
    if (const auto reason = query.find("reason"); reason != query.end())
        made.reason = base::cut_utf8(reason->second, kLongestReason);
    // The job's log and the daemon's log have it in one line.
    std::replace_if(
        made.reason.begin(), made.reason.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return made;
}

bool may_control(const protocol::http::Peer& peer, uid_t daemon_user, gid_t socket_group) {
    if (peer.user == 0 || peer.user == daemon_user) return true;
    return std::find(peer.groups.begin(), peer.groups.end(), socket_group) != peer.groups.end();
}

std::filesystem::path control_socket_path(const std::filesystem::path& state_dir,
                                          const char* runtime_directory) {
    const std::string given = runtime_directory == nullptr ? "" : runtime_directory;
    const std::string first = given.substr(0, given.find(':'));
    return (first.empty() ? state_dir : std::filesystem::path(first)) / kControlSocketName;
}

}  // namespace runner::daemon
