#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

/// The numbers in the records of a zip. Pure.
namespace executors::helper::zip {

/// Throws the Failure for what is no zip.
[[noreturn]] void fail_damaged();

/// Little-endian numbers of a record. Throws Failure where the record is too short.
class Fields {
  public:
    explicit Fields(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t take(std::size_t size);
    std::string_view take_bytes(std::size_t size);
    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

  private:
    std::string_view bytes_;
};

/// Calls `take` with each extra field of a member. Throws Failure where one is too short.
void each_extra(std::string_view extra,
                const std::function<void(std::uint64_t id, Fields field)>& take);

/// The local time of MS-DOS, with which archives without Unix times make do.
std::int64_t dos_time(unsigned date, unsigned time);

/// The time of the last change that an extra field of kUnixTimes has.
std::optional<std::int64_t> unix_time(Fields field);

}  // namespace executors::helper::zip
