#include "executors/session/stage_command.hpp"

#include "base/encoding.hpp"

namespace executors::session {

namespace {

/// MAX_ARG_STRLEN is 32 pages, with the name and the terminating zero.
constexpr std::size_t kMaxVariable = 128 * 1024 - 1;

}  // namespace

const std::vector<std::string>& default_shells() {
    static const std::vector<std::string> shells{
        "/usr/local/bin/bash", "/usr/bin/bash", "/bin/bash",  "/usr/local/bin/sh",
        "/usr/bin/sh",         "/bin/sh",       "/busybox/sh"};
    return shells;
}

void fit_environment(StageCommand& command) {
    std::string assignments;
    std::erase_if(command.environment, [&](const auto& variable) {
        const auto& [name, value] = variable;
        if (name.size() + 1 + value.size() < kMaxVariable) return false;
        assignments += name + "=" + base::shell_quote(value) + "\n";
        command.unset.push_back(name);
        return true;
    });
    command.script.insert(0, assignments);
}

}  // namespace executors::session
