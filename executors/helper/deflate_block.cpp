#include "executors/helper/deflate_block.hpp"

#include <zlib.h>

#include <optional>
#include <utility>

#include "executors/helper/posix.hpp"
#include "executors/helper/zstd_frame.hpp"

namespace executors::helper {

namespace {

const Bytef* bytes_of(const std::string& text) {
    return reinterpret_cast<const Bytef*>(text.data());
}

class BlockDeflater {
  public:
    explicit BlockDeflater(int level) {
        constexpr int kRaw = -15;
        if (::deflateInit2(&stream_, level, Z_DEFLATED, kRaw, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            throw Failure("compress: zlib could not begin");
    }
    ~BlockDeflater() { ::deflateEnd(&stream_); }
    BlockDeflater(const BlockDeflater&) = delete;
    BlockDeflater& operator=(const BlockDeflater&) = delete;

    std::string pack(const Block& block) {
        ::deflateReset(&stream_);
        if (!block.before.empty())
            ::deflateSetDictionary(&stream_, bytes_of(block.before),
                                   static_cast<uInt>(block.before.size()));
        constexpr std::size_t kEndOfBlock = 16;
        std::string packed(::deflateBound(&stream_, block.bytes.size()) + kEndOfBlock, '\0');
        stream_.next_in = const_cast<Bytef*>(bytes_of(block.bytes));
        stream_.avail_in = static_cast<uInt>(block.bytes.size());
        stream_.next_out = reinterpret_cast<Bytef*>(packed.data());
        stream_.avail_out = static_cast<uInt>(packed.size());
        const int code = ::deflate(&stream_, block.last ? Z_FINISH : Z_SYNC_FLUSH);
        const bool good = code == (block.last ? Z_STREAM_END : Z_OK) && stream_.avail_in == 0;
        if (!good) throw Failure("compress: zlib failed");
        packed.resize(packed.size() - stream_.avail_out);
        return packed;
    }

  private:
    z_stream stream_{};
};

/// One for each thread, because to make one costs more than to compress a small file.
BlockDeflater& deflater_of(int level) {
    thread_local int made_for = -1;
    thread_local std::optional<BlockDeflater> deflater;
    if (made_for != level) deflater.emplace(level);
    made_for = level;
    return *deflater;
}

}  // namespace

PackedBlock pack_block(Block block, int level) {
    PackedBlock packed;
    packed.raw_bytes = block.bytes.size();
    packed.last = block.last;
    packed.crc = static_cast<std::uint32_t>(
        ::crc32_z(::crc32_z(0, nullptr, 0), bytes_of(block.bytes), block.bytes.size()));
    switch (block.method) {
        case zip::Method::kStored: packed.bytes = std::move(block.bytes); break;
        case zip::Method::kDeflate: packed.bytes = deflater_of(level).pack(block); break;
        case zip::Method::kZstd: packed.bytes = zstd_frame(block.bytes, zstd_level(level)); break;
    }
    return packed;
}

}  // namespace executors::helper
