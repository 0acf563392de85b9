#include "runner/script/former_files_by_shell.hpp"

#include <fmt/format.h>

#include "runner/script/shell_writer.hpp"

namespace runner::script {

std::string begin_job_by_shell(const std::string& tmp) {
    const std::string directory = shell_quote(tmp);
    return fmt::format("rm -rf {0} && mkdir -p {0}", directory);
}

std::string clean_repository_by_shell(const std::string& project, bool config) {
    const std::string git = shell_quote(project + "/.git");
    std::string commands = fmt::format(
        "if [ -d {0} ]; then find {0} \\( -name index.lock -o -name shallow.lock -o -name "
        "HEAD.lock -o -name config.lock -o -path '*/refs/*.lock' -o -path '*/hooks/post-checkout' "
        "\\) -type f -exec rm -f {{}} +; ",
        git);
    if (config) {
        // git makes the configuration of a submodule anew when it is missing.
        commands += fmt::format(
            "rm -rf {0}/config {0}/hooks; if [ -d {0}/modules ]; then find {0}/modules -name "
            "config "
            "-type f -exec rm -f {{}} +; find {0}/modules -name hooks -type d -prune -exec rm -rf "
            "{{}} +; fi; ",
            git);
    }
    return commands + "fi";
}

std::string forget_submodules_by_shell(const std::string& project) {
    return "git submodule deinit --force --all > /dev/null 2>&1 || :; rm -rf " +
           shell_quote(project + "/.git/modules");
}

std::string open_project_by_shell(const std::string& project) {
    return "chmod -R u+rwX " + shell_quote(project) + " || :";
}

std::string remove_by_shell(const std::string& directory) {
    return "rm -rf " + shell_quote(directory);
}

}  // namespace runner::script
