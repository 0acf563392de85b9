#include "executors/helper/child_process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <vector>

namespace executors::helper {

namespace {

/// Above all numbers that the kept descriptors will have, so that none overwrites another one.
constexpr int kFirstFreeFd = 10;

}  // namespace

void separate_child(std::initializer_list<int> kept) {
    std::vector<int> copies;
    for (const int fd : kept) copies.push_back(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD, kFirstFreeFd));
    int next = kFirstKeptFd;
    for (const int copy : copies) {
        if (copy >= 0) {
            ::dup2(copy, next);
        } else {
            ::close(next);
        }
        ++next;
    }
    ::close_range(static_cast<unsigned>(next), ~0U, 0);
    ::signal(SIGTERM, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace executors::helper
