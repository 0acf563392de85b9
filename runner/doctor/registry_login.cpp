#include "runner/doctor/registry_login.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "protocol/http/proxy.hpp"

namespace runner::doctor {

using base::ErrorKind;
using base::Result;
using base::Task;
using config::RunnerConfig;
using executors::docker::RegistrySettings;

namespace {

/// Keeps the warnings of collect_registry_auth(): a login that cannot be read is a finding.
class Warnings final : public executors::JobLog {
  public:
    void print(std::string_view) override {}
    void notice(std::string_view) override {}
    void heading(std::string_view) override {}
    void warning(std::string_view text) override { texts.emplace_back(text); }
    void error(std::string_view text) override { texts.emplace_back(text); }

    std::vector<std::string> texts;
};

std::string value_of(const std::vector<std::string>& environment, std::string_view name) {
    std::string value;
    for (const std::string& entry : environment) {
        if (entry.starts_with(std::string(name) + "=")) value = entry.substr(name.size() + 1);
    }
    return value;
}

}  // namespace

Task<Result<executors::docker::Credential>> login_of(const RunnerConfig& runner,
                                                     RegistrySettings settings) {
    executors::JobEnvironment job;
    job.docker_auth_config = value_of(runner.environment, "DOCKER_AUTH_CONFIG");
    Warnings warnings;
    auto auth = co_await executors::docker::collect_registry_auth(
        job, runner.registries, protocol::http::environment_value("HOME"), warnings);
    if (!auth) co_return auth.error();
    if (!warnings.texts.empty())
        co_return base::make_error(ErrorKind::kConfiguration, warnings.texts.front());
    const auto found = auth->find(settings.host + "/any");
    co_return found ? found->credential : executors::docker::Credential();
}

}  // namespace runner::doctor
