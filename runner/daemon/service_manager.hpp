#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/task.hpp"

namespace runner::daemon {

/// Tells systemd the state of the service (sd_notify(3): a datagram to $NOTIFY_SOCKET). Does
/// nothing when no service manager listens. The protocol is one sendto(). libsystemd would bring
/// seven shared libraries that must be present at run time (Debian has no static one), 1.3 MiB of
/// resident memory, and half a millisecond at the start.
void notify_service_manager(std::string_view state);

inline constexpr std::string_view kServiceReady = "READY=1";
inline constexpr std::string_view kServiceStopping = "STOPPING=1";

/// Half of the interval of systemd's watchdog for this process (sd_watchdog_enabled(3)); nullopt
/// without a watchdog.
std::optional<std::chrono::microseconds> watchdog_interval();
/// Sends WATCHDOG=1 at that interval until it is cancelled; returns at once without a watchdog. It
/// runs on the I/O thread, so that its silence means that the daemon hangs.
base::Task<void> feed_watchdog();

/// RELOADING=1 with the time stamp that Type=notify-reload asks for.
void notify_reloading();

}  // namespace runner::daemon
