#include "executors/helper/zip_fields.hpp"

#include <ctime>

#include "executors/helper/posix.hpp"

namespace executors::helper::zip {

void fail_damaged() { throw Failure("read the archive: it is damaged or no zip"); }

std::uint64_t Fields::take(std::size_t size) {
    const std::string_view text = take_bytes(size);
    std::uint64_t value = 0;
    for (std::size_t i = size; i > 0; --i)
        value = value << 8 | static_cast<unsigned char>(text[i - 1]);
    return value;
}

std::string_view Fields::take_bytes(std::size_t size) {
    if (size > bytes_.size()) fail_damaged();
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
}

void each_extra(std::string_view extra,
                const std::function<void(std::uint64_t id, Fields field)>& take) {
    Fields fields(extra);
    while (fields.left() >= 4) {
        const auto id = fields.take(2);
        take(id, Fields(fields.take_bytes(fields.take(2))));
    }
}

std::int64_t dos_time(unsigned date, unsigned time) {
    std::tm parts{};
    parts.tm_year = static_cast<int>((date >> 9) + 80);
    parts.tm_mon = static_cast<int>((date >> 5 & 15) - 1);
    parts.tm_mday = static_cast<int>(date & 31);
    parts.tm_hour = static_cast<int>(time >> 11);
    parts.tm_min = static_cast<int>(time >> 5 & 63);
    parts.tm_sec = static_cast<int>((time & 31) * 2);
    parts.tm_isdst = -1;
    return std::mktime(&parts);
}

std::optional<std::int64_t> unix_time(Fields field) {
    if (field.left() < 5 || (field.take(1) & 1) == 0) return std::nullopt;
    return static_cast<std::int32_t>(field.take(4));
}

}  // namespace executors::helper::zip
