#pragma once

#include <string>

#include "base/result.hpp"
#include "runner/doctor/finding.hpp"

namespace runner::doctor {

/// What happened when this machine asked a registry.
struct RegistryVisit {
    std::string host;
    std::string user;  ///< "" for no login
    std::string repository;
    base::Result<void> greeted{};      ///< GET /v2/
    base::Result<void> transferred{};  ///< a push, then a pull
};

/// Pure.
Finding judge_registry(const RegistryVisit& visit);

/// What happened when the engine that runs the jobs pulled from a registry in which the image is.
/// [[runners.registry]] declares it to the engines inside of jobs. `needed`: the runner also has
/// images of its own from there, which the host's engine pulls.
Finding judge_engine_pull(const std::string& host, const base::Result<void>& pulled, bool needed);

}  // namespace runner::doctor
