#include "runner/local/git.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/program_path.hpp"
#include "base/stop_source.hpp"
#include "base/strings.hpp"
#include "base/subprocess.hpp"

namespace runner::local {

namespace {

base::Result<base::ProgramEnd> call(const std::filesystem::path& directory,
                                    std::vector<std::string> arguments, bool errors_too) {
    static const base::Result<std::string> program = base::find_program("git");
    if (!program) return program.error();
    base::SubprocessOptions options;
    options.arguments = std::move(arguments);
    options.arguments.insert(options.arguments.begin(), {*program, "-C", directory.string()});
    options.environment = {"GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C"};
    options.errors_with_output = errors_too;
    boost::asio::io_context context(1);
    base::Result<base::ProgramEnd> ended =
        base::make_error(base::ErrorKind::kInternal, "git did not run");
    auto on_end = [&](const std::exception_ptr& failure, base::Result<base::ProgramEnd> result) {
        ended = failure ? base::Result<base::ProgramEnd>(base::error_from_exception(failure))
                        : std::move(result);
    };
    auto task = base::run_to_end(context.get_executor(), std::move(options));
    boost::asio::co_spawn(context, std::move(task), on_end);
    context.run();
    return ended;
}

}  // namespace

base::Result<std::string> run_git(const std::filesystem::path& directory,
                                  std::vector<std::string> arguments) {
    const std::string verb = arguments.front();
    auto ended = call(directory, std::move(arguments), true);
    if (!ended) return ended.error();
    if (ended->status == 0) return std::move(ended->output);
    return base::make_error(
        base::ErrorKind::kIo,
        fmt::format("git {} in {}: {}", verb, directory.string(), base::trim(ended->output)));
}

std::optional<std::vector<std::string>> list_git(const std::filesystem::path& directory,
                                                 std::vector<std::string> arguments) {
    arguments.emplace_back("-z");
    auto ended = call(directory, std::move(arguments), false);
    if (!ended || ended->status != 0) return std::nullopt;
    auto paths = base::split(ended->output, '\0');
    std::erase(paths, "");
    return paths;
}

}  // namespace runner::local
