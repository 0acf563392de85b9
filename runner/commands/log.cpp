#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <utility>

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
    /// A message of the command. On a terminal it does not stand behind an unfinished line.
    void say(const std::string& message) {
        const bool one_terminal = ::isatty(STDOUT_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
        if (one_terminal && !std::exchange(at_line_start_, true)) std::fputc('\n', stderr);
        base::log::info(message);
    }

  private:
    bool write(std::string_view text) {
        if (!text.empty()) at_line_start_ = text.back() == '\n';
        std::fwrite(text.data(), 1, text.size(), stdout);
        return std::fflush(stdout) == 0;
    }

    bool raw_;
    bool at_line_start_ = true;
    PlainLog plain_;
};

/// Which job, and of which runner.
struct WantedJob {
    std::string number;
    std::string runner;

    [[nodiscard]] std::string page() const { return "/jobs/" + number + runner_query(runner); }
    [[nodiscard]] std::string log(std::uint64_t from) const {
        const std::string query = runner_query(runner);
        return fmt::format("/jobs/{}/log{}from={}", number, query.empty() ? "?" : query + "&",
                           from);
    }
};

/// Prints what comes over one connection, until the log has `most` bytes, the stream or the job
/// ends.
base::Result<void> print_stream(DaemonClient& client, const WantedJob& job, LogReader& reader,
                                LogPrinter& printer, std::uint64_t most) {
    reader.restart();
    return client.follow(job.log(reader.offset()),
                         [&](std::string_view bytes) -> base::Result<bool> {
                             auto text = reader.feed(bytes);
                             if (!text) return text.error();
                             const bool written = printer.print(*text);
                             return written && !reader.end() && reader.offset() < most;
                         });
}

constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

/// The daemon keeps the log of a job as long as the job runs.
void say_where_the_log_is(const WantedJob& job, const LogReader& reader, LogPrinter& printer) {
    const auto& end = *reader.end();
    printer.say(fmt::format("Job {} has ended ({}); its log is kept at GitLab only", job.number,
                            end.success ? "success" : end.reason));
}

/// What is there now.
int print_present(DaemonClient& client, const WantedJob& job, LogReader& reader,
                  LogPrinter& printer) {
    auto page = client.get_json(job.page());
    if (!page)
        return page.error().is(base::ErrorKind::kCancelled) ? kInterrupted : fail(page.error());
    const auto about = page->value("job", nlohmann::json::object());
    const auto bytes = about.value("log_bytes", std::uint64_t{0});
    const bool ended = !about.contains("log_bytes");
    if (!ended && bytes <= reader.offset()) return 0;
    auto read = print_stream(client, job, reader, printer, ended ? kNoEnd : bytes);
    if (!read)
        return read.error().is(base::ErrorKind::kCancelled) ? kInterrupted : fail(read.error());
    if (ended && reader.end()) say_where_the_log_is(job, reader, printer);
    return 0;
}

/// Follows the log over restarts of the daemon, in which jobs go on.
int follow_log(DaemonClient& client, const WantedJob& job, LogReader& reader, LogPrinter& printer) {
    const auto first = reader.offset();
    auto last_byte = Clock::now();
    bool began = false;
    while (true) {
        const auto before = reader.offset();
        auto read = print_stream(client, job, reader, printer, kNoEnd);
        if (reader.end()) {
            if (reader.offset() == first) say_where_the_log_is(job, reader, printer);
            return reader.end()->success ? 0 : 1;
        }
        if (!read && read.error().is(base::ErrorKind::kCancelled)) return kInterrupted;
        if (std::ferror(stdout) != 0) return 1;
        began = began || read || reader.offset() > 0;
        const bool gone = read || read.error().is(base::ErrorKind::kUnavailable);
        if (!gone || !began) return fail(read.error());
        if (read || reader.offset() != before) {
            printer.say("The daemon has ended the connection; waiting for it to come back");
            last_byte = Clock::now();
        }
        if (Clock::now() - last_byte > kRestartLimit) return fail(read.error());
        if (!client.pause(kRetryPause)) return kInterrupted;
    }
}

int log(const Values& values) {
    if (values.words().size() != 1) return fail("of which job? `runner jobs` lists their numbers");
    if (auto good = check_job_number(values.words().front()); !good) return fail(good.error());
    const std::string from = values.has("from") ? values.text("from") : "0";
    const auto offset = base::parse_number<std::uint64_t>(from);
    if (!offset) return fail("--from is a number of bytes");
    auto client = DaemonClient::open(values);
    if (!client) return fail(client.error());
    const WantedJob job{values.words().front(), values.text("runner")};
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
    flags.push_back(runner_of_job_flag());
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
