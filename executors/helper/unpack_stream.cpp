#include "executors/helper/unpack_stream.hpp"

#include <libdeflate.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
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

    /// All of it at once.
    std::string_view rest() {
        auto& buffer = packed_buffer();
        const auto size = static_cast<std::size_t>(part_.size);
        if (buffer.size() < size) buffer.resize(size);
        std::size_t done = 0;
        while (part_.size > 0) done += read_into(buffer.data() + done, size - done);
        return {buffer.data(), size};
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

/// libdeflate is twice as fast as zlib, but wants all of it in memory.
bool fits_into_memory(const PackedPart& part) {
    constexpr std::uint64_t kMostBytes = 1024 * 1024;
    return part.size <= kMostBytes && part.plain_size <= kMostBytes;
}

void inflate_whole(PackedReader& reader, std::size_t size, const std::string& name,
                   const Sink& sink) {
    thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> unpacker(
        ::libdeflate_alloc_decompressor());
    if (!unpacker) throw Failure("libdeflate could not begin");
    const std::string_view packed = reader.rest();
    auto& plain = plain_buffer();
    if (plain.size() < size) plain.resize(size);
    const libdeflate_result result = ::libdeflate_deflate_decompress(
        unpacker.get(), packed.data(), packed.size(), plain.data(), size, nullptr);
    if (result != LIBDEFLATE_SUCCESS) fail_damaged(name);
    sink({plain.data(), size});
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
        case kDeflate:
            if (!fits_into_memory(part)) return inflate_all(reader, name, sink);
            return inflate_whole(reader, static_cast<std::size_t>(part.plain_size), name, sink);
        case kZstd: return unzstd_all(reader, name, sink);
        default:
            throw Failure("unpack " + name + ": compression method " + std::to_string(method) +
                          " is not known here: stored, deflate and zstd are");
    }
}

}  // namespace executors::helper
