#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <string>

#include "executors/helper/posix.hpp"
#include "executors/helper/reactor.hpp"

namespace executors::helper {

/// What clients and reap() find in the directory of a job's supervisor: the socket, the lock that
/// makes it the only one, and its process number.
///
/// A script of the same user may remove all of that or close it (`rm -rf /.runner-job`, `chmod
/// 000`), and the job's artifacts come through the socket. So restore() puts it back. The event log
/// needs no name: it goes on in the open file.
///
/// Life: as long as the supervisor; remove_socket() at an orderly end.
class Doorway {
  public:
    /// Makes the directory when it is missing, and listens. Throws Failure, also when another
    /// supervisor serves the directory.
    explicit Doorway(std::string path);

    [[nodiscard]] int directory() const { return directory_.get(); }
    [[nodiscard]] int listener() const { return listener_.get(); }
    /// Leaves a file for reap().
    void leave(const std::string& name, const std::string& text);
    /// From now on `on_client` is called when a client waits, and restore() soon after the
    /// directory has changed. `reactor` outlives the calls.
    void attach(Reactor& reactor, std::function<void()> on_client);
    /// Puts back what is missing. The listener may be another one afterwards.
    void restore();
    void remove_socket() const;

  private:
    void on_change();
    void open_directory();
    void take_lock();
    void listen();
    void restore_all();
    void restore_modes() const;
    [[nodiscard]] bool leads_to(const char* name, const struct stat& mine) const;

    std::string path_;
    UniqueFd directory_;
    UniqueFd lock_;
    UniqueFd listener_;
    UniqueFd watch_;
    struct stat socket_ {};
    std::map<std::string, std::string> notes_;
    Reactor* reactor_ = nullptr;
    Reactor::TimerId timer_ = 0;  ///< of the restore() that a change has asked for
    std::function<void()> on_client_;
    /// Another supervisor has taken the directory, or it cannot be made again.
    bool lost_ = false;
};

}  // namespace executors::helper
