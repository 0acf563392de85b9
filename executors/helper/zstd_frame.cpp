#include "executors/helper/zstd_frame.hpp"

#include <zstd.h>

#include <memory>

#include "executors/helper/posix.hpp"

namespace executors::helper {

namespace {

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ::ZSTD_freeCCtx(context); }
};

/// One for each thread, because to make one costs more than to compress a small file.
ZSTD_CCtx* context() {
    thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> made(::ZSTD_createCCtx());
    if (!made) throw Failure("compress: zstd could not begin");
    return made.get();
}

}  // namespace

int zstd_level(int zlib_level) {
    if (zlib_level <= 1) return 1;
    if (zlib_level < 7) return 3;
    return zlib_level < 9 ? 7 : 11;
}

std::string zstd_frame(std::string_view bytes, int level) {
    std::string frame(::ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size = ::ZSTD_compressCCtx(context(), frame.data(), frame.size(),
                                                 bytes.data(), bytes.size(), level);
    if (::ZSTD_isError(size) != 0)
        throw Failure(std::string("compress: ") + ::ZSTD_getErrorName(size));
    frame.resize(size);
    return frame;
}

}  // namespace executors::helper
