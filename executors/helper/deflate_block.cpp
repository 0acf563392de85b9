#include "executors/helper/deflate_block.hpp"

#include <libdeflate.h>
#include <zlib.h>

#include <memory>
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

struct FreeCompressor {
    void operator()(libdeflate_compressor* compressor) const {
        ::libdeflate_free_compressor(compressor);
    }
};

/// Compresses a text as a whole.
class WholeDeflater {
  public:
    explicit WholeDeflater(int level) : compressor_(::libdeflate_alloc_compressor(level)) {
        if (!compressor_) throw Failure("compress: libdeflate could not begin");
    }

    /// The result is valid until the next call.
    std::string_view pack(std::string_view bytes) {
        const std::size_t most =
            ::libdeflate_deflate_compress_bound(compressor_.get(), bytes.size());
        if (packed_.size() < most) packed_.resize(most);
        const std::size_t made = ::libdeflate_deflate_compress(
            compressor_.get(), bytes.data(), bytes.size(), packed_.data(), packed_.size());
        if (made == 0) throw Failure("compress: libdeflate failed");
        return {packed_.data(), made};
    }

  private:
    std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor_;
    std::string packed_;
};

/// One for each thread, for the same reason.
WholeDeflater& whole_deflater_of(int level) {
    thread_local int made_for = -1;
    thread_local std::optional<WholeDeflater> deflater;
    if (made_for != level) deflater.emplace(level);
    made_for = level;
    return *deflater;
}

std::string pack_bytes(Block block, int level) {
    if (block.method == zip::Method::kStored) return std::move(block.bytes);
    if (block.method == zip::Method::kZstd) return zstd_frame(block.bytes, zstd_level(level));
    if (!block.whole) return deflater_of(level).pack(block);
    // At the same number, libdeflate's results are smaller than zlib's.
    constexpr int kFast = 1;
    return std::string(whole_deflater_of(level == kDefaultLevel ? kFast : level).pack(block.bytes));
}

}  // namespace

PackedBlock pack_block(Block block, int level) {
    PackedBlock packed;
    packed.raw_bytes = block.bytes.size();
    packed.last = block.last;
    packed.crc = ::libdeflate_crc32(0, block.bytes.data(), block.bytes.size());
    packed.bytes = pack_bytes(std::move(block), level);
    return packed;
}

std::size_t quick_packed_size(std::string_view bytes) {
    return whole_deflater_of(1).pack(bytes).size();
}

}  // namespace executors::helper
