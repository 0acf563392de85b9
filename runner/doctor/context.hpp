#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_connection.hpp"
#include "runner/config/inspect.hpp"
#include "runner/doctor/figures.hpp"
#include "runner/doctor/finding.hpp"

namespace runner::doctor {

struct Options {
    std::filesystem::path config_path;
    std::string runner;             ///< the name of the only one to look at; "": all
    std::vector<std::string> only;  ///< CHECK, PLACE or PLACE/CHECK; empty: all
    bool fix = false;
    bool jobs = true;           ///< run a job for each runner
    base::Secret access_token;  ///< of a user of GitLab; "" for none
    /// Where small images may be pushed: registry host → repository. Default: runner-doctor.
    std::map<std::string, std::string> repositories;
};

/// As make_engine_connection(); tests give another one.
using ConnectEngine =
    std::function<base::Result<std::shared_ptr<executors::docker::EngineConnection>>(
        const boost::asio::any_io_executor&, const executors::docker::DockerSettings&)>;
base::Result<std::shared_ptr<executors::docker::EngineConnection>> connect_engine(
    const boost::asio::any_io_executor& executor,
    const executors::docker::DockerSettings& settings);

/// What all checks of one call share. Strand: the I/O thread. It outlives the checks.
struct Context {
    boost::asio::any_io_executor executor;
    Options options;
    config::Inspection inspection;
    std::shared_ptr<const config::Config> config;
    std::vector<const config::RunnerConfig*> runners;  ///< those that are looked at
    std::filesystem::path state_directory;
    std::string system_id;
    std::string mark;  ///< in the names of what this call makes
    ConnectEngine connect_engine = doctor::connect_engine;

    [[nodiscard]] std::string repository_of(const std::string& registry) const;
    /// Whether --only names the check, its place or both, or there is no --only.
    [[nodiscard]] bool wants(Place place, const std::string& check) const;
};

/// Runs `runner-helper probe WORDS…` on this machine.
base::Task<base::Result<Measurements>> probe_host(const Context& context,
                                                  std::vector<std::string> words);

/// Host and port of an address, and whether the place's proxy is used for it.
struct Target {
    std::string host;
    std::string port;
    bool proxy = false;  ///< host and port are those of the proxy
};
/// How a program with these variables (KEY=VALUE; nullptr: this process's) reaches `url`.
/// kInvalidInput for an address or a proxy that cannot be used.
base::Result<Target> target_of(const std::string& url, const std::vector<std::string>* environment);
/// The proxies that the variables name.
base::Result<std::vector<Target>> proxies_of(const std::vector<std::string>* environment);

}  // namespace runner::doctor
