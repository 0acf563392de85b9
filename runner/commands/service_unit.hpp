#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// The unit file that `runner install` writes. Pure.
namespace runner::commands {

struct ServiceUnit {
    std::string name;                 ///< without ".service"
    std::filesystem::path program;    ///< absolute
    std::filesystem::path config;     ///< absolute
    std::filesystem::path directory;  ///< for shell jobs; absolute
    std::string jobs_user;            ///< `run --user`, "" for the user of the daemon
    std::string process_user;         ///< User=, "" for that of the service manager
    bool of_user = false;             ///< a unit of systemd --user
};

/// The unit of the package (systemd/runner.service), made to fit.
std::string unit_text(const ServiceUnit& unit);

/// The text of systemd/runner.service.
std::string_view package_unit();

/// The first line of what unit_text() answers: `uninstall` removes no other units.
inline constexpr std::string_view kUnitMark = "# Made by `runner install`.";

/// kInvalidInput for a name that systemd would not take as it is.
base::Result<void> check_service_name(std::string_view name);

/// An argument for ExecStart=: quoted, with "%" and "$" doubled (systemd.service(5)).
std::string unit_argument(const std::string& text);

}  // namespace runner::commands
