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

}  // namespace runner::doctor
