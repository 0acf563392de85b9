#include "protocol/http/resolve.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <tuple>

#include "base/files.hpp"
#include "base/offload.hpp"

namespace protocol::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Endpoints = std::vector<tcp::endpoint>;

/// Where the thread of the pool leaves its answer. Both sides own it and no io_context does, so the
/// coroutine that asked may have ended when the answer comes.
struct Mailbox {
    base::UniqueFd event;
    std::mutex mutex;
    Endpoints found;
    std::string failure;
};

std::string lookup(const std::string& host, std::uint16_t port, Endpoints& found) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* first = nullptr;
    int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &first);
    if (failed == EAI_NONAME || failed == EAI_ADDRFAMILY) {
        // AI_ADDRCONFIG hides names on machines that have a loopback interface only.
        hints.ai_flags = 0;
        failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &first);
    }
    if (failed != 0) return failed == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(failed);
    for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next) {
        tcp::endpoint endpoint;
        if (entry->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
        endpoint.resize(entry->ai_addrlen);
        endpoint.port(port);
        found.push_back(endpoint);
    }
    ::freeaddrinfo(first);
    return found.empty() ? "it has no address" : std::string();
}

void look_up_into(const std::shared_ptr<Mailbox>& mailbox, const std::string& host,
                  std::uint16_t port) {
    Endpoints found;
    std::string failure = lookup(host, port, found);
    {
        const std::lock_guard lock(mailbox->mutex);
        mailbox->found = std::move(found);
        mailbox->failure = std::move(failure);
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto told = ::write(mailbox->event.get(), &one, sizeof one);
}

}  // namespace

base::Task<base::Result<Endpoints>> resolve(std::string host, std::uint16_t port,
                                            Watchdog& watchdog) {
    boost::system::error_code not_an_address;
    const auto address = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return Endpoints(1, tcp::endpoint(address, port));

    auto mailbox = std::make_shared<Mailbox>();
    mailbox->event = base::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const int watched = ::fcntl(mailbox->event.get(), F_DUPFD_CLOEXEC, 0);
    if (watched < 0) co_return base::errno_error("make an event for resolving names");
    auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor arrival(executor, watched);
    const Guard guard(watchdog, [&arrival] {
        boost::system::error_code ignored;
        arrival.close(ignored);
    });
    auto work = [mailbox, host, port] { look_up_into(mailbox, host, port); };
    asio::post(base::blocking_pool(), std::move(work));
    const auto outcome =
        co_await arrival.async_wait(asio::posix::descriptor_base::wait_read, base::use_tuple);
    const auto& code = std::get<0>(outcome);
    if (watchdog.expired()) {
        co_return base::make_error(
            base::ErrorKind::kTimeout,
            "resolve " + host + ": no answer in time; is this machine's DNS reachable?");
    }
    if (code) co_return base::make_error(code, "resolve " + host);
    const std::lock_guard lock(mailbox->mutex);
    if (!mailbox->failure.empty()) {
        co_return base::make_error(
            base::ErrorKind::kUnavailable,
            "the name \"" + host + "\" cannot be resolved (" + mailbox->failure +
                "): check the address, and this machine's DNS or /etc/hosts");
    }
    co_return std::move(mailbox->found);
}

}  // namespace protocol::http
