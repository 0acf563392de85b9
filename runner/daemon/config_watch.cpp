#include "runner/daemon/config_watch.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <boost/asio/buffer.hpp>
#include <array>
#include <cstring>

#include "base/files.hpp"

namespace runner::daemon {

std::string file_stamp(const std::filesystem::path& file) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0) return {};
    return fmt::format("{}:{}:{}.{:09}", facts.st_ino, facts.st_size, facts.st_mtim.tv_sec,
                       facts.st_mtim.tv_nsec);
}

base::Result<ConfigWatch> ConfigWatch::open(const boost::asio::any_io_executor& executor,
                                            const std::filesystem::path& file) {
    base::UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd) return base::errno_error("watch " + file.string());
    const std::filesystem::path directory = file.has_parent_path() ? file.parent_path() : ".";
    if (::inotify_add_watch(fd.get(), directory.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
        return base::errno_error("watch " + directory.string());
    }
    boost::asio::posix::stream_descriptor descriptor(executor, fd.release());
    return ConfigWatch(std::move(descriptor), file.filename().string());
}

bool ConfigWatch::concerns_us(const char* events, std::size_t size) const {
    std::size_t at = 0;
    while (at + sizeof(inotify_event) <= size) {
        inotify_event event{};
        std::memcpy(&event, events + at, sizeof event);
        const char* name = events + at + sizeof event;
        if (event.len > 0 && name_ == std::string_view(name, ::strnlen(name, event.len))) {
            return true;
        }
        at += sizeof event + event.len;
    }
    return false;
}

base::Task<base::Result<void>> ConfigWatch::next_change() {
    std::array<char, 4096> events{};
    while (true) {
        auto [code, size] =
            co_await descriptor_.async_read_some(boost::asio::buffer(events), base::use_tuple);
        if (code) co_return base::make_error(code, "watch the configuration file");
        if (concerns_us(events.data(), size)) co_return base::Result<void>();
    }
}

}  // namespace runner::daemon
