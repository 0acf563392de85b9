#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tests {

/// A blocking TCP client without any HTTP in it.
class RawSocket {
  public:
    explicit RawSocket(std::uint16_t port);
    ~RawSocket();
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;

    void write(std::string_view bytes);
    void dribble(std::string_view bytes);
    /// Up to and including `end`, or what came before the peer closed or five seconds passed.
    std::string read_until(std::string_view end);
    std::string read_to_end();

  private:
    int fd_;
};

}  // namespace tests
