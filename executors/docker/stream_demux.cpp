#include "executors/docker/stream_demux.hpp"

#include <algorithm>
#include <cstring>

namespace executors::docker {

base::Result<std::size_t> StreamDemux::extract(std::span<char> data, std::string& errors) {
    return remove_frames(data, &errors);
}

base::Result<std::size_t> StreamDemux::merge(std::span<char> data) {
    return remove_frames(data, nullptr);
}

base::Result<std::size_t> StreamDemux::take_header(std::span<const char> data) {
    const std::size_t take = std::min(header_.size() - header_size_, data.size());
    std::memcpy(header_.data() + header_size_, data.data(), take);
    header_size_ += take;
    if (header_size_ < header_.size()) return take;
    header_size_ = 0;
    stream_ = header_[0];
    left_ = (std::uint32_t{header_[4]} << 24U) | (std::uint32_t{header_[5]} << 16U) |
            (std::uint32_t{header_[6]} << 8U) | std::uint32_t{header_[7]};
    // 3 is a failure of the engine itself (systemerr); it is treated like standard error.
    if (stream_ > 3 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "the engine sent a stream that is not framed as it should be");
    }
    return take;
}

base::Result<std::size_t> StreamDemux::remove_frames(std::span<char> data, std::string* errors) {
    std::size_t in = 0;
    std::size_t out = 0;
    while (in < data.size()) {
        if (left_ == 0) {
            const auto taken = take_header(data.subspan(in));
            if (!taken) return taken.error();
            in += *taken;
            continue;
        }
        const std::size_t take = std::min<std::size_t>(left_, data.size() - in);
        if (stream_ <= 1 || errors == nullptr) {
            if (out != in) std::memmove(data.data() + out, data.data() + in, take);
            out += take;
        } else if (errors->size() < kMaxErrors) {
            errors->append(data.data() + in, std::min(take, kMaxErrors - errors->size()));
        }
        in += take;
        left_ -= static_cast<std::uint32_t>(take);
    }
    return out;
}

}  // namespace executors::docker
