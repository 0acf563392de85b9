#include "runner/job/job_variables.hpp"

#include "base/files.hpp"

namespace runner::job {

namespace {

/// The client's certificate and key go to scripts as a pair or not at all.
void read_client_pair(const config::RunnerConfig& runner, script::PredefinedValues& predefined) {
    if (runner.tls_cert_file.empty() || runner.tls_key_file.empty()) return;
    auto cert = base::read_file(runner.tls_cert_file);
    auto key = base::read_file(runner.tls_key_file);
    if (!cert || !key) return;  // the connection says what is wrong with them
    predefined.tls_cert = std::move(*cert);
    predefined.tls_key = std::move(*key);
}

}  // namespace

script::Variables make_variables(const protocol::gitlab::JobPayload& payload,
                                 const config::RunnerConfig& runner,
                                 const journal::JobRecord& record) {
    script::PredefinedValues predefined;
    predefined.short_token = record.short_token;
    predefined.concurrent_id = record.slot.concurrent_id;
    predefined.concurrent_project_id = record.slot.concurrent_project_id;
    predefined.shared_environment = runner.shared_environment();
    predefined.ca_chain = record.ca_chain;
    read_client_pair(runner, predefined);
    return script::Variables(payload, runner, predefined);
}

}  // namespace runner::job
