#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/subprocess.hpp"

namespace runner::migrate {

/// A service as systemd knows it.
struct Service {
    bool exists = false;
    bool active = false;
    bool enabled = false;
    std::vector<std::string> command;  ///< of ExecStart=, "" for none

    /// The value of `--name value` or `--name=value` in the command, "" when it is not there.
    [[nodiscard]] std::string flag(const std::string& name) const;
};

/// Reads the output of `systemctl show`; pure.
Service parse_service(const std::string& shown);

/// Runs systemctl with these arguments.
using Systemctl = std::function<base::Result<base::ProgramEnd>(std::vector<std::string>)>;

/// The state of a service. kUnavailable when there is no systemd.
base::Result<Service> look_at_service(const Systemctl& systemctl, const std::string& name);

/// Replaces one service by another. Running jobs of the first end before it stops: it gets SIGQUIT,
/// as a graceful stop of the official runner needs, without a limit of time.
///
/// When the second does not start, the first one is started again. A plain object without state of
/// its own; blocking.
class ServiceSwitch {
  public:
    /// `say` is called before each step that may take long. `units` is where systemd reads units
    /// until the next boot.
    ServiceSwitch(Systemctl systemctl, std::function<void(const std::string&)> say,
                  std::filesystem::path units = "/run/systemd/system")
        : systemctl_(std::move(systemctl)), say_(std::move(say)), units_(std::move(units)) {}

    /// kCancelled when it was interrupted: the error says what holds then.
    base::Result<void> replace(const std::string& from, const std::string& by);

  private:
    base::Result<void> stop_gracefully(const std::string& name);
    base::Result<void> start(const std::string& name);
    base::Result<void> call(std::vector<std::string> arguments);

    Systemctl systemctl_;
    std::function<void(const std::string&)> say_;
    std::filesystem::path units_;
};

}  // namespace runner::migrate
