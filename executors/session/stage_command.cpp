#include "executors/session/stage_command.hpp"

namespace executors::session {

const std::vector<std::string>& default_shells() {
    static const std::vector<std::string> shells{
        "/usr/local/bin/bash", "/usr/bin/bash", "/bin/bash",  "/usr/local/bin/sh",
        "/usr/bin/sh",         "/bin/sh",       "/busybox/sh"};
    return shells;
}

}  // namespace executors::session
