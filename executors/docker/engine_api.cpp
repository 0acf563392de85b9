#include "executors/docker/engine_api.hpp"

#include <utility>

#include "base/json.hpp"
#include "base/stop_source.hpp"
#include "executors/docker/engine_json.hpp"
#include "executors/docker/pull_progress.hpp"
#include "executors/docker/stream_demux.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;
using nlohmann::json;
using protocol::http::Request;

namespace {

/// How long the removal of a container by somebody else is waited for.
constexpr std::chrono::seconds kRemovalLimit{10};
constexpr std::size_t kLongestRefusal = 64U << 10U;

std::string filters_query(const EngineApi::Labels& labels) {
    json list = json::array();
    for (const auto& [name, value] : labels) {
        list.push_back(value.empty() ? name : name + "=" + value);
    }
    const json filters = {{"label", list}};
    return "filters=" + encode_query(filters.dump());
}

/// Reads the answer to a pull to its end. The status is sent before the pull begins, so that a
/// failure of the pull is a line of the progress.
Task<Result<std::uint64_t>> read_pull_progress(protocol::http::StreamingResponse& stream,
                                               std::chrono::milliseconds silence) {
    const unsigned status = stream.head().status;
    std::string refusal;
    PullProgress progress;
    while (true) {
        auto reading = stream.read_some(64U << 10U);
        auto piece = co_await base::with_deadline<std::string>(std::move(reading), silence);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        if (engine_succeeded(status)) {
            progress.add(*piece);
        } else if (refusal.size() < kLongestRefusal) {
            refusal += *piece;
        }
    }
    if (!engine_succeeded(status)) co_return engine_error(status, refusal);
    progress.finish();
    if (const auto& failure = progress.failure()) {
        co_return make_error(ErrorKind::kInternal, "Error response from daemon: " + *failure);
    }
    co_return progress.bytes();
}

}  // namespace

EngineApi::EngineApi(EngineEndpoint endpoint, std::unique_ptr<protocol::http::Client> client)
    : client_(std::move(endpoint), std::move(client)) {}

Task<Result<EngineInfo>> EngineApi::info() {
    auto reply = co_await client_.get("/info");
    if (!reply) co_return reply.error();
    auto info = parse_engine_info(reply->body);
    if (!info) co_return info.error();
    info->api_version = client_.version();
    co_return std::move(info);
}

Task<Result<ImageInfo>> EngineApi::inspect_image(std::string name) {
    auto reply = co_await client_.get("/images/" + name + "/json");
    if (!reply) co_return reply.error();
    co_return parse_image_info(reply->body);
}

Task<Result<std::uint64_t>> EngineApi::pull_image(std::string name, std::string tag,
                                                  std::string platform, base::Secret auth,
                                                  std::chrono::milliseconds silence) {
    auto ready = co_await client_.negotiate();
    if (!ready) co_return ready.error();
    Request request;
    request.method = "POST";
    request.target = "/images/create?fromImage=" + encode_query(name) + "&tag=" + encode_query(tag);
    if (!platform.empty()) request.target += "&platform=" + encode_query(platform);
    if (!auth.empty()) request.headers.set("X-Registry-Auth", auth.reveal());
    auto opening = client_.open(std::move(request));
    auto stream = co_await base::with_deadline<std::unique_ptr<protocol::http::StreamingResponse>>(
        std::move(opening), silence);
    if (!stream) co_return stream.error().with_context("Docker engine at " + endpoint().shown);
    auto pulled = co_await read_pull_progress(**stream, silence);
    co_return pulled;
}

Task<Result<void>> EngineApi::tag_image(std::string name, std::string repository, std::string tag) {
    auto reply = co_await client_.post(
        "/images/" + name + "/tag?repo=" + encode_query(repository) + "&tag=" + encode_query(tag),
        "");
    if (!reply) co_return reply.error();
    co_return Result<void>();
}

Task<Result<void>> EngineApi::remove_image(std::string name) {
    auto removed = co_await client_.remove("/images/" + name);
    co_return removed;
}

Task<Result<EngineApi::Stream>> EngineApi::save_image(std::string name) {
    std::string path = "/images/get?names=" + encode_query(name);
    auto stream = co_await client_.open_stream(std::move(path));
    co_return std::move(stream);
}

Task<Result<EngineApi::Stream>> EngineApi::follow_log(std::string id, std::int64_t since) {
    std::string path =
        "/containers/" + id +
        "/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=" + std::to_string(since);
    auto stream = co_await client_.open_stream(std::move(path));
    co_return std::move(stream);
}

Task<Result<std::string>> EngineApi::create_container(std::string name, std::string platform,
                                                      std::string body) {
    auto ready = co_await client_.negotiate();
    if (!ready) co_return ready.error();
    std::string path = "/containers/create?name=" + encode_query(name);
    if (!platform.empty() && at_least(41)) path += "&platform=" + encode_query(platform);
    auto reply = co_await client_.post(std::move(path), std::move(body));
    if (!reply) co_return reply.error();
    co_return parse_new_id(reply->body, "a new container");
}

Task<Result<void>> EngineApi::start_container(std::string id) {
    auto reply = co_await client_.post("/containers/" + id + "/start", "");
    if (!reply) co_return reply.error();
    co_return Result<void>();
}

Task<Result<ContainerState>> EngineApi::inspect_container(std::string id) {
    auto reply = co_await client_.get("/containers/" + id + "/json");
    if (!reply) co_return reply.error();
    co_return parse_container_state(reply->body);
}

Task<Result<std::int64_t>> EngineApi::container_memory(std::string id) {
    // Without one-shot, the engine waits a second for the figures of processors.
    auto reply = co_await client_.get("/containers/" + id + "/stats?stream=false&one-shot=true");
    if (!reply) co_return reply.error();
    co_return parse_memory_use(reply->body);
}

Task<Result<void>> EngineApi::kill_container(std::string id) {
    auto answer = co_await client_.post("/containers/" + id + "/kill", "");
    if (answer) co_return Result<void>();
    const base::Error& error = answer.error();
    if (error.is(ErrorKind::kNotFound) || error.is(ErrorKind::kConflict)) co_return Result<void>();
    co_return error;
}

Task<Result<void>> EngineApi::stop_container(std::string id, int seconds) {
    auto answer =
        co_await client_.post("/containers/" + id + "/stop?t=" + std::to_string(seconds), "");
    if (!answer) co_return answer.error();
    co_return Result<void>();
}

Task<Result<int>> EngineApi::wait_container(std::string id) {
    auto reply = co_await client_.post("/containers/" + id + "/wait", "");
    if (!reply) co_return reply.error();
    co_return parse_container_end(reply->body);
}

Task<Result<void>> EngineApi::remove_container(std::string id, bool keep_volumes) {
    std::string path = "/containers/" + id + "?force=1";
    if (!keep_volumes) path += "&v=1";
    auto removed = co_await client_.remove(std::move(path));
    if (removed || !removed.error().is(ErrorKind::kConflict)) co_return removed;
    // "removal of container … is already in progress": someone else does it. Until then it holds
    // its volumes and networks.
    auto waiting = client_.post("/containers/" + id + "/wait?condition=removed", "");
    auto gone =
        co_await base::with_deadline<protocol::http::Response>(std::move(waiting), kRemovalLimit);
    if (!gone && gone.error().is(ErrorKind::kCancelled)) co_return gone.error();
    co_return Result<void>();
}

Task<Result<std::string>> EngineApi::container_log(std::string id, int lines) {
    auto reply = co_await client_.get("/containers/" + id +
                                      "/logs?stdout=1&stderr=1&tail=" + std::to_string(lines));
    if (!reply) co_return reply.error();
    StreamDemux demux;
    auto size = demux.merge(reply->body);
    if (!size) co_return size.error();
    reply->body.resize(*size);
    co_return std::move(reply->body);
}

Task<Result<void>> EngineApi::put_archive(std::string id, std::string path, std::string tar) {
    Request request;
    request.method = "PUT";
    request.target = "/containers/" + id + "/archive?path=" + encode_query(path);
    request.headers.set("Content-Type", "application/x-tar");
    request.body = std::move(tar);
    auto reply = co_await client_.send(std::move(request));
    if (!reply) co_return reply.error();
    co_return Result<void>();
}

Task<Result<void>> EngineApi::put_archive_file(std::string id, std::string path,
                                               base::FilePart archive) {
    Request request;
    request.method = "PUT";
    request.target = "/containers/" + id + "/archive?path=" + encode_query(path);
    request.headers.set("Content-Type", "application/x-tar");
    request.file = archive;
    auto reply = co_await client_.send(std::move(request));
    if (!reply) co_return reply.error();
    co_return Result<void>();
}

Task<Result<bool>> EngineApi::has_path(std::string id, std::string path) {
    Request request;
    request.method = "HEAD";
    request.target = "/containers/" + id + "/archive?path=" + encode_query(path);
    auto reply = co_await client_.send(std::move(request));
    if (reply) co_return true;
    if (reply.error().is(ErrorKind::kNotFound)) co_return false;
    co_return reply.error();
}

Task<Result<std::optional<std::string>>> EngineApi::read_file(std::string id, std::string path) {
    for (int hops = 0; hops < 5; ++hops) {
        auto reply =
            co_await client_.get("/containers/" + id + "/archive?path=" + encode_query(path));
        if (!reply) {
            if (reply.error().is(ErrorKind::kNotFound)) co_return std::optional<std::string>();
            co_return reply.error();
        }
        auto entry = first_tar_entry(reply->body);
        if (!entry) co_return entry.error();
        if (entry->type == '0') co_return std::optional<std::string>(std::move(entry->content));
        if (entry->type != '2') co_return std::optional<std::string>();
        if (entry->link.starts_with("/")) {
            path = entry->link;
        } else {
            path = path.substr(0, path.rfind('/') + 1) + entry->link;
        }
    }
    co_return std::optional<std::string>();
}

Task<Result<std::string>> EngineApi::create_exec(std::string container, ExecSpec spec) {
    json body = {{"AttachStdin", spec.input},
                 {"AttachStdout", true},
                 {"AttachStderr", true},
                 {"Tty", false},
                 {"Cmd", spec.command}};
    if (!spec.environment.empty()) body["Env"] = spec.environment;
    if (!spec.user.empty()) body["User"] = spec.user;
    auto reply = co_await client_.post("/containers/" + container + "/exec", body.dump());
    if (!reply) co_return reply.error();
    co_return parse_new_id(reply->body, "an exec");
}

Task<Result<std::unique_ptr<protocol::http::ByteStream>>> EngineApi::start_exec(std::string exec) {
    Request request;
    request.method = "POST";
    request.target = "/exec/" + exec + "/start";
    request.headers.set("Content-Type", "application/json");
    request.headers.set("Connection", "Upgrade");
    request.headers.set("Upgrade", "tcp");
    request.body = R"({"Detach":false,"Tty":false})";
    auto stream = co_await client_.upgrade(std::move(request));
    co_return std::move(stream);
}

Task<Result<ExecState>> EngineApi::inspect_exec(std::string exec) {
    auto reply = co_await client_.get("/exec/" + exec + "/json");
    if (!reply) co_return reply.error();
    co_return parse_exec_state(reply->body);
}

Task<Result<std::string>> EngineApi::create_network(std::string body) {
    auto reply = co_await client_.post("/networks/create", std::move(body));
    if (!reply) co_return reply.error();
    co_return parse_new_id(reply->body, "a new network");
}

Task<Result<NetworkState>> EngineApi::inspect_network(std::string name) {
    auto reply = co_await client_.get("/networks/" + encode_query(name));
    if (!reply) co_return reply.error();
    co_return parse_network_state(reply->body);
}

Task<Result<void>> EngineApi::remove_network(std::string id) {
    auto removed = co_await client_.remove("/networks/" + id);
    co_return removed;
}

Task<Result<void>> EngineApi::create_volume(std::string body) {
    auto reply = co_await client_.post("/volumes/create", std::move(body));
    if (!reply) co_return reply.error();
    co_return Result<void>();
}

Task<Result<void>> EngineApi::remove_volume(std::string name) {
    auto removed = co_await client_.remove("/volumes/" + name);
    co_return removed;
}

Task<Result<bool>> EngineApi::has_volume(std::string name) {
    auto reply = co_await client_.get("/volumes/" + name);
    if (reply) co_return true;
    if (reply.error().is(ErrorKind::kNotFound)) co_return false;
    co_return reply.error();
}

Task<Result<std::vector<Listed>>> EngineApi::list_users_of_volume(std::string name) {
    const json filters = {{"volume", {name}},
                          {"status", {"created", "running", "paused", "restarting"}}};
    auto reply =
        co_await client_.get("/containers/json?all=1&filters=" + encode_query(filters.dump()));
    if (!reply) co_return reply.error();
    co_return parse_containers(reply->body);
}

Task<Result<std::vector<Listed>>> EngineApi::list_containers(Labels labels) {
    auto reply = co_await client_.get("/containers/json?all=1&" + filters_query(labels));
    if (!reply) co_return reply.error();
    co_return parse_containers(reply->body);
}

Task<Result<std::vector<Listed>>> EngineApi::list_networks(Labels labels) {
    auto reply = co_await client_.get("/networks?" + filters_query(labels));
    if (!reply) co_return reply.error();
    co_return parse_networks(reply->body);
}

Task<Result<std::vector<Listed>>> EngineApi::list_volumes(Labels labels) {
    auto reply = co_await client_.get("/volumes?" + filters_query(labels));
    if (!reply) co_return reply.error();
    co_return parse_volumes(reply->body);
}

Task<Result<std::vector<ListedImage>>> EngineApi::list_images() {
    auto reply = co_await client_.get("/images/json?all=1");
    if (!reply) co_return reply.error();
    co_return parse_images(reply->body);
}

Task<Result<std::map<std::string, std::uint64_t>>> EngineApi::volume_sizes() {
    auto ready = co_await client_.negotiate();
    if (!ready) co_return ready.error();
    // Older engines also add up images and containers.
    std::string path = "/system/df";
    if (at_least(42)) path += "?type=volume";
    auto reply = co_await client_.get(std::move(path));
    if (!reply) co_return reply.error();
    co_return parse_volume_sizes(reply->body);
}

}  // namespace executors::docker
