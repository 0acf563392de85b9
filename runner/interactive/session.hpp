#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/notifier.hpp"
#include "base/secret.hpp"
#include "base/stop_source.hpp"
#include "base/task.hpp"
#include "protocol/http/message.hpp"
#include "runner/interactive/environment.hpp"

namespace runner::interactive {

/// What the server may do in one job: one web terminal, and connections to ports of its services
/// (runner-protocol.md §3.4, job-runtime.md §9.1).
///
/// Life: made for a request for a job, and kept by that job; without a job it goes at once.
/// attach() when the job's environment can be reached; end() awaited before that environment goes.
/// Strand: the I/O thread.
class Session final : public std::enable_shared_from_this<Session> {
  public:
    explicit Session(const boost::asio::any_io_executor& executor);

    /// 64 hexadecimal digits: the part of the address that tells sessions apart.
    [[nodiscard]] const std::string& id() const { return id_; }
    /// What requests must have as header Authorization.
    [[nodiscard]] const base::Secret& authorization() const { return authorization_; }

    void attach(Environment& environment);
    [[nodiscard]] bool has_terminal() const { return terminal_; }
    /// Returns when no terminal is connected.
    base::Task<base::Result<void>> wait_disconnected();
    /// Ends terminal and connections and refuses further ones. Returns when none uses the
    /// environment. `reason`: kTimeout for a terminal that stayed too long.
    base::Task<void> end(base::StopReason reason);

    /// Answers a request. `path`: behind that of the session, with the query: "/exec".
    base::Task<protocol::http::Response> answer(protocol::http::Request request, std::string path);

  private:
    /// As long as one exists, end() waits.
    class Use;

    base::Task<protocol::http::Response> open_terminal(protocol::http::Request request);
    base::Task<protocol::http::Response> open_proxy(protocol::http::Request request,
                                                    std::string path);
    /// False when there is no environment after a minute, or the session has ended.
    base::Task<bool> wait_attached();
    [[nodiscard]] bool is_authorized(const protocol::http::Request& request) const;

    boost::asio::any_io_executor executor_;
    const std::string id_;
    const base::Secret authorization_;
    Environment* environment_ = nullptr;
    base::StopSource ended_;
    bool terminal_ = false;
    int uses_ = 0;
    base::Notifier changed_;
};

}  // namespace runner::interactive
