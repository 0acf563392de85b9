#pragma once

#include <string>
#include <string_view>

#include "runner/secrets/clouds.hpp"
#include "runner/secrets/vault.hpp"

namespace runner::secrets {

/// Fetches the values of a job's secrets from their providers.
///
/// Life: of one job's resolution. Strand: the I/O thread; one call at a time. Failures, whose
/// message names the provider: kNotFound when there is no such secret; kForbidden, kInvalidInput
/// when the job or the provider's policies must change; kUnavailable, kTimeout when the provider
/// does not work; others.
class Resolver {
  public:
    Resolver(ClientMaker make_client, Environment environment)
        : calls_(std::move(make_client)), vault_(calls_), environment_(std::move(environment)) {}

    base::Task<base::Result<std::string>> resolve(const protocol::gitlab::Secret& secret);

  private:
    base::Task<base::Result<std::string>> fetch(const protocol::gitlab::Secret& secret);

    ProviderCalls calls_;
    VaultReader vault_;
    Environment environment_;
};

/// The name of a secret's provider, as the official runner's log has it: "vault",
/// "azure-key-vault". "" for one that is not known.
std::string_view provider_name(const protocol::gitlab::Secret& secret);

/// The identity token that a secret is fetched with.
std::string_view identity_of(const protocol::gitlab::Secret& secret);

}  // namespace runner::secrets
