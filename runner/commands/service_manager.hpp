#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/subprocess.hpp"
#include "runner/commands/arguments.hpp"
#include "runner/systemctl/unit_state.hpp"

namespace runner::commands {

/// --service and --user-service, with which a command names the service.
std::vector<Flag> service_flags();

/// systemd, asked through systemctl(1). Every call blocks.
class ServiceManager {
  public:
    /// kInvalidInput for a name that no service can have.
    static base::Result<ServiceManager> open(const Values& values);

    /// kNotFound when there is no systemctl; kUnavailable when systemd does not run.
    [[nodiscard]] base::Result<systemctl::UnitState> state() const;
    /// Runs `systemctl VERB NAME.service`. Fails with what systemctl said.
    [[nodiscard]] base::Result<void> tell(const std::string& verb) const;
    /// Runs `systemctl daemon-reload`.
    [[nodiscard]] base::Result<void> reload_units() const;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool of_user() const { return of_user_; }
    /// Where `install` puts the unit: in the first directory of $SYSTEMD_UNIT_PATH, else where
    /// systemd looks for the units of an administrator, or of a user.
    [[nodiscard]] std::filesystem::path unit_file() const;

  private:
    ServiceManager(std::string name, bool of_user) : name_(std::move(name)), of_user_(of_user) {}
    [[nodiscard]] base::Result<base::ProgramEnd> run(std::vector<std::string> arguments) const;
    [[nodiscard]] base::Result<void> carry_out(std::vector<std::string> arguments) const;

    std::string name_;
    bool of_user_;
};

}  // namespace runner::commands
