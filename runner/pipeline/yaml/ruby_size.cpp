#include "runner/pipeline/yaml/ruby_size.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace runner::pipeline::yaml {
namespace {

/// The size of a Hash with so many entries: a table whose capacity doubles as it grows.
std::uint64_t table_bytes(std::uint64_t entries) {
    constexpr std::uint64_t kHeader = 96;
    constexpr std::uint64_t kEntry = 24;
    if (entries == 0) return 40;
    if (entries <= 8) return 168;
    const std::uint64_t slots = std::max<std::uint64_t>(32, std::bit_ceil(entries + 1));
    const std::uint64_t index_bytes = slots <= 128 ? 1 : slots <= 32768 ? 2 : 4;
    return kHeader + slots * (kEntry + 2 * index_bytes);
}

}  // namespace

std::uint64_t ruby_size(const Value& value, std::uint64_t most) {
    constexpr std::uint64_t kObject = 40;
    constexpr std::size_t kWithinObject = 23;
    switch (value.kind()) {
        case Kind::kString: {
            const std::size_t size = value.as_string().size();
            return size <= kWithinObject ? kObject : kObject + size + 1;
        }
        case Kind::kReference: return kObject;
        case Kind::kList: {
            const List& items = value.items();
            std::uint64_t bytes = kObject + (items.size() > 3 ? 8 * items.size() : 0);
            for (const Value& item : items) {
                if (bytes > most) break;
                bytes += ruby_size(item, most - bytes);
            }
            return bytes;
        }
        case Kind::kMap: {
            std::uint64_t bytes = table_bytes(value.entries().size());
            for (const auto& [key, item] : value.entries()) {
                if (bytes > most) break;
                bytes += ruby_size(key, most);
                if (bytes <= most) bytes += ruby_size(item, most - bytes);
            }
            return bytes;
        }
        default: return 0;
    }
}

}  // namespace runner::pipeline::yaml
