#include "tests/unit/executors/docker/simulated_engine.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <algorithm>
#include <chrono>
#include <utility>

#include "base/digest.hpp"
#include "executors/docker/engine_json.hpp"
#include "tests/unit/executors/docker/scripted_engine.hpp"
#include "tests/unit/executors/docker/simulated_answers.hpp"

namespace executors::docker {

using base::Result;
using base::Task;
using nlohmann::json;
using protocol::http::Request;
using protocol::http::Response;
using simulated::fits_filters;
using simulated::not_found;
using simulated::query_of;
using simulated::respond;
using simulated::respond_empty;

namespace {

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
    std::string path = request.target.substr(0, request.target.find('?'));
    const std::string query = query_of(request.target);
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
    if (call == "GET /networks") return list_networks(query);
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

Response SimulatedEngine::list_networks(const std::string& query) {
    json list = json::array();
    for (const auto& [name, body] : networks) {
        const auto labels = labels_at(body, "Labels");
        if (fits_filters(query, labels))
            list.push_back({{"Id", name}, {"Name", name}, {"Labels", labels}});
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

std::unique_ptr<EngineApi> simulated_api(SimulatedEngine& engine, bool local) {
    // What OpenSSL makes at its first use belongs to the thread that uses it first.
    static_cast<void>(base::sha256_hex(""));
    EngineEndpoint endpoint;
    endpoint.shown = "the simulated engine";
    endpoint.local = local;
    return std::make_unique<EngineApi>(endpoint, std::make_unique<SimulatedClient>(engine));
}

}  // namespace executors::docker
