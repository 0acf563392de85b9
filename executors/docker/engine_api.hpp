#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_part.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_client.hpp"
#include "executors/docker/engine_parse.hpp"

namespace executors::docker {

struct ExecSpec {
    std::vector<std::string> command;
    std::vector<std::string> environment;
    std::string user;  ///< "" : the container's
    bool input = false;
};

/// The calls of the Docker Engine API that a job needs: one method for each endpoint, and nothing
/// else (that is why there are many).
///
/// Life, strand and failures are those of EngineClient; the first call asks the engine for its
/// version.
class EngineApi {
  public:
    using Stream = EngineClient::Stream;

    EngineApi(EngineEndpoint endpoint, std::unique_ptr<protocol::http::Client> client);

    [[nodiscard]] const EngineEndpoint& endpoint() const { return client_.endpoint(); }
    /// Whether the negotiated version is at least 1.`minor`.
    [[nodiscard]] bool at_least(int minor) const { return client_.at_least(minor); }
    /// The next call asks for the version again.
    void forget_version() { client_.forget_version(); }

    base::Task<base::Result<EngineInfo>> info();

    base::Task<base::Result<ImageInfo>> inspect_image(std::string name);
    /// Reads the progress to its end. `auth`: X-Registry-Auth, "" for none. `silence`: how long the
    /// engine may have nothing to tell, then kTimeout. Answers PullProgress::bytes().
    base::Task<base::Result<std::uint64_t>> pull_image(
        std::string name, std::string tag, std::string platform, base::Secret auth,
        std::chrono::milliseconds silence = std::chrono::hours(24));
    /// Gives an image another name, taking it from the image that has it. `name`: one of its names.
    base::Task<base::Result<void>> tag_image(std::string name, std::string repository,
                                             std::string tag);
    /// Takes the name away, and the image when it has no other. One that does not exist is a
    /// success.
    base::Task<base::Result<void>> remove_image(std::string name);
    /// The images as `docker save` writes them, to be read piece by piece.
    base::Task<base::Result<Stream>> save_image(std::string name);

    /// Answers the id. `body` is JSON (container_spec.hpp).
    base::Task<base::Result<std::string>> create_container(std::string name, std::string platform,
                                                           std::string body);
    base::Task<base::Result<void>> start_container(std::string id);
    base::Task<base::Result<ContainerState>> inspect_container(std::string id);
    /// The memory that it uses now, in bytes, without what the kernel can take back at once (pages
    /// of files that were not used lately); 0 when the engine cannot tell.
    base::Task<base::Result<std::int64_t>> container_memory(std::string id);
    /// SIGKILL; returns when the container has ended. A container that does not run or does not
    /// exist is a success.
    base::Task<base::Result<void>> kill_container(std::string id);
    /// SIGTERM, and SIGKILL after that many seconds; returns when the container has ended.
    base::Task<base::Result<void>> stop_container(std::string id, int seconds);
    base::Task<base::Result<int>> wait_container(std::string id);
    /// By force, and with the container's anonymous volumes unless `keep_volumes`. A container that
    /// does not exist is a success; one that is just being removed is waited for, 10 s at most.
    base::Task<base::Result<void>> remove_container(std::string id, bool keep_volumes);
    /// The last `lines` of both streams, in the order in which they were written.
    base::Task<base::Result<std::string>> container_log(std::string id, int lines);
    /// Both streams as they grow, framed (stream_demux.hpp), with a time before each line, from
    /// `since` on (seconds since 1970; 0: everything). Ends when the container ends.
    base::Task<base::Result<Stream>> follow_log(std::string id, std::int64_t since);
    /// Unpacks a tar below `path`.
    base::Task<base::Result<void>> put_archive(std::string id, std::string path, std::string tar);
    /// The same for the archive in a file, which may be compressed by gzip.
    base::Task<base::Result<void>> put_archive_file(std::string id, std::string path,
                                                    base::FilePart archive);
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
    /// A volume of that name that exists already is a success. `body` is JSON.
    base::Task<base::Result<void>> create_volume(std::string body);
    base::Task<base::Result<void>> remove_volume(std::string name);
    base::Task<base::Result<bool>> has_volume(std::string name);

    /// An empty value stands for any.
    using Labels = std::map<std::string, std::string>;
    base::Task<base::Result<std::vector<Listed>>> list_containers(Labels labels);
    /// Those that use the volume, or will use it when they start.
    base::Task<base::Result<std::vector<Listed>>> list_users_of_volume(std::string name);
    base::Task<base::Result<std::vector<Listed>>> list_networks(Labels labels);
    base::Task<base::Result<std::vector<Listed>>> list_volumes(Labels labels);
    /// All, with those that only other images build on.
    base::Task<base::Result<std::vector<ListedImage>>> list_images();
    /// Bytes by volume; without those that the engine does not know. It walks through all volumes:
    /// the answer may take minutes.
    base::Task<base::Result<std::map<std::string, std::uint64_t>>> volume_sizes();

  private:
    EngineClient client_;
};

}  // namespace executors::docker
