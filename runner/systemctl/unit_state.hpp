#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runner/systemctl/systemctl.hpp"

namespace runner::systemctl {

/// A service as systemd knows it.
struct UnitState {
    bool installed = false;
    bool active = false;   ///< it runs, is being started or is being stopped
    bool enabled = false;  ///< it starts with the system
    std::string words;     ///< "active (running)", "failed (exit-code)"
    std::string unit_file;
    std::vector<std::string> command;  ///< of ExecStart=

    /// The value of `--name value` or `--name=value` in the command; "" when it is not there.
    [[nodiscard]] std::string flag(const std::string& name) const;
};

/// Reads the output of `systemctl show`. Pure.
UnitState parse_unit(const std::string& shown);

/// The state of the service `name` (without ".service"). kUnavailable when systemd does not answer,
/// and the failures of `systemctl`.
base::Result<UnitState> look_at(const Systemctl& systemctl, const std::string& name);

}  // namespace runner::systemctl
