#include "runner/journal/inspection.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdlib>

#include "base/unique_fd.hpp"

namespace runner::journal {

namespace fs = std::filesystem;

bool is_in_use(const fs::path& state_dir) {
    const base::UniqueFd lock(::open((state_dir / "lock").c_str(), O_RDONLY | O_CLOEXEC));
    return lock && ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::set<std::int64_t> job_ids(const fs::path& state_dir) {
    std::set<std::int64_t> ids;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(state_dir / "jobs", none))
        ids.insert(std::atoll(entry.path().filename().c_str()));
    return ids;
}

}  // namespace runner::journal
