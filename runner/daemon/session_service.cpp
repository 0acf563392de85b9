#include "runner/daemon/session_service.hpp"

#include <utility>

#include "base/log.hpp"

namespace runner::daemon {

base::Result<void> SessionService::open(const config::SessionServerSettings& settings) {
    if (settings.listen_address.empty()) return {};
    auto opened = interactive::SessionServer::listen(executor_, settings.listen_address,
                                                     settings.advertise_address);
    // The official runner starts with such addresses, too: its jobs must go on here.
    if (!opened && opened.error().is(base::ErrorKind::kInvalidInput)) {
        base::log::error("There are no web terminals", {{"error", opened.error().message}});
        return {};
    }
    if (!opened) return opened.error();
    server_ = std::move(*opened);
    return {};
}

void SessionService::start() {
    if (server_) server_->start();
}

base::Task<void> SessionService::stop() {
    if (server_) co_await server_->stop();
}

AnnouncedSession SessionService::announce(const RunnerEntry& entry) const {
    if (!server_ || !has_sessions(*entry.config, *entry.runner)) return {};
    auto session = server_->open();
    protocol::gitlab::SessionInfo info{.url = server_->url_of(*session),
                                       .certificate = server_->certificate(),
                                       .authorization = session->authorization()};
    return {std::move(session), std::move(info)};
}

void SessionService::keep_addresses(const config::SessionServerSettings& used,
                                    config::SessionServerSettings& loaded) const {
    if (loaded.listen_address == used.listen_address &&
        loaded.advertise_address == used.advertise_address) {
        return;
    }
    base::log::warning("The addresses of [session_server] take effect at the next start only");
    loaded.listen_address = used.listen_address;
    loaded.advertise_address = used.advertise_address;
}

}  // namespace runner::daemon
