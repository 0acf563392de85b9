#include "executors/helper/unpack_stream.hpp"

#include <libdeflate.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <vector>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

using Sink = std::function<void(std::string_view)>;

constexpr std::size_t kBufferBytes = 256 * 1024;

/// One of each for each thread, which unpacks one member at a time.
std::vector<char>& packed_buffer() {
    thread_local std::vector<char> buffer(kBufferBytes);
    return buffer;
}
std::vector<char>& plain_buffer() {
    thread_local std::vector<char> buffer(kBufferBytes);
    return buffer;
}

[[noreturn]] void fail_damaged(const std::string& name) {
    throw Failure("unpack " + name + ": the archive is damaged");
}

class PackedReader {
  public:
    PackedReader(PackedPart part, const std::string& name) : part_(part), name_(name) {}

    /// All of it at once, into a place of that size.
    std::string_view rest(char* place) {
        const auto size = static_cast<std::size_t>(part_.size);
        std::size_t done = 0;
        while (part_.size > 0) done += read_into(place + done, size - done);
        return {place, size};
    }

    /// "" at the end.
    std::string_view next() {
        auto& buffer = packed_buffer();
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(part_.size, buffer.size()));
        if (wanted == 0) return {};
        return {buffer.data(), read_into(buffer.data(), wanted)};
    }

  private:
    std::size_t read_into(char* place, std::size_t wanted) {
        ssize_t count = -1;
        do {
            count = ::pread(part_.file, place, wanted, static_cast<off_t>(part_.offset));
        } while (count < 0 && errno == EINTR);
        if (count < 0) fail_errno("read the archive");
        if (count == 0) fail_damaged(name_);
        part_.offset += static_cast<std::uint64_t>(count);
        part_.size -= static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
    }

    PackedPart part_;
    const std::string& name_;
};

struct Inflater {
    z_stream stream{};
    Inflater() {
        constexpr int kNoHeader = -15;
        if (::inflateInit2(&stream, kNoHeader) != Z_OK) throw Failure("zlib could not begin");
    }
    ~Inflater() { ::inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
};

void inflate_all(PackedReader& reader, const std::string& name, const Sink& sink) {
    Inflater inflater;
    z_stream& stream = inflater.stream;
    auto& plain = plain_buffer();
    int code = Z_OK;
    while (code != Z_STREAM_END) {
        const std::string_view packed = reader.next();
        if (packed.empty()) fail_damaged(name);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
        stream.avail_in = static_cast<uInt>(packed.size());
        do {
            stream.next_out = reinterpret_cast<Bytef*>(plain.data());
            stream.avail_out = static_cast<uInt>(plain.size());
            code = ::inflate(&stream, Z_NO_FLUSH);
            if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) fail_damaged(name);
            sink({plain.data(), plain.size() - stream.avail_out});
        } while (code != Z_STREAM_END && stream.avail_out == 0);
    }
}

struct FreeDecompressor {
    void operator()(libdeflate_decompressor* unpacker) const {
        ::libdeflate_free_decompressor(unpacker);
    }
};

/// libdeflate is twice as fast as zlib, but wants all of it in memory. Of small files, each thread
/// has one in its buffers.
bool is_small(const PackedPart& part) {
    constexpr std::uint64_t kMostBytes = 1024 * 1024;
    return part.size <= kMostBytes && part.plain_size <= kMostBytes;
}

/// Memory for a large file: of what all threads may have together, or none. Released by the
/// destructor.
class LargeFileMemory {
  public:
    explicit LargeFileMemory(const PackedPart& part) {
        if (part.size > kMostBytes || part.plain_size > kMostBytes - part.size) return;
        const auto wanted = static_cast<std::int64_t>(part.size + part.plain_size);
        const std::int64_t left = left_bytes.fetch_sub(wanted) - wanted;
        if (left < 0) {
            left_bytes += wanted;
            return;
        }
        taken_ = wanted;
        packed_ = std::make_unique_for_overwrite<char[]>(part.size);
        plain_ = std::make_unique_for_overwrite<char[]>(part.plain_size);
    }
    ~LargeFileMemory() { left_bytes += taken_; }
    LargeFileMemory(const LargeFileMemory&) = delete;
    LargeFileMemory& operator=(const LargeFileMemory&) = delete;
    explicit operator bool() const { return plain_ != nullptr; }
    [[nodiscard]] char* packed() { return packed_.get(); }
    [[nodiscard]] char* plain() { return plain_.get(); }

  private:
    static constexpr std::uint64_t kMostBytes = 24 * 1024 * 1024;
    inline static std::atomic<std::int64_t> left_bytes{kMostBytes};
    std::int64_t taken_ = 0;
    std::unique_ptr<char[]> packed_;
    std::unique_ptr<char[]> plain_;
};

void inflate_whole(std::string_view packed, char* plain, std::size_t size, const std::string& name,
                   const Sink& sink) {
    thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> unpacker(
        ::libdeflate_alloc_decompressor());
    if (!unpacker) throw Failure("libdeflate could not begin");
    const libdeflate_result result = ::libdeflate_deflate_decompress(
        unpacker.get(), packed.data(), packed.size(), plain, size, nullptr);
    if (result != LIBDEFLATE_SUCCESS) fail_damaged(name);
    sink({plain, size});
}

char* with_room(std::vector<char>& buffer, std::uint64_t size) {
    if (buffer.size() < size) buffer.resize(static_cast<std::size_t>(size));
    return buffer.data();
}

void unpack_deflated(const PackedPart& part, PackedReader& reader, const std::string& name,
                     const Sink& sink) {
    const auto size = static_cast<std::size_t>(part.plain_size);
    if (is_small(part)) {
        const auto packed = reader.rest(with_room(packed_buffer(), part.size));
        return inflate_whole(packed, with_room(plain_buffer(), part.plain_size), size, name, sink);
    }
    LargeFileMemory memory(part);
    if (!memory) return inflate_all(reader, name, sink);
    inflate_whole(reader.rest(memory.packed()), memory.plain(), size, name, sink);
}

struct FreeZstd {
    void operator()(ZSTD_DStream* stream) const { ::ZSTD_freeDStream(stream); }
};

void unzstd_all(PackedReader& reader, const std::string& name, const Sink& sink) {
    const std::unique_ptr<ZSTD_DStream, FreeZstd> stream(::ZSTD_createDStream());
    if (!stream) throw Failure("zstd could not begin");
    auto& plain = plain_buffer();
    std::size_t hint = 1;  // 0: a frame is complete
    for (auto packed = reader.next(); !packed.empty(); packed = reader.next()) {
        ZSTD_inBuffer in{packed.data(), packed.size(), 0};
        bool full = false;
        // Asked again behind the end of a frame, zstd would expect another one.
        while (in.pos < in.size || (full && hint != 0)) {
            ZSTD_outBuffer out{plain.data(), plain.size(), 0};
            hint = ::ZSTD_decompressStream(stream.get(), &out, &in);
            if (::ZSTD_isError(hint) != 0) fail_damaged(name);
            sink({plain.data(), out.pos});
            full = out.pos == out.size;
        }
    }
    if (hint != 0) fail_damaged(name);
}

}  // namespace

void unpack_stream(const PackedPart& part, unsigned method, const std::string& name,
                   const Sink& sink) {
    constexpr unsigned kStored = 0;
    constexpr unsigned kDeflate = 8;
    constexpr unsigned kZstd = 93;
    PackedReader reader(part, name);
    switch (method) {
        case kStored:
            for (auto bytes = reader.next(); !bytes.empty(); bytes = reader.next()) sink(bytes);
            return;
        case kDeflate: return unpack_deflated(part, reader, name, sink);
        case kZstd: return unzstd_all(reader, name, sink);
        default:
            throw Failure("unpack " + name + ": compression method " + std::to_string(method) +
                          " is not known here: stored, deflate and zstd are");
    }
}

}  // namespace executors::helper
