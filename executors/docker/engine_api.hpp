#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_endpoint.hpp"
#include "executors/docker/image_facts.hpp"
#include "protocol/http/client.hpp"

namespace executors::docker {

struct EngineInfo {
    std::string name;  ///< the engine's host name
    std::string server_version;
    std::string api_version;
    std::string os_type;
    std::string architecture;
};

struct ContainerState {
    std::string id;
    std::string status;  ///< created, running, exited …
    bool running = false;
    int exit_code = 0;
    bool oom_killed = false;
    std::string error;
    std::map<std::string, std::string> addresses;  ///< network name → IPv4
    std::vector<std::string> environment;
    std::vector<std::string> exposed_ports;
};

struct ExecSpec {
    std::vector<std::string> command;
    std::vector<std::string> environment;
    std::string user;  ///< "" : the container's
    bool input = false;
};

struct ExecState {
    bool running = false;
    int exit_code = 0;
};

struct NetworkState {
    std::string id;
    std::string name;
    int mtu = 0;  ///< 0 when the network says nothing
    std::vector<std::string> containers;
};

/// A container, network or volume as a list shows it.
struct Listed {
    std::string id;
    std::string name;
    std::map<std::string, std::string> labels;
};

/// What one line of a pull's progress means to us: nothing, or a failure's text.
std::optional<std::string> pull_failure(std::string_view line);

/// Facts from the body of an image's inspection. kProtocol for what is no such thing.
base::Result<ImageFacts> parse_image_facts(std::string_view body);
/// The same for what says nothing of how its subject is.
base::Result<ContainerState> parse_container_state(std::string_view body);
base::Result<ExecState> parse_exec_state(std::string_view body);
/// The exit code in the answer to a wait.
base::Result<int> parse_container_end(std::string_view body);

/// The calls of the Docker Engine API that a job needs.
///
/// Life: the first call asks the engine for its version; all later ones speak the newest that both
/// know (1.24 is the oldest, 1.47 the newest of ours). Strand: the I/O thread; calls may overlap.
/// Failures: the client's, and the engine's own, as "Error response from daemon: …" with kNotFound,
/// kConflict, kInvalidInput, kUnauthorized, kForbidden, kUnavailable by status.
class EngineApi {
  public:
    /// An answer that is read piece by piece.
    using Stream = std::unique_ptr<protocol::http::StreamingResponse>;

    EngineApi(EngineEndpoint endpoint, std::unique_ptr<protocol::http::Client> client);

    [[nodiscard]] const EngineEndpoint& endpoint() const { return endpoint_; }
    /// "1.45"; "" before the first call.
    [[nodiscard]] const std::string& version() const { return version_; }
    /// Whether the negotiated version is at least 1.`minor`.
    [[nodiscard]] bool at_least(int minor) const { return minor_ >= minor; }
    /// Ask for the version again with the next call.
    void forget_version() { version_.clear(); }

    base::Task<base::Result<EngineInfo>> info();

    base::Task<base::Result<ImageFacts>> inspect_image(std::string name);
    /// Reads the progress to its end. `auth`: X-Registry-Auth, "" for none.
    base::Task<base::Result<void>> pull_image(std::string name, std::string tag,
                                              std::string platform, base::Secret auth);
    /// The images as `docker save` writes them, to be read piece by piece.
    base::Task<base::Result<Stream>> save_image(std::string name);

    /// Answers the id. `body` is JSON (container_spec.hpp).
    base::Task<base::Result<std::string>> create_container(std::string name, std::string platform,
                                                           std::string body);
    base::Task<base::Result<void>> start_container(std::string id);
    base::Task<base::Result<ContainerState>> inspect_container(std::string id);
    /// SIGKILL; returns when it has ended. One that does not run (any more) is a success.
    base::Task<base::Result<void>> kill_container(std::string id);
    base::Task<base::Result<int>> wait_container(std::string id);
    /// Force, with its anonymous volumes unless `keep_volumes`. A container that is gone is a
    /// success.
    base::Task<base::Result<void>> remove_container(std::string id, bool keep_volumes);
    /// The last `lines` of both streams together.
    base::Task<base::Result<std::string>> container_log(std::string id, int lines);
    /// Both streams as they grow, framed (see stream_demux.hpp), a time before each line; from
    /// `since` (seconds of Unix) on, 0 for all. Ends with the container.
    base::Task<base::Result<Stream>> follow_log(std::string id, std::int64_t since);
    /// Unpacks a tar below `path`.
    base::Task<base::Result<void>> put_archive(std::string id, std::string path, std::string tar);
    /// Whether `path` exists in the container.
    base::Task<base::Result<bool>> has_path(std::string id, std::string path);
    /// The text of a regular file, symbolic links followed; nullopt when there is none.
    base::Task<base::Result<std::optional<std::string>>> read_file(std::string id,
                                                                   std::string path);

    base::Task<base::Result<std::string>> create_exec(std::string container, ExecSpec spec);
    /// The framed stream of an exec (see exec_stream.hpp).
    base::Task<base::Result<std::unique_ptr<protocol::http::ByteStream>>> start_exec(
        std::string exec);
    base::Task<base::Result<ExecState>> inspect_exec(std::string exec);

    /// Answers the id.
    base::Task<base::Result<std::string>> create_network(std::string body);
    base::Task<base::Result<NetworkState>> inspect_network(std::string name);
    base::Task<base::Result<void>> remove_network(std::string id);
    /// Does nothing for a volume that is there. `body` is JSON.
    base::Task<base::Result<void>> create_volume(std::string body);
    base::Task<base::Result<void>> remove_volume(std::string name);

    using Labels = std::map<std::string, std::string>;
    base::Task<base::Result<std::vector<Listed>>> list_containers(Labels labels);
    base::Task<base::Result<std::vector<Listed>>> list_networks(Labels labels);
    base::Task<base::Result<std::vector<Listed>>> list_volumes(Labels labels);

  private:
    base::Task<base::Result<void>> negotiate();
    base::Task<base::Result<protocol::http::Response>> call(protocol::http::Request request);
    base::Task<base::Result<protocol::http::Response>> get(std::string path);
    base::Task<base::Result<protocol::http::Response>> post(std::string path, std::string body);
    base::Task<base::Result<void>> remove(std::string path);
    base::Task<base::Result<Stream>> open_stream(std::string path);

    EngineEndpoint endpoint_;
    std::unique_ptr<protocol::http::Client> client_;
    std::string version_;
    int minor_ = 0;
};

}  // namespace executors::docker
