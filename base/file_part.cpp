#include "base/file_part.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace base {

Error unreadable(const FilePart& part, int code) {
    const std::string doing =
        fmt::format("read {} bytes of a file from offset {}", part.bytes, part.offset);
    const std::string why = code == 0 ? "the file is shorter" : std::string(std::strerror(code));
    return make_error(ErrorKind::kInternal, doing + ": " + why);
}

Result<std::string_view> read_front(FilePart& part, std::span<char> target) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(target.size(), part.bytes));
    std::size_t done = 0;
    while (done < wanted) {
        const auto count =
            ::pread(part.fd, target.data() + done, wanted - done, static_cast<off_t>(part.offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return unreadable(part, count < 0 ? errno : 0);
        done += static_cast<std::size_t>(count);
        part.offset += static_cast<std::uint64_t>(count);
        part.bytes -= static_cast<std::uint64_t>(count);
    }
    return std::string_view(target.data(), done);
}

}  // namespace base
