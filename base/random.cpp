#include "base/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <stdexcept>
#include <string_view>

#include "base/encoding.hpp"

namespace base {

namespace {

void fill(void* target, std::size_t size) {
    auto* rest = static_cast<unsigned char*>(target);
    while (size > 0) {
        const ssize_t got = ::getrandom(rest, size, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw std::runtime_error("the kernel gives no random bytes");
        rest += got;
        size -= static_cast<std::size_t>(got);
    }
}

}  // namespace

std::string random_hex(std::size_t bytes) {
    std::string raw(bytes, '\0');
    fill(raw.data(), raw.size());
    return to_hex(raw);
}

std::string random_alphanumeric(std::size_t length) {
    static constexpr std::string_view kLetters =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string text;
    while (text.size() < length) {
        unsigned char value = 0;
        fill(&value, 1);
        if (value < 248) text += kLetters[value % kLetters.size()];
    }
    return text;
}

double random_unit() {
    std::uint32_t value = 0;
    fill(&value, sizeof value);
    return static_cast<double>(value) / 4294967296.0;
}

}  // namespace base
