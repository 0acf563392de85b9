#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/notifier.hpp"
#include "base/task.hpp"
#include "executors/docker/engine_connection.hpp"
#include "protocol/http/client.hpp"

namespace executors::docker {

/// A Docker engine in memory. It keeps images, containers, networks and volumes as an engine does,
/// and one of its requests can be made to fail.
///
/// Life: it outlives every client that it makes. Strand: that of its callers.
class SimulatedEngine {
  public:
    // NOLINTNEXTLINE(bugprone-exception-escape): the move of a JSON value does not throw
    struct Container {
        std::string name;
        nlohmann::json body;  ///< as it was created
        bool running = false;
        int exit_code = 0;
        bool ended = false;
        std::string log;                             ///< framed
        std::map<std::string, std::string> written;  ///< path → archive, also to read
    };
    enum class Fault {
        kRefused,  ///< status 500; nothing is done
        kLost,     ///< the request is carried out, its answer does not arrive
        kLate,     ///< the answer comes after 20 ms, or never when the request is cancelled
        kSilent,   ///< the answer never comes
    };

    /// `config` is the "Config" of the image's inspection.
    void add_image(const std::string& name, nlohmann::json config = nlohmann::json::object());
    /// Makes the n-th request from now misbehave, 1 for the next one; `on_fault` runs when it
    /// comes.
    void break_request(int number, Fault fault, std::function<void()> on_fault = {});
    /// The answers to pulls, in their order: the text of a failure, or "" for a success. Later
    /// pulls succeed for the images of `registry`.
    void set_pull_answers(std::vector<std::string> answers) { pull_answers_ = std::move(answers); }

    /// Lets the pulls that wait go on, and those that come.
    void release_pulls();

    base::Task<base::Result<protocol::http::Response>> handle(protocol::http::Request request);

    /// Everything that is there, as "container NAME", "network NAME" and "volume NAME".
    [[nodiscard]] std::set<std::string> inventory() const;
    /// The container whose name contains `part`; null when there is none.
    Container* find(const std::string& part);
    /// Its id.
    [[nodiscard]] std::string id_of_part(const std::string& part) const;
    /// What the next exec prints.
    std::string take_exec_output();

    std::string architecture = "x86_64";
    std::string root_directory = "/no/such/directory";  ///< of its data
    /// "METHOD /v1.45/path", without the query.
    std::vector<std::string> requests;
    std::map<std::string, Container> containers;  ///< by id
    std::map<std::string, nlohmann::json> networks;
    std::map<std::string, nlohmann::json> volumes;
    std::map<std::string, nlohmann::json> images;
    std::set<std::string> parents;    ///< ids of images that other images build on
    std::set<std::string> registry;   ///< images that can be pulled, without tags
    std::vector<std::string> pulled;  ///< what pulls asked for, "name:tag" or "name@digest"
    /// Pulls wait while this is true, for release_pulls().
    bool hold_pulls = false;
    /// Requests whose path ends with this are not answered until they are cancelled; "" for none.
    std::string silent;
    std::set<std::string> files;            ///< paths that every container has
    std::set<std::string> young;            ///< ids of containers that were made just now
    std::set<std::string> short_lived;      ///< ids of images whose containers end at their start
    std::string exec_output;                ///< of every exec, framed
    std::vector<std::string> exec_outputs;  ///< of the next execs instead, in their order
    int exec_exit_code = 0;                 ///< the same
    std::vector<std::string> sent_to_execs;
    std::vector<std::vector<std::string>> exec_commands;
    int exit_code_of_stopped = 0;   ///< of every container
    std::int64_t memory = 5 << 20;  ///< that every container uses
    std::string address;            ///< of every container, "" for none
    /// Is called with a container that has been started. May be empty.
    std::function<void(Container&)> on_start;

  private:
    base::Task<void> wait_for_release();
    protocol::http::Response answer(const protocol::http::Request& request);
    protocol::http::Response answer_image(const std::string& method, const std::string& path,
                                          const std::string& query);
    protocol::http::Response remove_image(const std::string& name);
    protocol::http::Response answer_container(const std::string& method, const std::string& path,
                                              const protocol::http::Request& request);
    protocol::http::Response create_container(const std::string& query, const std::string& body);
    protocol::http::Response list_containers(const std::string& query);
    protocol::http::Response list_images();
    protocol::http::Response list_networks(const std::string& query);
    protocol::http::Response list_volumes(const std::string& query);
    protocol::http::Response inspect(const std::string& id);
    protocol::http::Response pull(const std::string& query);
    protocol::http::Response tag(const std::string& path, const std::string& query);
    [[nodiscard]] bool uses_volume(const Container& container, const nlohmann::json& names) const;
    [[nodiscard]] bool is_running(const std::string& target) const;
    [[nodiscard]] std::string id_of(const std::string& id_or_name) const;

    int left_until_fault_ = 0;
    Fault fault_ = Fault::kRefused;
    std::function<void()> on_fault_;
    std::vector<std::string> pull_answers_;
    std::shared_ptr<base::Notifier> released_;
    int last_id_ = 0;
};

/// A client of the engine. `local`: the engine runs on this machine.
std::unique_ptr<EngineApi> simulated_api(SimulatedEngine& engine, bool local = false);

}  // namespace executors::docker
