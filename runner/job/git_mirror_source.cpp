#include "runner/job/git_mirror_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/strings.hpp"
#include "runner/script/git_strategy.hpp"
#include "runner/script/repository_url.hpp"

namespace runner::job {

namespace {

constexpr std::size_t kHashDigits = 32;
constexpr std::array<std::string_view, 4> kProxies{"http_proxy", "https_proxy", "all_proxy",
                                                   "no_proxy"};

bool is_proxy(const std::string& entry) {
    const std::string name = base::to_lower(entry.substr(0, entry.find('=')));
    return std::find(kProxies.begin(), kProxies.end(), name) != kProxies.end();
}

/// The project is part of the name: a path may belong to another project later.
std::string volume_name(const protocol::gitlab::JobPayload& payload,
                        const config::RunnerConfig& runner, const std::string& system_id,
                        const std::string& url) {
    const std::string text = fmt::format("{}-{}-{}-{}", config::runner_identity(runner), system_id,
                                         payload.job_info.project_id, url);
    return "runner-" + base::sha256_hex(text).substr(0, kHashDigits) + "-git-mirror";
}

/// "username=…\npassword=…\n" of remote_credentials().
std::string value_of(const std::string& credentials, std::string_view name) {
    for (const std::string& line : base::split(credentials, '\n')) {
        if (line.starts_with(name)) return line.substr(name.size());
    }
    return {};
}

}  // namespace

std::optional<executors::GitMirrorSource> git_mirror_source(
    const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
    const script::Variables& variables, const std::string& system_id,
    const std::string& authority) {
    const auto strategy = script::git_strategy(variables, payload.allow_git_fetch);
    const bool clones =
        strategy == script::GitStrategy::kClone && variables.feature("FF_USE_GIT_NATIVE_CLONE");
    const bool off = runner.docker.git_mirror == executors::docker::GitMirrorMode::kOff;
    if (off || clones || !script::brings_sources(strategy)) return std::nullopt;
    executors::GitMirrorSource source;
    source.url = script::remote_url(payload, runner);
    if (!source.url.starts_with("http://") && !source.url.starts_with("https://")) {
        return std::nullopt;
    }
    const std::string login = script::remote_credentials(payload.git_info.repo_url);
    source.username = value_of(login, "username=");
    source.password = base::Secret(value_of(login, "password="));
    if (source.password.empty()) {
        source.username = "gitlab-ci-token";
        source.password = payload.token;
    }
    source.volume = volume_name(payload, runner, system_id, source.url);
    source.authority = authority;
    std::copy_if(runner.environment.begin(), runner.environment.end(),
                 std::back_inserter(source.environment), is_proxy);
    source.ref = payload.git_info.ref;
    source.depth = payload.git_info.depth;
    source.sha256 = payload.git_info.repo_object_format == "sha256";
    return source;
}

}  // namespace runner::job
