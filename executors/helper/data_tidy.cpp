#include "executors/helper/data_tidy.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "executors/helper/data_cleaning.hpp"
#include "executors/helper/data_outcome.hpp"
#include "executors/helper/data_root.hpp"
#include "executors/helper/engine_client.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

/// An engine that a job has changed may never answer. The daemon waits a little longer.
constexpr unsigned kLimitSeconds = 4;

Json ask(const DataTidyOptions& options, const std::string& path) {
    const auto reply = ask_engine(options.socket, "GET", path);
    return reply.status == 200 ? base::parse_foreign_json(reply.body) : Json();
}

/// The builder's container exists, and its program ends by itself.
bool has_failed(const Json& container) {
    if (!container.is_object() || !container.contains("State")) return false;
    const auto& state = container["State"];
    if (!state.is_object()) return false;
    if (state.value("Restarting", Json()) == true) return true;
    const auto code = state.value("ExitCode", Json());
    const bool by_signal = code == 137 || code == 143;
    return state.value("Running", Json()) == false && code.is_number() && code != 0 && !by_signal;
}

bool is_id(const Json& id) {
    return id.is_string() && !id.get<std::string>().empty() &&
           id.get<std::string>().find_first_not_of("0123456789abcdef") == std::string::npos;
}

void remove_containers(const DataTidyOptions& options) {
    const Json list = ask(options, "/containers/json?all=1");
    if (!list.is_array()) throw Failure("the engine does not list its containers");
    for (const auto& container : list) {
        const auto id = container.is_object() ? container.value("Id", Json()) : Json();
        if (!is_id(id)) continue;
        ask_engine(options.socket, "DELETE",
                   "/containers/" + id.get<std::string>() + "?force=1&v=1");
    }
}

/// An engine that is ended before it has answered says nothing of its data. False when it has.
bool take_start_back(DataRoot& root) {
    auto marker = root.marker();
    if (!marker || marker->state != DataState::kStarting) return false;
    if (marker->starts > 0) --marker->starts;
    root.mark(*marker);
    return true;
}

}  // namespace

int tidy_data(const DataTidyOptions& options) {
    const EndAfter limit(kLimitSeconds);
    const auto outcome = read_outcome(options.outcome_file);
    DataRoot root(options.root);
    const bool may_be_early = options.least || options.interrupted;
    if (may_be_early && outcome && take_start_back(root)) return 0;
    if (options.least && !only_engine_removes_containers(root)) return 0;
    if (options.wake) options.wake();
    bool damaged = false;
    if (!options.builder.empty() && outcome && outcome->warm) {
        damaged = has_failed(ask(options, "/containers/" + options.builder + "/json"));
    }
    remove_containers(options);
    root.mark(damaged ? DataState::kDamaged : DataState::kClean);
    return 0;
}

}  // namespace executors::helper
