#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "executors/helper/commands.hpp"
#include "executors/helper/event_log.hpp"
#include "executors/helper/reactor.hpp"
#include "executors/helper/worker.hpp"

namespace executors::helper {

/// One client of the supervisor: its frames come in, the event log goes out from the offset it
/// named.
///
/// Life: made by the supervisor on accept; removed by it once is_open() is false. pump() after
/// every round of the loop. A client that breaks the protocol is disconnected, and nothing else
/// happens.
class Connection {
  public:
    /// Carries a command out; answers the worker that takes the upload, where the command has one.
    using Handler = std::function<std::shared_ptr<Worker>(const Command&)>;

    Connection(Reactor& reactor, EventLog& log, Fd socket, Handler handler);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Sends what the log has, as far as the client takes it.
    void pump();
    [[nodiscard]] bool is_open() const { return static_cast<bool>(socket_); }
    [[nodiscard]] bool is_caught_up() const { return !greeted_ || offset_ >= log_.size(); }

  private:
    void on_event(std::uint32_t events);
    void read_input();
    void process();
    /// Both answer how much of `input` they used; 0: more is needed, or the upload's worker is
    /// busy.
    std::size_t take_frame(std::string_view input);
    std::size_t take_data(std::string_view input);
    void take_command(std::string_view json);
    void hand_over(const ReadFile& read);
    void wait_for_worker();
    ssize_t send_some();
    void update_interest();
    void close();

    Reactor& reactor_;
    EventLog& log_;
    Fd socket_;
    Handler handler_;
    std::string input_;
    bool greeted_ = false;
    bool wants_write_ = false;
    std::uint32_t interest_ = 0;
    std::uint64_t offset_ = 0;
    std::shared_ptr<Worker> upload_;
    std::uint32_t data_left_ = 0;
    int busy_worker_fd_ = -1;
};

}  // namespace executors::helper
