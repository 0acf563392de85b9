#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "executors/helper/event_log.hpp"
#include "executors/helper/log_sender.hpp"
#include "executors/helper/messages.hpp"
#include "executors/helper/reactor.hpp"
#include "executors/helper/worker.hpp"

namespace executors::helper {

/// One client of the supervisor: reads its frames, and sends it the event log from the offset in
/// its hello.
///
/// Life: made by the supervisor when it accepts; pump() after every round of the loop; removed when
/// is_open() is false. A client that breaks the protocol is disconnected, and the job goes on.
class Connection {
  public:
    /// Carries out a command. For a command with an upload it returns the worker that reads it.
    using Handler = std::function<std::shared_ptr<Worker>(const Command&)>;

    /// `cgroup_procs`: for the processes of a terminal, see launch_stage().
    Connection(Reactor& reactor, EventLog& log, UniqueFd socket, int cgroup_procs, Handler handler);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Sends what the log has, as much as the client takes now.
    void pump();
    [[nodiscard]] bool is_open() const { return static_cast<bool>(socket_); }
    [[nodiscard]] bool is_caught_up() const { return sender_.is_caught_up(); }

  private:
    void on_event(std::uint32_t events);
    bool pass_data();
    void read_input();
    void process();
    /// Both return how many bytes of `input` they used; 0: more bytes are needed, or the worker
    /// that reads the upload is busy.
    std::size_t take_frame(std::string_view input);
    std::size_t take_data(std::string_view input);
    void take_command(std::string_view json);
    bool hand_over(const Command& command);
    UniqueFd release(int version);
    void wait_for_worker();
    void update_interest();
    void close();

    Reactor& reactor_;
    LogSender sender_;
    UniqueFd socket_;
    const int cgroup_procs_;
    Handler handler_;
    std::string input_;
    std::uint32_t interest_ = 0;
    std::shared_ptr<Worker> upload_;
    std::uint32_t data_left_ = 0;
    int busy_worker_fd_ = -1;
};

}  // namespace executors::helper
