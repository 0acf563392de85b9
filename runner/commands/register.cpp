#include "runner/commands/command_list.hpp"
#include "runner/commands/register_entry.hpp"
#include "runner/commands/register_plan.hpp"
#include "runner/commands/registrar.hpp"

namespace runner::commands {

namespace {

int register_runner(const Values& values) {
    announce_platform();
    Registrar registrar(values);
    if (auto done = registrar.run(); !done) return fail(done.error());
    return 0;
}

}  // namespace

Command register_command() {
    std::vector<Flag> flags = {
        config_flag(),
        bool_flag({"non-interactive", "n"}, "ask nothing", "REGISTER_NON_INTERACTIVE"),
        text_flag({"template-config"}, "FILE",
                  "TOML with one [[runners]] entry; fills in what is not given otherwise",
                  "TEMPLATE_CONFIG_FILE"),
        bool_flag({"leave-runner"}, "do not take the runner back when a later step fails",
                  "REGISTER_LEAVE_RUNNER"),
    };
    for (auto part : {registration_flags(), entry_flags()})
        flags.insert(flags.end(), part.begin(), part.end());
    return {.name = "register",
            .summary = "add a runner: tell GitLab about this machine",
            .usage = "[flags]",
            .description =
                "Adds a runner: tells GitLab about this machine and writes the entry into "
                "config.toml. On a terminal it asks for what\n"
                "is not given. The keys of the official program's other executors and caches are "
                "taken, too, but not listed here.",
            .examples =
                "  runner register --non-interactive --url https://gitlab.example.com --token "
                "\"$TOKEN\" \\\n"
                "      --executor docker --docker-image alpine\n"
                "  runner register -n --url https://gitlab.example.com --access-token-file ~/.pat "
                "--project-id 42 \\\n"
                "      --tag docker-test --executor docker --docker-image docker:dind "
                "--docker-privileged \\\n"
                "      --registry host=registry.company.net,address=10.0.0.5,http=true\n",
            .flags = std::move(flags),
            .run = register_runner};
}

}  // namespace runner::commands
