#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// The daemon's log: one line per event on standard error, a message and named fields.
/// Safe from any thread; a line is written with one write(2). Secrets must not be logged: a field
/// takes no base::Secret, and the caller removes credentials from a URL.
namespace base::log {

enum class Level { kDebug, kInfo, kWarning, kError, kFatal };
enum class Format {
    kRunner,  ///< message padded to 50 columns, then `key=value` (the official default)
    kText,    ///< logfmt: time="…" level=… msg="…" key=value
    kJson,    ///< one JSON object per line
};

struct Field {
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, const std::string& v) : key(k), value(v) {}
    Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), literal(true) {}
    template <std::integral T>
    Field(std::string_view k, T v) : key(k), value(std::to_string(v)), literal(true) {}
    Field(std::string_view k, double v);

    std::string_view key;
    std::string value;
    bool literal = false;  ///< a number or a boolean, for JSON
};
using Fields = std::initializer_list<Field>;

void configure(Level level, Format format);
[[nodiscard]] Level level();
/// "debug", "info", "warn", "warning", "error", "fatal", "panic".
Result<Level> parse_level(std::string_view text);
/// "runner", "text", "json".
Result<Format> parse_format(std::string_view text);

void write(Level level, std::string_view message, Fields fields = {});
inline void debug(std::string_view m, Fields f = {}) { write(Level::kDebug, m, f); }
inline void info(std::string_view m, Fields f = {}) { write(Level::kInfo, m, f); }
inline void warning(std::string_view m, Fields f = {}) { write(Level::kWarning, m, f); }
inline void error(std::string_view m, Fields f = {}) { write(Level::kError, m, f); }
inline void fatal(std::string_view m, Fields f = {}) { write(Level::kFatal, m, f); }

/// How many lines of a level were written since the start (metric gitlab_runner_errors_total).
[[nodiscard]] std::uint64_t count(Level level);

/// Formats a line without its end of line; pure, for tests.
std::string format_line(Format format, bool colour, Level level, std::string_view message,
                        const Field* fields, std::size_t field_count, std::int64_t unix_micros);

}  // namespace base::log
