#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/systemctl/systemctl.hpp"

namespace runner::migrate {

/// Replaces one service by another. Running jobs of the first end before it stops: it gets SIGQUIT,
/// as a graceful stop of the official runner needs, without a limit of time.
///
/// When the second does not start, the first one is started again. A plain object without state of
/// its own; blocking.
class ServiceSwitch {
  public:
    /// `say` is called before each step that may take long. `units` is where systemd reads units
    /// until the next boot.
    ServiceSwitch(systemctl::Systemctl systemctl, std::function<void(const std::string&)> say,
                  std::filesystem::path units = "/run/systemd/system")
        : systemctl_(std::move(systemctl)), say_(std::move(say)), units_(std::move(units)) {}

    /// kCancelled when it was interrupted: the error says what holds then.
    base::Result<void> replace(const std::string& from, const std::string& by);

  private:
    base::Result<void> stop_gracefully(const std::string& name);
    base::Result<void> start(const std::string& name);
    base::Result<void> call(std::vector<std::string> arguments);

    systemctl::Systemctl systemctl_;
    std::function<void(const std::string&)> say_;
    std::filesystem::path units_;
};

}  // namespace runner::migrate
