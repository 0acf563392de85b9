#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_endpoint.hpp"
#include "protocol/http/client.hpp"

namespace executors::docker {

/// Sends requests to one Docker engine, in the newest version of its API that the engine and this
/// client know (this client: 1.24 to 1.47).
///
/// Life: every request asks for the engine's version first when it is not known. Targets of
/// requests are without the version. Strand: the I/O thread; calls may overlap, also with
/// forget_version(). Failures: those of protocol::http::Client, and the engine's own as "Error
/// response from daemon: …" with kNotFound, kConflict, kInvalidInput, kUnauthorized, kForbidden or
/// kUnavailable by status.
class EngineClient {
  public:
    /// An answer that is read piece by piece.
    using Stream = std::unique_ptr<protocol::http::StreamingResponse>;
    /// A connection that became a raw stream.
    using RawStream = std::unique_ptr<protocol::http::ByteStream>;

    EngineClient(EngineEndpoint endpoint, std::unique_ptr<protocol::http::Client> client);

    [[nodiscard]] const EngineEndpoint& endpoint() const { return endpoint_; }
    /// "1.45"; "" while it is not known.
    [[nodiscard]] const std::string& version() const { return version_; }
    /// Whether the last negotiated version is at least 1.`minor`.
    [[nodiscard]] bool at_least(int minor) const { return minor_ >= minor; }
    /// The next request asks for the version again.
    void forget_version() { version_.clear(); }
    /// Asks for the version unless it is known. kConfiguration for an engine that is too old.
    base::Task<base::Result<void>> negotiate();

    base::Task<base::Result<protocol::http::Response>> send(protocol::http::Request request);
    base::Task<base::Result<protocol::http::Response>> get(std::string path);
    /// `body` is JSON, "" for none.
    base::Task<base::Result<protocol::http::Response>> post(std::string path, std::string body);
    /// DELETE; a thing that does not exist is a success.
    base::Task<base::Result<void>> remove(std::string path);
    /// Any status is a success here.
    base::Task<base::Result<Stream>> open(protocol::http::Request request);
    /// GET; any status but 200 is the engine's failure.
    base::Task<base::Result<Stream>> open_stream(std::string path);
    base::Task<base::Result<RawStream>> upgrade(protocol::http::Request request);

  private:
    /// The same request with the version in front of its target.
    base::Task<base::Result<protocol::http::Request>> versioned(protocol::http::Request request);

    EngineEndpoint endpoint_;
    std::unique_ptr<protocol::http::Client> client_;
    std::string version_;
    int minor_ = 0;
};

}  // namespace executors::docker
