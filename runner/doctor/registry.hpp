#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "executors/docker/registry_auth.hpp"
#include "executors/docker/settings.hpp"
#include "protocol/http/client.hpp"

namespace runner::doctor {

/// Speaks to one registry (OCI distribution specification) as the user of `credential`, with a
/// token where the registry asks for one.
///
/// Strand: the I/O thread; one call at a time. Failures: those of http::Client; kUnauthorized for
/// credentials that are refused, kForbidden for what they may not do, kProtocol for an answer that
/// is not a registry's.
class Registry {
  public:
    /// Fails as registry_options() does.
    static base::Result<std::unique_ptr<Registry>> make(
        const boost::asio::any_io_executor& executor,
        const executors::docker::RegistrySettings& settings,
        executors::docker::Credential credential);

    /// GET /v2/
    base::Task<base::Result<void>> greet();
    /// registry_image() of the tag.
    base::Task<base::Result<void>> push(std::string repository, std::string tag);
    /// Fetches the manifest and the layer.
    base::Task<base::Result<void>> pull(std::string repository, std::string tag);
    /// Removes a tag's manifest. A registry that removes nothing is a success: many do not.
    base::Task<base::Result<void>> remove(std::string repository, std::string tag);

  private:
    Registry(std::unique_ptr<protocol::http::Client> client, std::string host,
             executors::docker::Credential credential, boost::asio::any_io_executor executor,
             protocol::http::ClientOptions options);
    /// Sends with what is known of the login; once more when the registry asks for another one.
    base::Task<base::Result<protocol::http::Response>> send(protocol::http::Request request);
    base::Task<base::Result<void>> log_in(std::string challenge);
    base::Task<base::Result<void>> fetch(std::string path, std::string repository);
    base::Task<base::Result<void>> put_blob(std::string repository, std::string bytes);

    std::unique_ptr<protocol::http::Client> client_;
    std::string host_;  ///< header Host
    executors::docker::Credential credential_;
    boost::asio::any_io_executor executor_;
    protocol::http::ClientOptions options_;
    base::Secret authorization_;
};

}  // namespace runner::doctor
