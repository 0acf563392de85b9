#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/gitlab/secret.hpp"
#include "runner/secrets/provider_calls.hpp"

namespace runner::secrets {

/// Secrets of HashiCorp Vault and OpenBao (engines kv-v1, kv-v2, generic), and of GitLab Secrets
/// Manager, which is an OpenBao. Secrets with the same login share one token of the server.
///
/// Life: of one job's resolution; `calls` outlive it. Strand: the I/O thread. Failures: kNotFound
/// when there is no such secret or field; kForbidden for a refused login or access; kInvalidInput
/// for fields that cannot be right; kUnavailable and kTimeout when the server does not work;
/// kProtocol.
///
/// Facts: "HTTP API", "JWT/OIDC auth method (API)", "KV secrets engine (API)" of HashiCorp Vault;
/// "Inline authentication" of OpenBao.
class VaultReader {
  public:
    explicit VaultReader(ProviderCalls& calls) : calls_(calls) {}

    base::Task<base::Result<std::string>> read(protocol::gitlab::VaultSecret secret);
    base::Task<base::Result<std::string>> read(protocol::gitlab::GitLabSecret secret);

  private:
    using Response = protocol::http::Response;
    using Url = protocol::http::Url;

    base::Task<base::Result<std::string>> log_in(protocol::gitlab::VaultSecret secret, Url server);
    /// Follows one redirect, which a standby node of a cluster answers.
    base::Task<base::Result<Response>> send(Url url, protocol::http::Request request);
    base::Task<base::Result<std::string>> read_field(Url server, protocol::gitlab::VaultPlace place,
                                                     protocol::http::Headers headers);

    ProviderCalls& calls_;
    std::map<std::vector<std::string>, std::string> tokens_;  ///< by what the login depends on
};

}  // namespace runner::secrets
