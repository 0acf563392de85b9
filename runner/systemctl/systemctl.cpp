#include "runner/systemctl/systemctl.hpp"

#include <utility>

#include "base/program_path.hpp"

namespace runner::systemctl {

base::Result<base::SubprocessOptions> program(std::vector<std::string> arguments, bool of_user) {
    auto found = base::find_program("systemctl");
    if (!found) {
        return base::make_error(base::ErrorKind::kNotFound,
                                "there is no systemctl, so this machine has no services of systemd "
                                "(a container?): start the daemon with `runner run`");
    }
    base::SubprocessOptions options;
    options.arguments = {*found, "--no-pager", "--no-ask-password"};
    if (of_user) options.arguments.emplace_back("--user");
    for (std::string& argument : arguments) options.arguments.push_back(std::move(argument));
    options.environment = {"LC_ALL=C"};
    options.errors_with_output = true;
    return options;
}

}  // namespace runner::systemctl
