#include "executors/docker/engine_api.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "executors/docker/engine_json.hpp"
#include "executors/docker/tar_archive.hpp"

namespace executors::docker {

using base::ErrorKind;
using base::make_error;
using base::Result;
using base::Task;
using nlohmann::json;
using protocol::http::Request;
using protocol::http::Response;

namespace {

constexpr int kOldestMinor = 24;
constexpr int kNewestMinor = 47;

/// "1.45" → 45; -1 for anything else.
int minor_of(std::string_view version) {
    if (!version.starts_with("1.")) return -1;
    int minor = -1;
    const auto* end = version.data() + version.size();
    const auto [stop, code] = std::from_chars(version.data() + 2, end, minor);
    return code == std::errc() && stop == end ? minor : -1;
}

bool succeeded(unsigned status) { return status >= 200 && status < 400; }

std::string filters_query(const EngineApi::Labels& labels) {
    json list = json::array();
    for (const auto& [name, value] : labels) list.push_back(name + "=" + value);
    const json filters = {{"label", list}};
    return "filters=" + encode_query(filters.dump());
}

Result<std::string> parse_new_id(std::string_view body, const char* what) {
    auto value = parse_engine_json(body, what);
    if (!value) return value.error();
    std::string id = text_at(*value, "Id");
    if (id.empty()) {
        return make_error(ErrorKind::kProtocol,
                          std::string("the Docker engine made ") + what + " without an id");
    }
    return id;
}

std::vector<Listed> parse_list(const json& items, const char* id_key) {
    std::vector<Listed> list;
    if (!items.is_array()) return list;
    for (const auto& item : items) {
        Listed entry;
        entry.id = text_at(item, id_key);
        entry.name = text_at(item, "Name");
        const auto names = texts_at(item, "Names");
        if (entry.name.empty() && !names.empty()) entry.name = names.front();
        if (entry.name.starts_with("/")) entry.name.erase(0, 1);
        entry.labels = labels_at(item, "Labels");
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace

EngineApi::EngineApi(EngineEndpoint endpoint, std::unique_ptr<protocol::http::Client> client)
    : endpoint_(std::move(endpoint)), client_(std::move(client)) {}

Task<Result<void>> EngineApi::negotiate() {
    if (!version_.empty()) co_return Result<void>();
    Request request;
    request.target = "/_ping";
    auto reply = co_await client_->send(std::move(request));
    if (!reply) {
        const auto context = "Cannot connect to the Docker daemon at " + endpoint_.shown +
                             ". Is the docker daemon running, and may this user talk to it?";
        co_return reply.error().with_context(context);
    }
    if (reply->status != 200) {
        auto error = engine_error(reply->status, reply->body);
        co_return error.with_context("what answers at " + endpoint_.shown +
                                     " does not answer a ping as a Docker engine does");
    }
    const std::string theirs(reply->headers.get("Api-Version"));
    const int minor = minor_of(theirs);
    if (minor < kOldestMinor) {
        co_return make_error(ErrorKind::kConfiguration,
                             "the Docker engine at " + endpoint_.shown + " speaks API version \"" +
                                 theirs + "\"; at least 1." + std::to_string(kOldestMinor) +
                                 " (Docker 1.12) is needed: update the engine");
    }
    minor_ = std::min(minor, kNewestMinor);
    version_ = "1." + std::to_string(minor_);
    co_return Result<void>();
}

Task<Result<Response>> EngineApi::call(Request request) {
    auto ready = co_await negotiate();
    if (!ready) co_return ready.error();
    request.target = "/v" + version_ + request.target;
    auto reply = co_await client_->send(std::move(request));
    if (!reply) co_return reply.error().with_context("Docker engine at " + endpoint_.shown);
    if (!succeeded(reply->status)) {
        auto error = engine_error(reply->status, reply->body);
        // The engine was replaced by an older or newer one while we ran.
        if (error.message.find("client version") != std::string::npos) forget_version();
        co_return error;
    }
    co_return std::move(reply);
}

Task<Result<Response>> EngineApi::get(std::string path) {
    Request request;
    request.target = std::move(path);
    auto reply = co_await call(std::move(request));
    co_return std::move(reply);
}

Task<Result<Response>> EngineApi::post(std::string path, std::string body) {
    Request request;
    request.method = "POST";
    request.target = std::move(path);
    if (!body.empty()) request.headers.set("Content-Type", "application/json");
    request.body = std::move(body);
    auto reply = co_await call(std::move(request));
    co_return std::move(reply);
}

Task<Result<void>> EngineApi::remove(std::string path) {
    Request request;
    request.method = "DELETE";
    request.target = std::move(path);
    auto reply = co_await call(std::move(request));
    if (!reply && !reply.error().is(ErrorKind::kNotFound)) co_return reply.error();
    co_return Result<void>();
}

Task<Result<EngineInfo>> EngineApi::info() {
    auto reply = co_await get("/info");
    if (!reply) co_return reply.error();
    auto value = parse_engine_json(reply->body, "itself");
    if (!value) co_return value.error();
    EngineInfo info;
    info.name = text_at(*value, "Name");
    info.server_version = text_at(*value, "ServerVersion");
    info.os_type = text_at(*value, "OSType");
    info.architecture = text_at(*value, "Architecture");
    info.api_version = version_;
    co_return info;
}

Task<Result<ImageFacts>> EngineApi::inspect_image(std::string name) {
    auto reply = co_await get("/images/" + name + "/json");
    if (!reply) co_return reply.error();
    co_return parse_image_facts(reply->body);
}

Task<Result<void>> EngineApi::pull_image(std::string name, std::string tag, std::string platform,
                                         base::Secret auth) {
    auto ready = co_await negotiate();
    if (!ready) co_return ready.error();
    Request request;
    request.method = "POST";
    request.target = "/v" + version_ + "/images/create?fromImage=" + encode_query(name) +
                     "&tag=" + encode_query(tag);
    if (!platform.empty()) request.target += "&platform=" + encode_query(platform);
    if (!auth.empty()) request.headers.set("X-Registry-Auth", auth.reveal());
    auto stream = co_await client_->open(std::move(request));
    if (!stream) co_return stream.error().with_context("Docker engine at " + endpoint_.shown);
    const unsigned status = (*stream)->head().status;
    std::string text;
    std::optional<std::string> failure;
    while (true) {
        auto piece = co_await (*stream)->read_some(64U << 10U);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        text += *piece;
        if (!succeeded(status)) continue;
        std::size_t end = 0;
        while ((end = text.find('\n')) != std::string::npos) {
            auto found = pull_failure(std::string_view(text).substr(0, end));
            if (found) failure = std::move(found);
            text.erase(0, end + 1);
        }
    }
    if (!succeeded(status)) co_return engine_error(status, text);
    if (!failure) failure = pull_failure(text);
    if (failure) {
        co_return make_error(ErrorKind::kInternal, "Error response from daemon: " + *failure);
    }
    co_return Result<void>();
}

Task<Result<EngineApi::Stream>> EngineApi::open_stream(std::string path) {
    auto ready = co_await negotiate();
    if (!ready) co_return ready.error();
    Request request;
    request.target = "/v" + version_ + path;
    auto stream = co_await client_->open(std::move(request));
    if (!stream) co_return stream.error();
    if ((*stream)->head().status != 200) {
        auto piece = co_await (*stream)->read_some(4096);
        co_return engine_error((*stream)->head().status, piece ? *piece : std::string());
    }
    co_return std::move(stream);
}

Task<Result<EngineApi::Stream>> EngineApi::save_image(std::string name) {
    std::string path = "/images/get?names=" + encode_query(name);
    auto stream = co_await open_stream(std::move(path));
    co_return std::move(stream);
}

Task<Result<EngineApi::Stream>> EngineApi::follow_log(std::string id, std::int64_t since) {
    std::string path =
        "/containers/" + id +
        "/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=" + std::to_string(since);
    auto stream = co_await open_stream(std::move(path));
    co_return std::move(stream);
}

Task<Result<std::string>> EngineApi::create_container(std::string name, std::string platform,
                                                      std::string body) {
    auto ready = co_await negotiate();
    if (!ready) co_return ready.error();
    std::string path = "/containers/create?name=" + encode_query(name);
    if (!platform.empty() && at_least(41)) path += "&platform=" + encode_query(platform);
    auto reply = co_await post(std::move(path), std::move(body));
    if (!reply) co_return reply.error();
    co_return parse_new_id(reply->body, "a new container");
}

Task<Result<void>> EngineApi::start_container(std::string id) {
    auto reply = co_await post("/containers/" + id + "/start", "");
    if (!reply) co_return reply.error();
    co_return Result<void>();
}

Task<Result<ContainerState>> EngineApi::inspect_container(std::string id) {
    auto reply = co_await get("/containers/" + id + "/json");
    if (!reply) co_return reply.error();
    co_return parse_container_state(reply->body);
}

Task<Result<void>> EngineApi::kill_container(std::string id) {
    auto answer = co_await post("/containers/" + id + "/kill", "");
    if (answer) co_return Result<void>();
    const base::Error& error = answer.error();
    if (error.is(ErrorKind::kNotFound) || error.is(ErrorKind::kConflict)) co_return Result<void>();
    co_return error;
}

Task<Result<int>> EngineApi::wait_container(std::string id) {
    auto reply = co_await post("/containers/" + id + "/wait", "");
    if (!reply) co_return reply.error();
    co_return parse_container_end(reply->body);
}

Task<Result<void>> EngineApi::remove_container(std::string id, bool keep_volumes) {
    std::string path = "/containers/" + id + "?force=1";
    if (!keep_volumes) path += "&v=1";
    auto removed = co_await remove(std::move(path));
    // "removal of container … is already in progress": someone else does it.
    if (!removed && removed.error().is(ErrorKind::kConflict)) co_return Result<void>();
    co_return removed;
}

Task<Result<std::string>> EngineApi::container_log(std::string id, int lines) {
    auto reply =
        co_await get("/containers/" + id + "/logs?stdout=1&stderr=1&tail=" + std::to_string(lines));
    if (!reply) co_return reply.error();
    std::string text;
    std::size_t at = 0;
    std::string& body = reply->body;
    // Frame by frame, so that the two streams keep their order.
    while (body.size() - at >= 8) {
        const auto byte = [&](std::size_t i) {
            return std::size_t{static_cast<unsigned char>(body[at + i])};
        };
        const std::size_t size = byte(4) << 24U | byte(5) << 16U | byte(6) << 8U | byte(7);
        text.append(body, at + 8, size);
        at += 8 + std::min(size, body.size() - at - 8);
    }
    co_return text;
}

Task<Result<void>> EngineApi::put_archive(std::string id, std::string path, std::string tar) {
    Request request;
    request.method = "PUT";
    request.target = "/containers/" + id + "/archive?path=" + encode_query(path);
    request.headers.set("Content-Type", "application/x-tar");
    request.body = std::move(tar);
    auto reply = co_await call(std::move(request));
    if (!reply) co_return reply.error();
    co_return Result<void>();
}

Task<Result<bool>> EngineApi::has_path(std::string id, std::string path) {
    Request request;
    request.method = "HEAD";
    request.target = "/containers/" + id + "/archive?path=" + encode_query(path);
    auto reply = co_await call(std::move(request));
    if (reply) co_return true;
    if (reply.error().is(ErrorKind::kNotFound)) co_return false;
    co_return reply.error();
}

Task<Result<std::optional<std::string>>> EngineApi::read_file(std::string id, std::string path) {
    for (int hops = 0; hops < 5; ++hops) {
        auto reply = co_await get("/containers/" + id + "/archive?path=" + encode_query(path));
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
    auto reply = co_await post("/containers/" + container + "/exec", body.dump());
    if (!reply) co_return reply.error();
    co_return parse_new_id(reply->body, "an exec");
}

Task<Result<std::unique_ptr<protocol::http::ByteStream>>> EngineApi::start_exec(std::string exec) {
    Request request;
    request.method = "POST";
    request.target = "/v" + version_ + "/exec/" + exec + "/start";
    request.headers.set("Content-Type", "application/json");
    request.headers.set("Connection", "Upgrade");
    request.headers.set("Upgrade", "tcp");
    request.body = R"({"Detach":false,"Tty":false})";
    auto stream = co_await client_->upgrade(std::move(request));
    co_return std::move(stream);
}

Task<Result<ExecState>> EngineApi::inspect_exec(std::string exec) {
    auto reply = co_await get("/exec/" + exec + "/json");
    if (!reply) co_return reply.error();
    co_return parse_exec_state(reply->body);
}

Task<Result<std::string>> EngineApi::create_network(std::string body) {
    auto reply = co_await post("/networks/create", std::move(body));
    if (!reply) co_return reply.error();
    co_return parse_new_id(reply->body, "a new network");
}

Task<Result<NetworkState>> EngineApi::inspect_network(std::string name) {
    auto reply = co_await get("/networks/" + encode_query(name));
    if (!reply) co_return reply.error();
    auto value = parse_engine_json(reply->body, "a network");
    if (!value) co_return value.error();
    NetworkState state;
    state.id = text_at(*value, "Id");
    state.name = text_at(*value, "Name");
    state.containers = keys_at(*value, "Containers");
    const std::string mtu = text_at(object_at(*value, "Options"), "com.docker.network.driver.mtu");
    std::from_chars(mtu.data(), mtu.data() + mtu.size(), state.mtu);
    co_return state;
}

Task<Result<void>> EngineApi::remove_network(std::string id) {
    auto removed = co_await remove("/networks/" + id);
    co_return removed;
}

Task<Result<void>> EngineApi::create_volume(std::string body) {
    auto reply = co_await post("/volumes/create", std::move(body));
    if (!reply) co_return reply.error();
    co_return Result<void>();
}

Task<Result<void>> EngineApi::remove_volume(std::string name) {
    auto removed = co_await remove("/volumes/" + name);
    co_return removed;
}

Task<Result<std::vector<Listed>>> EngineApi::list_containers(Labels labels) {
    auto reply = co_await get("/containers/json?all=1&" + filters_query(labels));
    if (!reply) co_return reply.error();
    auto value = parse_engine_json(reply->body, "its containers");
    if (!value) co_return value.error();
    co_return parse_list(*value, "Id");
}

Task<Result<std::vector<Listed>>> EngineApi::list_networks(Labels labels) {
    auto reply = co_await get("/networks?" + filters_query(labels));
    if (!reply) co_return reply.error();
    auto value = parse_engine_json(reply->body, "its networks");
    if (!value) co_return value.error();
    co_return parse_list(*value, "Id");
}

Task<Result<std::vector<Listed>>> EngineApi::list_volumes(Labels labels) {
    auto reply = co_await get("/volumes?" + filters_query(labels));
    if (!reply) co_return reply.error();
    auto value = parse_engine_json(reply->body, "its volumes");
    if (!value) co_return value.error();
    if (!value->is_object() || !value->contains("Volumes")) co_return std::vector<Listed>();
    co_return parse_list((*value)["Volumes"], "Name");
}

}  // namespace executors::docker
