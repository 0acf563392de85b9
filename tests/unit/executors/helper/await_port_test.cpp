#include "executors/helper/await_port.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <thread>

#include "executors/helper/posix.hpp"

namespace executors::helper {
namespace {

/// A bound port of the loopback interface; it takes connections after listen().
class Port {
  public:
    Port() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_.get(), plain, size), 0);
        EXPECT_EQ(::getsockname(socket_.get(), plain, &size), 0);
        number_ = ntohs(address.sin_port);
    }
    void listen() { EXPECT_EQ(::listen(socket_.get(), 1), 0); }
    [[nodiscard]] unsigned number() const { return number_; }

  private:
    UniqueFd socket_;
    unsigned number_ = 0;
};

AwaitPortOptions for_ports(std::vector<unsigned> ports, long long limit_ms) {
    return {.address = "127.0.0.1", .ports = std::move(ports), .limit_ms = limit_ms};
}

TEST(AwaitPort, OneOpenPortOfSeveralIsEnough) {
    const Port closed;
    Port open;
    open.listen();
    EXPECT_EQ(await_port(for_ports({closed.number(), open.number()}, 30'000)), 0);
}

TEST(AwaitPort, SeesAPortThatOpensLater) {
    Port port;
    std::thread opener([&] { port.listen(); });
    EXPECT_EQ(await_port(for_ports({port.number()}, 30'000)), 0);
    opener.join();
}

TEST(AwaitPort, GivesUpAtTheLimit) {
    const Port closed;
    EXPECT_EQ(await_port(for_ports({closed.number()}, 1)), 1);
    EXPECT_EQ(await_port({.address = "no address", .ports = {80}, .limit_ms = 1}), 1);
}

}  // namespace
}  // namespace executors::helper
