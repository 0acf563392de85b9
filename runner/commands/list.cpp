#include "runner/commands/command_list.hpp"
#include "runner/commands/config_entries.hpp"

namespace runner::commands {

namespace {

using nlohmann::ordered_json;

void list_json(const std::vector<config::RunnerConfig>& runners) {
    ordered_json entries = ordered_json::array();
    for (const auto& runner : runners) {
        auto& entry = entries.emplace_back();
        entry = {{"name", runner.name},
                 {"id", runner.id},
                 {"url", runner.url},
                 {"executor", runner.executor},
                 {"token", runner.token.reveal()},
                 {"token_expires_at", runner.token_expires_at}};
        if (!runner.problem.empty()) entry["problem"] = runner.problem;
    }
    print_json(entries);
}

int list(const Values& values) {
    const auto path = config_path(values);
    base::log::info("Listing configured runners", {{"ConfigFile", path.string()}});
    auto config = load_entries(path);
    if (!config) {
        // A program must not take a file that cannot be read for one without runners.
        const bool missing = config.error().is(base::ErrorKind::kNotFound);
        if (!missing) return fail(config.error());
        // The official program lists nothing then, too, and succeeds.
        base::log::warning(config.error().message.substr(0, config.error().message.find('\n')));
        if (wants_json(values)) list_json({});
        return 0;
    }
    if (wants_json(values)) {
        list_json(config->runners);
        return 0;
    }
    for (const auto& runner : config->runners) {
        // Only this command prints tokens: it is its purpose.
        base::log::info(
            runner.name,
            {{"Executor", runner.executor}, {"Token", runner.token.reveal()}, {"URL", runner.url}});
        if (!runner.problem.empty())
            base::log::error(runner.name + " takes no jobs: its configuration has an error");
    }
    return 0;
}

}  // namespace

Command list_command() {
    return {.name = "list",
            .summary = "the runners in the configuration",
            .usage = "[flags]",
            .description = "Lists the runners in the configuration, with their tokens.",
            .examples =
                "  runner list\n"
                "  runner list --format json\n",
            .flags = {config_flag(), format_flag()},
            .run = list};
}

}  // namespace runner::commands
