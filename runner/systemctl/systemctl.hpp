#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/subprocess.hpp"

/// systemd, asked through systemctl(1).
namespace runner::systemctl {

/// Runs systemctl with these arguments, for example {"stop", "runner.service"}. Blocks.
using Systemctl = std::function<base::Result<base::ProgramEnd>(std::vector<std::string>)>;

/// How systemctl is started: it asks for nothing, and speaks English. `of_user`: with --user.
/// kNotFound when there is no systemctl.
base::Result<base::SubprocessOptions> program(std::vector<std::string> arguments, bool of_user);

}  // namespace runner::systemctl
