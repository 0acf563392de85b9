#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "runner/commands/command_list.hpp"
#include "runner/config/inspect.hpp"
#include "runner/doctor/examination.hpp"
#include "runner/doctor/report.hpp"

namespace runner::commands {

namespace {

constexpr int kSignalBase = 128;
constexpr std::size_t kWidest = 160;

/// HOST/GROUP/PROJECT: up to the first slash it is the registry.
base::Result<void> use_repositories(const std::vector<std::string>& texts,
                                    doctor::Options& options) {
    for (const std::string& text : texts) {
        const auto slash = text.find('/');
        if (slash == std::string::npos || slash == 0 || slash + 1 == text.size())
            return base::make_error(base::ErrorKind::kInvalidInput,
                                    "--repository is HOST/PATH, such as "
                                    "registry.example.com/group/project");
        options.repositories[text.substr(0, slash)] = text.substr(slash + 1);
    }
    return {};
}

base::Result<doctor::Options> options_of(const Values& values) {
    doctor::Options options;
    options.config_path = std::filesystem::absolute(config_path(values));
    options.runner = values.text("runner");
    options.only = values.list("only");
    options.fix = values.flag("fix");
    options.jobs = !values.flag("no-job");
    if (auto used = use_repositories(values.list("repository"), options); !used)
        return used.error();
    auto token = secret_value(values, "access-token");
    if (!token) return token.error();
    options.access_token = base::Secret(std::move(*token));
    return options;
}

doctor::ReportStyle style_of_output() {
    doctor::ReportStyle style;
    if (::isatty(STDOUT_FILENO) != 1) return style;
    winsize size{};
    ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    style.width = size.ws_col == 0 ? 80 : std::min<std::size_t>(size.ws_col, kWidest);
    style.colours = std::getenv("NO_COLOR") == nullptr;
    return style;
}

/// A program gets its JSON also when there is nothing to look at.
doctor::Line unusable_file(const base::Error& error) {
    return {.check = "config",
            .finding = doctor::problem(error.message.substr(0, error.message.find('\n')),
                                       "runner config lint shows the place")};
}

int run_doctor(const Values& values) {
    const std::string format = values.text("format");
    if (!format.empty() && format != "text" && format != "json")
        return fail("--format is text or json");
    auto options = options_of(values);
    if (!options) return fail(options.error());
    if (const auto file = config::inspect_file(options->config_path); !file && format == "json") {
        print(doctor::report_json({unusable_file(file.error())}));
        return 1;
    }
    if (::isatty(STDERR_FILENO) == 1 && options->jobs)
        base::log::info("Looking. A job of each runner takes up to some minutes.");
    // The log of the trial jobs would stand between the findings.
    if (auto quiet = configure_log(values, "warn"); !quiet) return fail(quiet.error());
    auto examined = doctor::examine(std::move(*options));
    if (!examined) return fail(examined.error());
    print(format == "json" ? doctor::report_json(examined->lines)
                           : doctor::report_text(examined->lines, style_of_output()));
    if (examined->signal != 0) return kSignalBase + examined->signal;
    return doctor::has_problem(examined->lines) ? 1 : 0;
}

}  // namespace

Command doctor_command() {
    return {
        .name = "doctor",
        .summary = "what prevents jobs from running well, and the remedies",
        .usage = "[flags]",
        .description =
            "Looks at this machine, GitLab, the Docker engine, the registries, and from inside of "
            "a "
            "job, its engine and its builder.\n"
            "Every line has a state, what was seen, and a remedy. A job of each runner is run on "
            "this machine; nothing is left of it.\n"
            "Exit code: 0 without problems (warnings do not count), 1 with problems, 128 + n after "
            "signal n.",
        .examples =
            "  runner doctor\n"
            "  runner doctor --runner build --only mtu\n"
            "  runner doctor --no-job --format json\n"
            "  runner doctor --fix\n",
        .flags = {config_flag(), text_flag({"runner"}, "NAME", "look at this runner only"),
                  list_flag({"only"}, "CHECK",
                            "this check only: CHECK, PLACE or PLACE/CHECK; repeatable"),
                  bool_flag({"no-job"}, "run no job: look from this machine and the engine only"),
                  bool_flag(
                      {"fix"},
                      "register interpreters for other platforms, remove what dead jobs left"),
                  list_flag({"repository"}, "HOST/PATH",
                            "where a small image may be pushed; default HOST/runner-doctor"),
                  text_flag({"access-token-file"}, "FILE",
                            "a user's token (read_api), to see whether runners are paused"),
                  text_flag({"format"}, "text|json", "how to print the findings; default text")},
        .run = run_doctor};
}

}  // namespace runner::commands
