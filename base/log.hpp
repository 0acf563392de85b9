#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

/// The daemon's log: one line per event on standard error, or one entry of systemd's journal: a
/// message and named fields. Safe from any thread; a line is written with one write(2). Secrets
/// must not be logged: a field takes no base::Secret, and the caller removes credentials from a
/// URL.
namespace base::log {

enum class Level { kDebug, kInfo, kWarning, kError, kFatal };
enum class Format {
    kRunner,   ///< message padded to 50 columns, then `key=value` (the official default)
    kText,     ///< logfmt: time="…" level=… msg="…" key=value
    kJson,     ///< one JSON object per line
    kJournal,  ///< entries of systemd's journal with a field of their own for each field
};

struct Field {
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, const std::string& v) : key(k), value(v) {}
    Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), literal(true) {}
    template <std::integral T>
    Field(std::string_view k, T v) : key(k), value(std::to_string(v)), literal(true) {}
    Field(std::string_view k, double v);

    std::string_view key;  ///< a literal
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
/// The format when nobody asks for one: kJournal when standard error is a stream of the journal,
/// else kRunner.
[[nodiscard]] Format default_format();

void write(Level level, std::string_view message, const Field* fields, std::size_t count);
inline void write(Level level, std::string_view message, Fields fields = {}) {
    write(level, message, fields.begin(), fields.size());
}
inline void debug(std::string_view m, Fields f = {}) { write(Level::kDebug, m, f); }
inline void info(std::string_view m, Fields f = {}) { write(Level::kInfo, m, f); }
inline void warning(std::string_view m, Fields f = {}) { write(Level::kWarning, m, f); }
inline void error(std::string_view m, Fields f = {}) { write(Level::kError, m, f); }
inline void fatal(std::string_view m, Fields f = {}) { write(Level::kFatal, m, f); }

/// Fields that all lines about one thing have, such as those of a job. A plain value that is passed
/// to who writes about the thing; its fields stand in front of a line's own.
class Scope {
  public:
    Scope() = default;
    explicit Scope(std::vector<Field> fields) : fields_(std::move(fields)) {}
    /// This scope with more fields.
    [[nodiscard]] Scope with(Fields more) const;
    void write(Level level, std::string_view message, Fields more = {}) const;
    void debug(std::string_view m, Fields f = {}) const { write(Level::kDebug, m, f); }
    void info(std::string_view m, Fields f = {}) const { write(Level::kInfo, m, f); }
    void warning(std::string_view m, Fields f = {}) const { write(Level::kWarning, m, f); }
    void error(std::string_view m, Fields f = {}) const { write(Level::kError, m, f); }
    [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

  private:
    std::vector<Field> fields_;
};

/// How many lines of a level were written since the start (metric gitlab_runner_errors_total).
[[nodiscard]] std::uint64_t count(Level level);

/// Formats a line without its end of line, or an entry for the journal; pure, for tests.
std::string format_line(Format format, bool colour, Level level, std::string_view message,
                        const Field* fields, std::size_t field_count, std::int64_t unix_micros);

}  // namespace base::log
