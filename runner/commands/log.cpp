#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <limits>

#include "base/encoding.hpp"
#include "base/parse.hpp"
#include "runner/commands/command_list.hpp"
#include "runner/commands/daemon_client.hpp"
#include "runner/commands/log_reader.hpp"
#include "runner/commands/plain_log.hpp"

namespace runner::commands {

namespace {

using Clock = std::chrono::steady_clock;

/// How long `-f` waits for a daemon that is being restarted.
constexpr std::chrono::seconds kRestartLimit{60};
constexpr std::chrono::milliseconds kRetryPause{300};

/// Standard output, for a person or as GitLab gets the log.
class LogPrinter {
  public:
    explicit LogPrinter(bool raw) : raw_(raw) {}
    ~LogPrinter() { write(plain_.finish()); }
    LogPrinter(const LogPrinter&) = delete;
    LogPrinter& operator=(const LogPrinter&) = delete;

    /// False when nobody reads any more.
    bool print(std::string_view text) { return raw_ ? write(text) : write(plain_.feed(text)); }

  private:
    static bool write(std::string_view text) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        return std::fflush(stdout) == 0;
    }

    bool raw_;
    PlainLog plain_;
};

/// Prints what comes over one connection, until the log has `most` bytes, the stream or the job
/// ends.
base::Result<void> print_stream(DaemonClient& client, const std::string& job, LogReader& reader,
                                LogPrinter& printer, std::uint64_t most) {
    reader.restart();
    const std::string target =
        fmt::format("/jobs/{}/log?from={}", base::percent_encode(job), reader.offset());
    return client.follow(target, [&](std::string_view bytes) -> base::Result<bool> {
        auto text = reader.feed(bytes);
        if (!text) return text.error();
        const bool written = printer.print(*text);
        return written && !reader.end() && reader.offset() < most;
    });
}

constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

/// The daemon keeps the log of a job as long as the job runs.
void say_where_the_log_is(const std::string& job, const LogReader& reader) {
    const auto& end = *reader.end();
    base::log::info(fmt::format("Job {} has ended ({}); its log is kept at GitLab only", job,
                                end.success ? "success" : end.reason));
}

/// What is there now.
int print_present(DaemonClient& client, const std::string& job, LogReader& reader,
                  LogPrinter& printer) {
    auto page = client.get_json("/jobs/" + base::percent_encode(job));
    if (!page)
        return page.error().is(base::ErrorKind::kCancelled) ? kInterrupted : fail(page.error());
    const auto about = page->value("job", nlohmann::json::object());
    const auto bytes = about.value("log_bytes", std::uint64_t{0});
    const bool ended = !about.contains("log_bytes");
    if (!ended && bytes <= reader.offset()) return 0;
    auto read = print_stream(client, job, reader, printer, ended ? kNoEnd : bytes);
    if (!read)
        return read.error().is(base::ErrorKind::kCancelled) ? kInterrupted : fail(read.error());
    if (ended && reader.end()) say_where_the_log_is(job, reader);
    return 0;
}

/// Follows the log over restarts of the daemon, in which jobs go on.
int follow_log(DaemonClient& client, const std::string& job, LogReader& reader,
               LogPrinter& printer) {
    const auto first = reader.offset();
    auto last_byte = Clock::now();
    bool began = false;
    while (true) {
        const auto before = reader.offset();
        auto read = print_stream(client, job, reader, printer, kNoEnd);
        if (reader.end()) {
            if (reader.offset() == first) say_where_the_log_is(job, reader);
            return reader.end()->success ? 0 : 1;
        }
        if (!read && read.error().is(base::ErrorKind::kCancelled)) return kInterrupted;
        if (std::ferror(stdout) != 0) return 1;
        began = began || read || reader.offset() > 0;
        const bool gone = read || read.error().is(base::ErrorKind::kUnavailable);
        if (!gone || !began) return fail(read.error());
        if (read || reader.offset() != before) {
            base::log::info("The daemon has ended the connection; waiting for it to come back");
            last_byte = Clock::now();
        }
        if (Clock::now() - last_byte > kRestartLimit) return fail(read.error());
        if (!client.pause(kRetryPause)) return kInterrupted;
    }
}

int log(const Values& values) {
    if (values.words().size() != 1) return fail("of which job? `runner jobs` lists their numbers");
    const std::string from = values.has("from") ? values.text("from") : "0";
    const auto offset = base::parse_number<std::uint64_t>(from);
    if (!offset) return fail("--from is a number of bytes");
    auto client = DaemonClient::open(values);
    if (!client) return fail(client.error());
    const std::string& job = values.words().front();
    LogReader reader(*offset);
    LogPrinter printer(values.flag("raw"));
    return values.flag("follow") ? follow_log(**client, job, reader, printer)
                                 : print_present(**client, job, reader, printer);
}

}  // namespace

Command log_command() {
    auto flags = daemon_flags();
    flags.push_back(bool_flag({"follow", "f"}, "go on until the job ends"));
    flags.push_back(bool_flag({"raw"}, "with the stamps of the lines, as GitLab gets it"));
    flags.push_back(text_flag({"from"}, "BYTE", "leave out what is before this byte"));
    return {
        .name = "log",
        .summary = "what a job prints",
        .usage = "JOB [flags]",
        .description =
            "Prints the log of a job that runs here, with its masks. With -f "
            "it goes on until the job ends, also\n"
            "over a restart of the daemon, and the exit code is 0 only for a job that succeeded.",
        .examples =
            "  runner log 4711\n"
            "  runner log 4711 -f\n",
        .flags = std::move(flags),
        .run = log,
        .takes_words = true};
}

}  // namespace runner::commands
