#pragma once

#include <string_view>

namespace runner::daemon {

/// Tells systemd how the service is doing (sd_notify(3): a datagram to $NOTIFY_SOCKET). Does nothing when
/// no service manager listens. The protocol is one sendto(); libsystemd would cost more memory than
/// everything else that the idle daemon does.
void notify_service_manager(std::string_view state);

inline constexpr std::string_view kServiceReady = "READY=1";
inline constexpr std::string_view kServiceStopping = "STOPPING=1";

/// RELOADING=1 with the time stamp that Type=notify-reload asks for.
void notify_reloading();

}  // namespace runner::daemon
