#include "executors/docker/stream_demux.hpp"

#include <algorithm>
#include <cstring>

namespace executors::docker {

base::Result<std::size_t> StreamDemux::extract(std::span<char> data, std::string& errors) {
    std::size_t in = 0;
    std::size_t out = 0;
    while (in < data.size()) {
        if (left_ == 0) {
            const std::size_t take = std::min(header_.size() - header_size_, data.size() - in);
            std::memcpy(header_.data() + header_size_, data.data() + in, take);
            header_size_ += take;
            in += take;
            if (header_size_ < header_.size()) break;
            header_size_ = 0;
            stream_ = header_[0];
            left_ = (std::uint32_t{header_[4]} << 24U) | (std::uint32_t{header_[5]} << 16U) |
                    (std::uint32_t{header_[6]} << 8U) | std::uint32_t{header_[7]};
            // 3 is the engine's own trouble (systemerr); it reads like standard error.
            if (stream_ > 3 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) {
                return base::make_error(
                    base::ErrorKind::kProtocol,
                    "the engine sent a stream that is not framed as it should be");
            }
            continue;
        }
        const std::size_t take = std::min<std::size_t>(left_, data.size() - in);
        if (stream_ <= 1) {
            if (out != in) std::memmove(data.data() + out, data.data() + in, take);
            out += take;
        } else if (errors.size() < kMaxErrors) {
            errors.append(data.data() + in, std::min(take, kMaxErrors - errors.size()));
        }
        in += take;
        left_ -= static_cast<std::uint32_t>(take);
    }
    return out;
}

}  // namespace executors::docker
