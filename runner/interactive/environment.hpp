#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/stream.hpp"

namespace runner::interactive {

/// A port of the job's container or of a service that the job has named for the proxy.
struct ProxiedPort {
    std::string host;  ///< as the job's environment knows it
    std::uint16_t number = 0;
    bool https = false;
};

/// What a session reaches of its job. The job implements it. Strand: the I/O thread.
class Environment {
  public:
    using Stream = std::unique_ptr<protocol::http::ByteStream>;

    virtual ~Environment() = default;
    /// A shell with a terminal, where the job's scripts run. It ends with the stream.
    virtual base::Task<base::Result<Stream>> open_terminal() = 0;
    /// `port`: its number or name. nullopt when the job has not named it.
    [[nodiscard]] virtual std::optional<ProxiedPort> find_port(std::string_view service,
                                                               std::string_view port) const = 0;
    virtual base::Task<base::Result<Stream>> open_port(ProxiedPort port) = 0;
};

}  // namespace runner::interactive
