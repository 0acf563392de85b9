#pragma once

#include <array>
#include <bitset>
#include <ctime>
#include <string_view>

#include "base/result.hpp"

namespace base {

/// A set of moments as cron writes them: five fields (minute, hour, day of month, month, day of
/// week), six (a year behind them), or seven (seconds in front of the six). A field is "*", "?", a
/// number or a name ("Mon", "jan"), a range, a step ("*/5"), or several of them behind commas.
/// Without a field for seconds, every second of a minute belongs to the set. Where day of month and
/// day of week are both restricted, one of them is enough.
class CronExpression {
  public:
    /// kInvalidInput names the field that is wrong. The letters L, W and # have no meaning here.
    static Result<CronExpression> parse(std::string_view text);

    /// `time`: as localtime_r(3) fills it.
    [[nodiscard]] bool matches(const std::tm& time) const;

  private:
    static constexpr std::size_t kLargest = 2100;
    using Values = std::bitset<kLargest>;

    enum Field { kSecond, kMinute, kHour, kDay, kMonth, kWeekday, kYear, kFields };

    static Result<Values> parse_field(Field field, std::string_view text);
    static Result<Values> parse_part(Field field, std::string_view text);

    std::array<Values, kFields> values_;
    bool any_day_ = true;
    bool any_weekday_ = true;
};

}  // namespace base
