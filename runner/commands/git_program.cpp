#include "runner/commands/git_program.hpp"

#include <fmt/format.h>

#include "base/strings.hpp"
#include "base/subprocess.hpp"

namespace runner::commands {

using pipeline::rules::Paths;

base::Result<std::string> GitProgram::run(std::vector<std::string> arguments) {
    base::SubprocessOptions options;
    options.arguments = {program_, "-C", top_.string()};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.environment = {"LC_ALL=C", "GIT_OPTIONAL_LOCKS=0"};
    auto ended = calls_.wait<base::ProgramEnd>(base::run_to_end(calls_.executor(), options));
    if (!ended) return ended.error();
    if (ended->status != 0) {
        return base::make_error(
            base::ErrorKind::kIo,
            fmt::format("git {} ended with {}", base::join(arguments, " "), ended->status));
    }
    return std::move(ended->output);
}

std::string GitProgram::answer(std::vector<std::string> arguments) {
    auto output = run(std::move(arguments));
    return output ? std::string(base::trim(*output)) : std::string{};
}

Paths GitProgram::paths(std::vector<std::string> arguments) {
    auto output = run(std::move(arguments));
    return output ? split_paths(*output) : Paths{};
}

std::string GitProgram::commit_of(const std::string& revision) {
    return answer({"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"});
}

std::string GitProgram::commit_of_ref(const std::string& name) {
    return answer({"show-ref", "--verify", name}).empty() ? std::string() : commit_of(name);
}

Paths split_paths(const std::string& text) {
    Paths paths = base::split(text, '\0');
    std::erase(paths, "");
    return paths;
}

}  // namespace runner::commands
