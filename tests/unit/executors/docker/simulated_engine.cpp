#include "tests/unit/executors/docker/simulated_engine.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/digest.hpp"
#include "executors/docker/engine_json.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"

namespace executors::docker {

using base::Result;
using base::Task;
using nlohmann::json;
using protocol::http::Request;
using protocol::http::Response;

namespace {

Response respond(unsigned status, const json& body) {
    Response response;
    response.status = status;
    response.body = body.dump();
    return response;
}

Response respond_empty(unsigned status) {
    Response response;
    response.status = status;
    return response;
}

Response not_found() { return respond(404, {{"message", "no such thing"}}); }

std::string decode(const std::string& text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            decoded += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

std::string query_value(const std::string& query, const std::string& name) {
    const auto begin = ("&" + query).find("&" + name + "=");
    if (begin == std::string::npos) return {};
    const auto from = begin + name.size() + 1;
    return decode(query.substr(from, query.find('&', from) - from));
}

/// "app" for "app:1".
std::string without_tag(const std::string& name) {
    const auto colon = name.rfind(':');
    const bool tagged = colon != std::string::npos && name.find('/', colon) == std::string::npos;
    return tagged ? name.substr(0, colon) : name;
}

/// Whether something with these labels is wanted by the filters of a list.
bool fits_filters(const std::string& query, const std::map<std::string, std::string>& labels) {
    const json filters = json::parse(query_value(query, "filters"));
    for (const std::string text : filters.value("label", json::array())) {
        const auto equal = text.find('=');
        const auto found = labels.find(text.substr(0, equal));
        const bool any = equal == std::string::npos;
        if (found == labels.end() || (!any && found->second != text.substr(equal + 1)))
            return false;
    }
    return true;
}

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

/// Keeps what is sent to a program.
class SimulatedStream final : public ScriptedStream {
  public:
    SimulatedStream(std::string bytes, SimulatedEngine& engine)
        : ScriptedStream(std::move(bytes)), engine_(engine) {}
    Task<Result<void>> write_all(std::string_view bytes) override {
        engine_.sent_to_execs.emplace_back(bytes);
        co_return Result<void>();
    }

  private:
    SimulatedEngine& engine_;
};

class SimulatedClient final : public protocol::http::Client {
  public:
    explicit SimulatedClient(SimulatedEngine& engine) : engine_(engine) {}

    Task<Result<Response>> send(Request request) override {
        auto response = co_await engine_.handle(std::move(request));
        co_return std::move(response);
    }
    Task<Result<std::unique_ptr<protocol::http::StreamingResponse>>> open(
        Request request) override {
        auto response = co_await engine_.handle(std::move(request));
        if (!response) co_return response.error();
        std::unique_ptr<protocol::http::StreamingResponse> stream =
            std::make_unique<ScriptedResponse>(std::move(*response));
        co_return std::move(stream);
    }
    Task<Result<std::unique_ptr<protocol::http::ByteStream>>> upgrade(Request request) override {
        auto response = co_await engine_.handle(std::move(request));
        if (!response) co_return response.error();
        if (response->status >= 400) {
            co_return base::make_error(base::ErrorKind::kInternal, response->body);
        }
        std::unique_ptr<protocol::http::ByteStream> stream =
            std::make_unique<SimulatedStream>(engine_.take_exec_output(), engine_);
        co_return std::move(stream);
    }
    void close_idle() override {}
    [[nodiscard]] std::string peer_ca_chain() const override { return {}; }

  private:
    SimulatedEngine& engine_;
};

}  // namespace

void SimulatedEngine::add_image(const std::string& name, json config) {
    images[name] = {{"Id", "id-of-" + name},
                    {"Os", "linux"},
                    {"Architecture", "amd64"},
                    {"Config", std::move(config)}};
}

void SimulatedEngine::break_request(int number, Fault fault, std::function<void()> on_fault) {
    left_until_fault_ = number;
    fault_ = fault;
    on_fault_ = std::move(on_fault);
}

Task<Result<Response>> SimulatedEngine::handle(Request request) {
    // An answer never comes within the step that sent the request.
    auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, base::use_tuple);
    const std::string target = request.target.substr(0, request.target.find('?'));
    requests.push_back(request.method + " " + target);
    const bool broken = left_until_fault_ > 0 && --left_until_fault_ == 0;
    if (broken && on_fault_) on_fault_();
    if (broken && fault_ == Fault::kRefused) {
        co_return respond(500, {{"message", "the test refuses this request"}});
    }
    const bool late = broken && fault_ == Fault::kLate;
    const bool never =
        (broken && fault_ == Fault::kSilent) || (!silent.empty() && target.ends_with(silent));
    if (late || never) {
        const std::chrono::milliseconds pause(late ? 20 : 600'000);
        const bool slept = co_await base::sleep_for(pause);
        if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
    }
    if (target.ends_with("/wait") && is_running(target)) {
        const bool slept = co_await base::sleep_for(std::chrono::minutes(1));
        if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
    }
    if (target.ends_with("/images/create")) co_await wait_for_release();
    Response response = answer(request);
    if (broken && fault_ == Fault::kLost) {
        co_return base::make_error(base::ErrorKind::kUnavailable, "the test cut the connection");
    }
    co_return response;
}

void SimulatedEngine::release_pulls() {
    hold_pulls = false;
    if (released_) released_->notify_all();
}

Task<void> SimulatedEngine::wait_for_release() {
    if (!hold_pulls) co_return;
    auto executor = co_await boost::asio::this_coro::executor;
    if (!released_) released_ = std::make_shared<base::Notifier>(executor);
    while (hold_pulls) co_await released_->wait();
}

std::set<std::string> SimulatedEngine::inventory() const {
    std::set<std::string> all;
    for (const auto& [id, container] : containers) all.insert("container " + container.name);
    for (const auto& [name, body] : networks) all.insert("network " + name);
    for (const auto& [name, body] : volumes) all.insert("volume " + name);
    return all;
}

SimulatedEngine::Container* SimulatedEngine::find(const std::string& part) {
    for (auto& [id, container] : containers) {
        if (container.name.find(part) != std::string::npos) return &container;
    }
    return nullptr;
}

std::string SimulatedEngine::id_of_part(const std::string& part) const {
    for (const auto& [id, container] : containers) {
        if (container.name.find(part) != std::string::npos) return id;
    }
    return {};
}

std::string SimulatedEngine::take_exec_output() {
    if (exec_outputs.empty()) return exec_output;
    std::string output = exec_outputs.front();
    exec_outputs.erase(exec_outputs.begin());
    return output;
}

bool SimulatedEngine::is_running(const std::string& target) const {
    return std::any_of(containers.begin(), containers.end(), [&](const auto& entry) {
        return target.find("/" + entry.first + "/") != std::string::npos && entry.second.running;
    });
}

std::string SimulatedEngine::id_of(const std::string& id_or_name) const {
    for (const auto& [id, container] : containers) {
        if (id == id_or_name || container.name == id_or_name) return id;
    }
    return {};
}

Response SimulatedEngine::answer(const Request& request) {
    const auto question = request.target.find('?');
    std::string path = request.target.substr(0, question);
    const std::string query =
        question == std::string::npos ? "" : request.target.substr(question + 1);
    if (path == "/_ping") {
        Response response = respond_empty(200);
        response.headers.set("Api-Version", "1.45");
        return response;
    }
    path.erase(0, path.find('/', 1));
    const std::string call = request.method + " " + path;
    if (call == "GET /info") {
        return respond(200, {{"Name", "host"},
                             {"ID", "engine-id"},
                             {"DockerRootDir", root_directory},
                             {"Architecture", architecture}});
    }
    if (call == "GET /images/json") return list_images();
    if (call == "GET /system/df") return respond(200, json::object());
    if (path.starts_with("/images/")) return answer_image(request.method, path, query);
    if (call == "GET /networks") return respond(200, json::array());
    if (call == "GET /volumes") return list_volumes(query);
    if (call == "GET /containers/json") return list_containers(query);
    if (call == "POST /containers/create") return create_container(query, request.body);
    if (path.starts_with("/containers/")) {
        return answer_container(request.method, path.substr(12), request);
    }
    if (call == "POST /volumes/create" || call == "POST /networks/create") {
        auto& things = path.starts_with("/volumes") ? volumes : networks;
        const json body = json::parse(request.body);
        const std::string name = body["Name"];
        things[name] = body;
        return respond(201, {{"Id", name}, {"Name", name}});
    }
    if (request.method == "GET" && path.starts_with("/volumes/")) {
        const auto found = volumes.find(path.substr(std::string("/volumes/").size()));
        return found == volumes.end() ? not_found() : respond(200, {{"Name", found->first}});
    }
    if (request.method == "DELETE") {
        auto& things = path.starts_with("/volumes") ? volumes : networks;
        return things.erase(path.substr(path.rfind('/') + 1)) > 0 ? respond_empty(204)
                                                                  : not_found();
    }
    if (path.starts_with("/networks/")) return respond(200, {{"Id", "n"}, {"Options", json()}});
    if (path.starts_with("/exec/")) {
        return respond(200, {{"Running", false}, {"ExitCode", exec_exit_code}});
    }
    return not_found();
}

Response SimulatedEngine::answer_image(const std::string& method, const std::string& path,
                                       const std::string& query) {
    if (method == "POST" && path.ends_with("/tag")) return tag(path, query);
    if (method == "POST") return pull(query);
    if (method == "DELETE") return remove_image(path.substr(8));
    if (path == "/images/get") return respond_empty(200);
    const std::string name = path.substr(8, path.size() - 8 - std::string("/json").size());
    auto found = images.find(name);
    if (found == images.end()) found = images.find(without_tag(name));
    if (found == images.end()) {
        found = std::find_if(images.begin(), images.end(),
                             [&](const auto& image) { return image.second["Id"] == name; });
    }
    return found == images.end() ? respond(404, {{"message", "No such image: " + name}})
                                 : respond(200, found->second);
}

Response SimulatedEngine::remove_image(const std::string& name) {
    const auto found = images.find(name);
    if (found == images.end()) return not_found();
    const json image = found->second;
    const std::string id = image["Id"];
    if (name == id && parents.contains(id)) return respond(409, {{"message", "it has children"}});
    images.erase(found);
    const bool named = std::any_of(images.begin(), images.end(),
                                   [&](const auto& other) { return other.second["Id"] == id; });
    if (!named && parents.contains(id)) images[id] = image;
    return respond_empty(200);
}

Response SimulatedEngine::tag(const std::string& path, const std::string& query) {
    const std::string name = path.substr(8, path.size() - 8 - std::string("/tag").size());
    const auto found = images.find(without_tag(name));
    if (found == images.end()) return respond(404, {{"message", "No such image: " + name}});
    const json image = found->second;
    images[query_value(query, "repo")] = image;
    return respond_empty(201);
}

Response SimulatedEngine::list_images() {
    json list = json::array();
    for (const auto& [name, image] : images) {
        list.push_back({{"Id", image["Id"]}, {"RepoTags", {name}}, {"Size", 1000}});
    }
    return respond(200, list);
}

Response SimulatedEngine::list_volumes(const std::string& query) {
    json list = json::array();
    for (const auto& [name, body] : volumes) {
        const auto labels = labels_at(body, "Labels");
        if (fits_filters(query, labels)) list.push_back({{"Name", name}, {"Labels", labels}});
    }
    return respond(200, {{"Volumes", list}});
}

Response SimulatedEngine::pull(const std::string& query) {
    std::string name = query_value(query, "fromImage");
    const std::string tag = query_value(query, "tag");
    const bool by_digest = tag.starts_with("sha256:");
    pulled.push_back(name + (by_digest ? "@" : ":") + tag);
    std::string failure = registry.contains(name) ? "" : "manifest unknown";
    if (!pull_answers_.empty()) {
        failure = pull_answers_.front();
        pull_answers_.erase(pull_answers_.begin());
    }
    Response response = respond_empty(200);
    response.body = "{\"status\": \"Pulling\"}\n";
    if (failure.empty()) {
        if (by_digest) name += "@" + tag;
        if (!images.contains(name)) add_image(name);
        response.body += R"({"id": "layer", "progressDetail": {"current": 1000}})"
                         "\n{\"status\": \"done\"}\n";
    } else {
        response.body += json{{"errorDetail", {{"message", failure}}}}.dump() + "\n";
    }
    return response;
}

Response SimulatedEngine::create_container(const std::string& query, const std::string& body) {
    const std::string name = query_value(query, "name");
    if (!id_of(name).empty()) return respond(409, {{"message", "the name is in use"}});
    const std::string id = "id-" + std::to_string(++last_id_);
    containers[id] = Container{.name = name,
                               .body = json::parse(body),
                               .running = false,
                               .exit_code = 0,
                               .log = {},
                               .written = {}};
    return respond(201, {{"Id", id}});
}

bool SimulatedEngine::uses_volume(const Container& container, const json& names) const {
    const auto host = container.body.value("HostConfig", json::object());
    for (const auto& bind : host.value("Binds", json::array())) {
        const std::string text = bind;
        if (names.front() == text.substr(0, text.find(':'))) return true;
    }
    return false;
}

Response SimulatedEngine::list_containers(const std::string& query) {
    json list = json::array();
    for (const auto& [id, container] : containers) {
        const json filters = json::parse(query_value(query, "filters"));
        bool fits = fits_filters(query, labels_at(container.body, "Labels"));
        if (filters.contains("volume")) fits = fits && uses_volume(container, filters["volume"]);
        // Of its states, an engine in memory has "created" or "exited", and "running".
        if (filters.contains("status")) fits = fits && (container.running || !container.ended);
        if (fits) {
            json mounts = json::array();
            for (const auto& bind : texts_at(object_at(container.body, "HostConfig"), "Binds")) {
                mounts.push_back({{"Name", bind.substr(0, bind.find(':'))}});
            }
            list.push_back({{"Id", id},
                            {"State", container.running ? "running"
                                      : container.ended ? "exited"
                                                        : "created"},
                            {"Mounts", mounts},
                            {"Names", {"/" + container.name}},
                            {"Created", young.contains(id) ? seconds_now() : 1},
                            {"Labels", labels_at(container.body, "Labels")}});
        }
    }
    return respond(200, list);
}

Response SimulatedEngine::inspect(const std::string& id) {
    const Container& container = containers[id];
    json networks_of = json::object();
    if (!address.empty()) networks_of["bridge"] = {{"IPAddress", address}};
    const std::string image = text_at(container.body, "Image");
    json config = json::object();
    for (auto& [name, known] : images) {
        if (known["Id"] == image) config = known["Config"];
    }
    return respond(200, {{"Id", id},
                         {"State",
                          {{"Running", container.running},
                           {"ExitCode", container.exit_code},
                           {"Status", container.running ? "running" : "exited"}}},
                         {"NetworkSettings", {{"Networks", networks_of}}},
                         {"Config", config}});
}

Response SimulatedEngine::answer_container(const std::string& method, const std::string& path,
                                           const Request& request) {
    const auto slash = path.find('/');
    const std::string id = id_of(path.substr(0, slash));
    const std::string call = method + (slash == std::string::npos ? "" : path.substr(slash));
    if (id.empty()) return not_found();
    Container& container = containers[id];
    const auto question = request.target.find('?');
    const std::string query =
        question == std::string::npos ? "" : request.target.substr(question + 1);
    if (call == "DELETE") {
        containers.erase(id);
        return respond_empty(204);
    }
    if (call == "POST/start" || call == "POST/kill" || call == "POST/stop") {
        container.ended = call == "POST/kill";
        if (call == "POST/stop") container.exit_code = exit_code_of_stopped;
        container.running =
            call == "POST/start" && !short_lived.contains(text_at(container.body, "Image"));
        if (call == "POST/start" && on_start) on_start(container);
        return respond_empty(204);
    }
    if (call == "GET/json") return inspect(id);
    if (call == "GET/stats") return respond(200, {{"memory_stats", {{"usage", memory}}}});
    if (call == "POST/wait") return respond(200, {{"StatusCode", container.exit_code}});
    if (call == "POST/exec") return respond(201, {{"Id", "exec"}});
    if (call == "GET/logs") {
        Response response = respond_empty(200);
        response.body = container.log;
        return response;
    }
    if (call == "PUT/archive") {
        container.written[query_value(query, "path")] = request.body;
        return respond_empty(200);
    }
    if (const auto file = container.written.find(query_value(query, "path"));
        call == "GET/archive" && file != container.written.end()) {
        auto response = respond_empty(200);
        response.body = file->second;
        return response;
    }
    if (call == "HEAD/archive") {
        return respond_empty(files.contains(query_value(query, "path")) ? 200 : 404);
    }
    return not_found();
}

std::unique_ptr<EngineApi> simulated_api(SimulatedEngine& engine, bool local) {
    // What OpenSSL makes at its first use belongs to the thread that uses it first.
    static_cast<void>(base::sha256_hex(""));
    EngineEndpoint endpoint;
    endpoint.shown = "the simulated engine";
    endpoint.local = local;
    return std::make_unique<EngineApi>(endpoint, std::make_unique<SimulatedClient>(engine));
}

}  // namespace executors::docker
