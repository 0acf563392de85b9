#include "executors/docker/host_network.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <sstream>

#include "base/files.hpp"
#include "base/stop_source.hpp"
#include "base/strings.hpp"

namespace executors::docker {

namespace asio = boost::asio;
using base::Result;
using base::Task;

namespace {

Task<Result<void>> connect_once(asio::ip::tcp::endpoint endpoint) {
    auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::socket socket(executor);
    auto outcome = co_await socket.async_connect(endpoint, base::use_tuple);
    const auto code = std::get<0>(outcome);
    if (code) co_return base::make_error(code, "connect");
    co_return Result<void>();
}

}  // namespace

Task<Result<void>> check_tcp_port(std::string address, int port) {
    boost::system::error_code code;
    const auto ip = asio::ip::make_address(address, code);
    if (code) co_return base::make_error(code, "read the address " + address);
    const asio::ip::tcp::endpoint endpoint(ip, static_cast<unsigned short>(port));
    auto attempt = connect_once(endpoint);
    auto result = co_await base::with_deadline<void>(std::move(attempt), std::chrono::seconds(1));
    co_return result;
}

int default_route_mtu() {
    auto routes = base::read_file("/proc/net/route");
    if (!routes) return 0;
    std::istringstream lines(*routes);
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string interface;
        std::string destination;
        fields >> interface >> destination;
        if (destination != "00000000") continue;
        auto text = base::read_file("/sys/class/net/" + interface + "/mtu");
        if (!text) return 0;
        const auto digits = base::trim(*text);
        int mtu = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), mtu);
        return mtu;
    }
    return 0;
}

}  // namespace executors::docker
