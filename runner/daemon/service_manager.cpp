#include "runner/daemon/service_manager.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/parse.hpp"

namespace runner::daemon {

void notify_service_manager(std::string_view state) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || *path == '\0') return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t length = std::strlen(path);
    if (length >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path, length);
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
    const base::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    if (!fd || ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                        reinterpret_cast<const sockaddr*>(&address), size) < 0) {
        base::log::warning("The service manager cannot be told about this service",
                           {{"socket", path}, {"error", base::errno_error("notify").message}});
    }
}

std::optional<std::chrono::microseconds> watchdog_interval() {
    const char* pid = std::getenv("WATCHDOG_PID");
    if (pid != nullptr && pid != std::to_string(::getpid())) return std::nullopt;
    const char* text = std::getenv("WATCHDOG_USEC");
    if (text == nullptr) return std::nullopt;
    const auto micros = base::parse_number<std::int64_t>(text);
    if (!micros || *micros < 2) return std::nullopt;
    return std::chrono::microseconds(*micros / 2);
}

base::Task<void> feed_watchdog() {
    const auto interval = watchdog_interval();
    bool feeding = interval.has_value();
    while (feeding) {
        notify_service_manager("WATCHDOG=1");
        feeding = co_await base::sleep_for(*interval);
    }
}

void notify_reloading() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    notify_service_manager(
        fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                    std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

}  // namespace runner::daemon
