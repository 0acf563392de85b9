#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/registry_auth.hpp"

namespace executors::docker {

/// Asks `docker-credential-<helper>` on this host for the credential of one registry. kInvalidInput
/// for a helper's name that contains a path; kNotFound when the helper has no credential for the
/// registry; kTimeout after 30 s.
base::Task<base::Result<Credential>> ask_credential_helper(std::string helper,
                                                           std::string registry);

/// All credentials of a credsStore.
base::Task<base::Result<std::map<std::string, Credential>>> ask_credential_store(std::string store);

}  // namespace executors::docker
