#include "base/local_time.hpp"

#include <date/tz.h>

#include <chrono>
#include <exception>

namespace base {

Result<std::tm> local_time(const std::string& zone, std::int64_t unix_seconds) {
    std::tm time{};
    std::time_t seconds = unix_seconds;
    if (zone == "Local") {
        ::localtime_r(&seconds, &time);
        return time;
    }
    if (!zone.empty() && zone != "UTC") {
        try {
            const date::sys_seconds moment{std::chrono::seconds(unix_seconds)};
            seconds = date::locate_zone(zone)->to_local(moment).time_since_epoch().count();
        } catch (const std::exception&) {
            return make_error(ErrorKind::kNotFound,
                              "\"" + zone +
                                  "\" is not a time zone of this machine: names are those of "
                                  "`timedatectl list-timezones`, such as \"Europe/Berlin\", and "
                                  "the package tzdata has them");
        }
    }
    ::gmtime_r(&seconds, &time);
    return time;
}

}  // namespace base
