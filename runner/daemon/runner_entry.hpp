#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "protocol/gitlab/client.hpp"
#include "runner/config/config.hpp"
#include "runner/daemon/request_limit.hpp"

namespace runner::daemon {

/// Jobs of the entry have a session: there is a session server, and the executor can serve it.
bool has_sessions(const config::Config& config, const config::RunnerConfig& runner);

/// What the server is told about an entry: the features of its executor that this program has.
protocol::gitlab::RunnerInfo runner_info(const config::Config& config,
                                         const config::RunnerConfig& runner);

/// Whether this program has the entry's executor.
bool has_executor(const config::RunnerConfig& runner);

/// Whether the entry's jobs can be run: its configuration has no error, and this program has its
/// executor. Otherwise it must not ask for jobs: it would take them from a runner that can run
/// them.
bool can_run_jobs(const config::RunnerConfig& runner);

/// What is known of one runner at the server. Entries of the same runner share them, and they stay
/// after a reload of the configuration.
struct TokenState {
    AdaptiveRequestLimit adaptive;
    int requests_in_flight = 0;
    bool server_holds_requests = false;  ///< long polling was seen
    bool last_hold_was_short = false;
    bool last_answer_was_a_job = false;  ///< the server may have more
    /// The end of the pause after too many refusals; nullopt for none.
    std::optional<std::chrono::steady_clock::time_point> resting_until;

    /// Takes note of an answer without a job. Answers whether it ends a hold, so that the entry is
    /// to be asked again at once: the server has something new, and tells it to the next request. A
    /// server that ends two holds in a row before the interval is over (`is_short`) is asked at the
    /// interval.
    bool ends_a_hold(bool held, bool is_short);
};

/// One [[runners]] entry in use. `config` owns the snapshot that `runner` points into.
struct RunnerEntry {
    std::shared_ptr<const config::Config> config;
    const config::RunnerConfig* runner = nullptr;
    std::string short_token;
    std::string key;  ///< URL and token: health and client are kept by it
    std::shared_ptr<protocol::gitlab::Client> client;
    std::shared_ptr<protocol::gitlab::JobsApi> jobs;  ///< the same object as `client`
    std::shared_ptr<TokenState> token_state;
};

/// RunnerEntry::key of an entry.
std::string entry_key(const config::RunnerConfig& runner);

/// Turns a configuration into entries. Clients (with their connections and the server's queue key)
/// and token states are taken over from the former entries where URL, token and TLS files are the
/// same.
class EntryBuilder {
  public:
    using OnRequest =
        std::function<void(const config::RunnerConfig&, const protocol::gitlab::CallRecord&)>;

    EntryBuilder(boost::asio::any_io_executor executor, OnRequest on_request)
        : executor_(std::move(executor)), on_request_(std::move(on_request)) {}

    /// An entry without token or with an unusable URL is logged and left out.
    std::vector<std::shared_ptr<RunnerEntry>> build(
        const std::shared_ptr<const config::Config>& config);

  private:
    base::Result<std::shared_ptr<protocol::gitlab::Client>> client_for(
        const std::shared_ptr<const config::Config>& config, const config::RunnerConfig& runner);

    boost::asio::any_io_executor executor_;
    OnRequest on_request_;
    std::map<std::string, std::shared_ptr<protocol::gitlab::Client>> clients_;
    std::map<std::string, std::shared_ptr<TokenState>> token_states_;
};

}  // namespace runner::daemon
