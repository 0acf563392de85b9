#include "base/log.hpp"

#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>

#include "base/clock.hpp"
#include "base/journal_entry.hpp"
#include "base/json.hpp"

namespace base::log {

namespace {

std::atomic<Level> g_level{Level::kInfo};
std::atomic<Format> g_format{Format::kRunner};
std::array<std::atomic<std::uint64_t>, 5> g_counts{};

constexpr std::size_t kMessageColumns = 50;

std::string_view name(Level level) {
    switch (level) {
        case Level::kDebug: return "debug";
        case Level::kInfo: return "info";
        case Level::kWarning: return "warning";
        case Level::kError: return "error";
        case Level::kFatal: return "fatal";
    }
    return "info";
}

std::string_view colour_of(Level level) {
    switch (level) {
        case Level::kWarning: return "\x1b[0;33m";
        case Level::kError:
        case Level::kFatal: return "\x1b[31;1m";
        default: return "";
    }
}

std::string_view prefix_of(Level level) {
    switch (level) {
        case Level::kWarning: return "WARNING: ";
        case Level::kError: return "ERROR: ";
        case Level::kFatal: return "FATAL: ";
        default: return "";
    }
}

/// Escapes line breaks, because an event is one line, and other control characters: names come from
/// pipelines and must not command a terminal.
std::string one_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c == '\n')
            out += "\\n";
        else if (c == '\r')
            out += "\\r";
        else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            out += c;
    }
    return out;
}

bool needs_quotes(std::string_view value) {
    return value.empty() || value.find_first_of(" \"=\t") != std::string_view::npos;
}

std::string in_quotes(std::string_view value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string runner_line(bool colour, Level level, std::string_view message, const Field* fields,
                        std::size_t count) {
    std::string text = std::string(prefix_of(level)) + one_line(message);
    if (count > 0 && text.size() < kMessageColumns) text.resize(kMessageColumns, ' ');
    std::string line = colour ? std::string(colour_of(level)) + text + "\x1b[0;m" : text;
    for (std::size_t i = 0; i < count; ++i) {
        line += fmt::format(" {}={}", fields[i].key, one_line(fields[i].value));
    }
    return line;
}

std::string text_line(Level level, std::string_view message, const Field* fields, std::size_t count,
                      std::int64_t unix_micros) {
    std::string line =
        fmt::format("time=\"{}\" level={} msg={}", rfc3339_utc(unix_micros / 1000000), name(level),
                    in_quotes(one_line(message)));
    for (std::size_t i = 0; i < count; ++i) {
        const std::string value = one_line(fields[i].value);
        line +=
            fmt::format(" {}={}", fields[i].key, needs_quotes(value) ? in_quotes(value) : value);
    }
    return line;
}

std::string json_line(Level level, std::string_view message, const Field* fields, std::size_t count,
                      std::int64_t unix_micros) {
    nlohmann::ordered_json line;
    for (std::size_t i = 0; i < count; ++i) {
        auto& entry = line[std::string(fields[i].key)];
        if (fields[i].literal) {
            entry = nlohmann::ordered_json::parse(fields[i].value);
        } else {
            entry = fields[i].value;
        }
    }
    line["level"] = name(level);
    line["msg"] = message;
    line["time"] = rfc3339_utc(unix_micros / 1000000);
    return dump_json(line);
}

int syslog_priority(Level level) {
    switch (level) {
        case Level::kDebug: return LOG_DEBUG;
        case Level::kInfo: return LOG_INFO;
        case Level::kWarning: return LOG_WARNING;
        case Level::kError: return LOG_ERR;
        case Level::kFatal: return LOG_CRIT;
    }
    return LOG_INFO;
}

/// journalctl shows the message alone, so it has the fields as well.
std::string journal_entry(Level level, std::string_view message, const Field* fields,
                          std::size_t count) {
    std::string shown(message);
    JournalEntry entry;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string value = one_line(fields[i].value);
        shown +=
            fmt::format(" {}={}", fields[i].key, needs_quotes(value) ? in_quotes(value) : value);
    }
    entry.add("MESSAGE", shown);
    entry.add("PRIORITY", std::to_string(syslog_priority(level)));
    entry.add("SYSLOG_IDENTIFIER", "runner");
    for (std::size_t i = 0; i < count; ++i) {
        entry.add(journal_field_name(fields[i].key), fields[i].value);
    }
    return entry.bytes();
}

void write_all(std::string_view line) {
    while (!line.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
        // When standard error cannot be written to, there is nowhere to report it.
        if (written <= 0) {
            if (written < 0 && errno == EINTR) continue;
            return;
        }
        line.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

Field::Field(std::string_view k, double v)
    : key(k), value(fmt::format("{:.3f}", v)), literal(std::isfinite(v)) {}

void configure(Level level, Format format) {
    g_level = level;
    g_format = format;
}

Level level() { return g_level; }

Result<Level> parse_level(std::string_view text) {
    if (text == "debug" || text == "trace") return Level::kDebug;
    if (text == "info") return Level::kInfo;
    if (text == "warn" || text == "warning") return Level::kWarning;
    if (text == "error") return Level::kError;
    if (text == "fatal" || text == "panic") return Level::kFatal;
    return make_error(ErrorKind::kInvalidInput,
                      fmt::format("unknown log level \"{}\": use debug, info, warn, error, fatal "
                                  "or panic",
                                  text));
}

Result<Format> parse_format(std::string_view text) {
    if (text == "runner") return Format::kRunner;
    if (text == "text") return Format::kText;
    if (text == "json") return Format::kJson;
    return make_error(ErrorKind::kInvalidInput,
                      fmt::format("unknown log format \"{}\": use runner, text or json", text));
}

std::string format_line(Format format, bool colour, Level level, std::string_view message,
                        const Field* fields, std::size_t field_count, std::int64_t unix_micros) {
    switch (format) {
        case Format::kRunner: return runner_line(colour, level, message, fields, field_count);
        case Format::kText: return text_line(level, message, fields, field_count, unix_micros);
        case Format::kJson: return json_line(level, message, fields, field_count, unix_micros);
        case Format::kJournal: return journal_entry(level, message, fields, field_count);
    }
    return std::string(message);
}

Format default_format() { return stderr_is_journal() ? Format::kJournal : Format::kRunner; }

void write(Level level, std::string_view message, const Field* fields, std::size_t count) {
    g_counts[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
    if (level < g_level.load(std::memory_order_relaxed)) return;
    Format format = g_format;
    if (format == Format::kJournal) {
        static const JournalSocket journal;
        if (journal.send(journal_entry(level, message, fields, count))) return;
        // What the journal does not take as an entry, it takes as a line.
        format = Format::kRunner;
    }
    static const bool colour = ::isatty(STDERR_FILENO) == 1;
    std::string line =
        format_line(format, colour, level, message, fields, count, unix_micros_now());
    line += '\n';
    write_all(line);
}

Scope Scope::with(Fields more) const {
    std::vector<Field> all = fields_;
    all.insert(all.end(), more.begin(), more.end());
    return Scope(std::move(all));
}

void Scope::write(Level level, std::string_view message, Fields more) const {
    const Scope all = with(more);
    log::write(level, message, all.fields_.data(), all.fields_.size());
}

std::uint64_t count(Level level) {
    return g_counts[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
}

}  // namespace base::log
