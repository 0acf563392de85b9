#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace tests {

/// A client of the session server: Beast's WebSocket over Asio's TLS, which trusts the announced
/// certificate only. Blocking calls; one that gets no answer fails after 20 seconds.
class SessionClient {
  public:
    struct Options {
        std::uint16_t port = 0;
        std::string certificate;
        std::string target;  ///< "/session/…/exec"
        std::string authorization;
        std::string subprotocol;
    };
    explicit SessionClient(Options options);
    ~SessionClient();
    SessionClient(const SessionClient&) = delete;
    SessionClient& operator=(const SessionClient&) = delete;

    /// The status of the answer; 101 when this is a WebSocket now.
    unsigned shake_hands();
    [[nodiscard]] const std::string& chosen_subprotocol() const;
    void send(const std::string& text, bool binary = true);
    /// Ends in the middle of everything.
    void hang_up();
    void close();
    /// A message, or "closed <code> <reason>" when the server has ended the connection.
    std::string receive();
    /// A plain GET, with the session's header: the status and the body as "200 body".
    std::string get();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tests
