#include <memory>
#include <vector>

#include "runner/collector/collect.hpp"
#include "runner/collector/places.hpp"
#include "runner/collector/report.hpp"
#include "runner/collector/state_store.hpp"
#include "runner/commands/blocking_calls.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/gc_text.hpp"
#include "runner/config/config.hpp"
#include "runner/config/system_id.hpp"
#include "runner/executor_factory/executor_factory.hpp"
#include "runner/journal/state_dir.hpp"

namespace runner::commands {

namespace {

using collector::PlaceReport;
using nlohmann::json;
using Reports = std::vector<PlaceReport>;
using Stores = std::vector<std::shared_ptr<collector::Store>>;

base::Result<json> as_json(json value) {
    return base::Result<json>(boost::system::in_place_value, std::move(value));
}

base::Task<base::Result<Reports>> collect_in(const Stores& stores, collector::Marks marks,
                                             collector::Wish wish) {
    Reports reports;
    for (std::size_t i = 0; i < stores.size(); ++i) {
        auto collecting = collector::collect(*stores[i], marks, wish, nullptr);
        auto report = co_await std::move(collecting);
        reports.push_back(std::move(report));
    }
    co_return reports;
}

/// Without a daemon. The lock of the state directory keeps one from starting meanwhile.
base::Result<json> collect_alone(const Values& values, const collector::Wish& wish) {
    const auto path = std::filesystem::absolute(config_path(values));
    const auto config = config::load_config(path);
    if (!config) return config.error();
    auto state = journal::StateDir::acquire(journal::state_directory_for(path));
    if (!state) return state.error();
    const auto record = std::make_shared<collector::UsageRecord>(state->path());
    BlockingCalls calls;
    executor_factory::ExecutorFactory engines(calls.executor());
    Stores stores{std::make_shared<collector::StateStore>(state->path())};
    // The daemon's working directory is not known here.
    for (const auto& store : collector::cache_stores(*config, {})) stores.push_back(store);
    const auto id = config::load_system_id(path);
    for (const auto& [key, store] : collector::engine_stores(*config, engines, record, id.value))
        stores.push_back(store);
    auto reports = calls.wait<Reports>(collect_in(stores, collector::marks_of(config->disk), wish));
    if (!reports) return reports.error();
    return as_json(collector::report_json(*reports, wish));
}

base::Result<json> collect_anywhere(const Values& values, const collector::Wish& wish) {
    auto client = DaemonClient::open(values);
    if (!client) return client.error();
    std::string target = "/control/gc?dry_run=";
    target += wish.dry_run ? "true" : "false";
    target += wish.all ? "&all=true" : "";
    auto answer = (*client)->post(target);
    const bool no_daemon = !answer && answer.error().is(base::ErrorKind::kUnavailable);
    if (!no_daemon || values.has("socket")) return answer;
    return collect_alone(values, wish);
}

int gc(const Values& values) {
    const collector::Wish wish{
        .dry_run = values.flag("dry-run"), .all = values.flag("all"), .by_hand = true};
    const auto answer = collect_anywhere(values, wish);
    if (!answer) return fail(answer.error());
    if (wants_json(values)) {
        print_json(*answer);
    } else {
        const auto text = gc_text(*answer);
        if (!text) return fail(text.error());
        print(*text);
    }
    return gc_succeeded(*answer) ? 0 : 1;
}

}  // namespace

Command gc_command() {
    auto flags = daemon_flags();
    flags.push_back(bool_flag({"dry-run"}, "say what would be removed, and remove nothing"));
    flags.push_back(bool_flag({"all"}, "remove all that no job uses, however much is free"));
    flags.push_back(format_flag());
    return {
        .name = "gc",
        .summary = "remove unused data of jobs until the disks have room",
        .usage = "[flags]",
        .description =
            "Removes what the runner keeps for later jobs, the longest unused first, until as much "
            "is free as [disk] of config.toml says:\n"
            "volumes of projects, caches and checkouts of shell jobs, images that only the runner "
            "has pulled, "
            "programs of former versions. It never\n"
            "removes what is in use or what is not the runner's. The daemon does the same by "
            "itself when a disk is short. "
            "Without a daemon the command does it alone.",
        .examples =
            "  runner gc --dry-run\n"
            "  runner gc --all --format json\n",
        .flags = std::move(flags),
        .run = gc};
}

}  // namespace runner::commands
