#include "runner/daemon/runner_entry.hpp"

#include <utility>

#include "base/log.hpp"

namespace runner::daemon {

namespace gitlab = protocol::gitlab;

namespace {

void add_common(gitlab::Features& features) {
    features.variables = true;
    features.refspecs = true;
    features.masking = true;
    features.raw_variables = true;
    features.multi_build_steps = true;
    features.trace_reset = true;
    features.trace_checksum = true;
    features.trace_size = true;
    features.cancelable = true;
    features.cancel_gracefully = true;
    features.return_exit_code = true;
    features.two_phase_job_commit = true;
    features.artifacts = true;
    features.upload_multiple_artifacts = true;
    features.upload_raw_artifacts = true;
    features.artifacts_exclude = true;
    features.cache = true;
    features.fallback_cache_keys = true;
    features.job_inputs = true;
    features.vault_secrets = true;
}

void add_docker(gitlab::Features& features) {
    features.image = true;
    features.services = true;
    features.service_variables = true;
    features.service_multiple_aliases = true;
    features.image_executor_opts = true;
    features.service_executor_opts = true;
}

/// Everything that decides which connections can be shared.
std::string client_key(const config::RunnerConfig& runner) {
    return runner.url + '\n' + runner.token.reveal() + '\n' + runner.tls_ca_file + '\n' +
           runner.tls_cert_file + '\n' + runner.tls_key_file;
}

}  // namespace

bool TokenState::ends_a_hold(bool held, bool is_short) {
    const bool was_short = std::exchange(last_hold_was_short, held && is_short);
    server_holds_requests = server_holds_requests || held;
    return held && !(was_short && is_short);
}

bool has_executor(const config::RunnerConfig& runner) { return runner.executor_kind().has_value(); }

bool can_run_jobs(const config::RunnerConfig& runner) {
    return has_executor(runner) && runner.problem.empty();
}

bool has_sessions(const config::Config& config, const config::RunnerConfig& runner) {
    const auto kind = runner.executor_kind();
    return !config.session_server.listen_address.empty() && kind &&
           !executors::traits_of(*kind).has_driver;
}

gitlab::RunnerInfo runner_info(const config::Config& config, const config::RunnerConfig& runner) {
    gitlab::RunnerInfo info;
    info.executor = runner.executor;
    info.shell = runner.shell.empty() ? "bash" : runner.shell;
    info.gpus = runner.docker.gpus;
    info.labels = config.labels;
    for (const auto& [key, value] : runner.labels) info.labels[key] = value;
    add_common(info.features);
    const bool is_docker = runner.executor_kind() == executors::ExecutorKind::kDocker;
    if (is_docker) add_docker(info.features);
    info.features.session = has_sessions(config, runner);
    info.features.terminal = info.features.session;
    info.features.proxy = info.features.session && is_docker;
    info.features.shared = runner.shared_environment();
    return info;
}

base::Result<std::shared_ptr<gitlab::Client>> EntryBuilder::client_for(
    const std::shared_ptr<const config::Config>& config, const config::RunnerConfig& runner) {
    gitlab::ClientOptions options;
    options.url = runner.url;
    options.tls.ca_file = runner.tls_ca_file;
    options.tls.cert_file = runner.tls_cert_file;
    options.tls.key_file = runner.tls_key_file;
    options.connection_max_age =
        std::chrono::duration_cast<std::chrono::seconds>(config->connection_max_age);
    // The client may outlive this snapshot: the callback keeps a copy of what it names.
    auto about = std::make_shared<config::RunnerConfig>(runner);
    auto on_request = on_request_;
    options.on_request = [about, on_request](const gitlab::CallRecord& record) {
        on_request(*about, record);
    };
    return gitlab::make_client(executor_, std::move(options));
}

std::string entry_key(const config::RunnerConfig& runner) {
    return runner.url + '\n' + runner.token.reveal();
}

std::vector<std::shared_ptr<RunnerEntry>> EntryBuilder::build(
    const std::shared_ptr<const config::Config>& config) {
    std::vector<std::shared_ptr<RunnerEntry>> entries;
    std::map<std::string, std::shared_ptr<gitlab::Client>> clients;
    for (const auto& runner : config->runners) {
        if (runner.token.empty()) {
            base::log::warning("A runner has no token and is left out",
                               {{"runner_name", runner.name}});
            continue;
        }
        const std::string key = client_key(runner);
        auto& client = clients[key];
        if (const auto known = clients_.find(key); !client && known != clients_.end()) {
            client = known->second;
        }
        if (!client) {
            auto made = client_for(config, runner);
            if (!made) {
                base::log::error("A runner cannot be used",
                                 {{"runner_name", runner.name}, {"error", made.error().message}});
                continue;
            }
            client = *made;
        }
        auto& state = token_states_[config::runner_identity(runner)];
        if (!state) state = std::make_shared<TokenState>();
        auto entry = std::make_shared<RunnerEntry>();
        *entry = {config, &runner, config::short_token(runner.token), entry_key(runner), client,
                  client, state};
        entries.push_back(std::move(entry));
    }
    clients_ = std::move(clients);
    return entries;
}

}  // namespace runner::daemon
