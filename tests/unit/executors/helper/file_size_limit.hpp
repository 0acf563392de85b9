#pragma once

#include <sys/resource.h>

#include <csignal>

namespace executors::helper::tests_support {

/// Writes beyond `bytes` of a file fail with EFBIG, as they fail with ENOSPC on a full disk, until
/// lift() or the end of its life.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) : action_(::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        lift();
        ::signal(SIGXFSZ, action_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

    void lift() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
    void (*action_)(int);
};

}  // namespace executors::helper::tests_support
