#include "runner/local/terminal_channel.hpp"

#include <algorithm>
#include <optional>

#include "base/notifier.hpp"
#include "base/strings.hpp"
#include "runner/local/downloads.hpp"
#include "runner/trace/masker.hpp"
#include "runner/trace/utf8_repair.hpp"

namespace runner::local {

namespace {

/// Longer lines are cut into pieces: a script that prints no end of line must not fill the memory.
constexpr std::size_t kLongestLine = 64 * 1024;

/// Whole lines out of pieces.
class Lines final : public trace::ByteSink {
  public:
    explicit Lines(const std::function<void(std::string_view)>& on_line) : on_line_(on_line) {}

    void write(std::string_view bytes) override {
        while (!bytes.empty()) {
            const auto end = bytes.find('\n');
            pending_ += bytes.substr(0, end);
            if (end == std::string_view::npos) {
                if (pending_.size() > kLongestLine) flush();
                return;
            }
            bytes.remove_prefix(end + 1);
            give();
        }
    }
    void flush() {
        if (!pending_.empty()) give();
    }

  private:
    void give() {
        std::string_view line = pending_;
        while (line.ends_with('\r')) line.remove_suffix(1);
        // What a progress bar has painted over is not seen.
        if (const auto over = line.rfind('\r'); over != std::string_view::npos)
            line.remove_prefix(over + 1);
        on_line_(line);
        pending_.clear();
    }

    const std::function<void(std::string_view)>& on_line_;
    std::string pending_;
};

/// One stream: masked, valid UTF-8, in lines.
class Stream {
  public:
    Stream(std::shared_ptr<const trace::MaskSet> masks,
           const std::function<void(std::string_view)>& on_line)
        : masker_(std::move(masks)), lines_(on_line), into_repair_(repair_, lines_) {}

    void write(std::string_view bytes) { masker_.write(bytes, into_repair_); }
    void close() {
        masker_.close(into_repair_);
        repair_.close(lines_);
        lines_.flush();
    }

  private:
    struct IntoRepair final : trace::ByteSink {
        IntoRepair(trace::Utf8Repair& r, trace::ByteSink& o) : repair(r), out(o) {}
        void write(std::string_view bytes) override { repair.write(bytes, out); }
        trace::Utf8Repair& repair;
        trace::ByteSink& out;
    };

    trace::Masker masker_;
    trace::Utf8Repair repair_;
    Lines lines_;
    IntoRepair into_repair_;
};

constexpr std::string_view kOurStarts[] = {"\x1b[32;1m", "\x1b[0;33m", "\x1b[31;1m"};
constexpr std::string_view kOurEnds[] = {"\x1b[0;m ", "\x1b[0;m"};

/// Where the last text begins that stages' scripts or runner-helper say in their colour, if the
/// line ends with it: behind what a script printed without an end of line.
std::optional<std::size_t> start_of_our_words(std::string_view line) {
    const bool ours = std::any_of(std::begin(kOurEnds), std::end(kOurEnds),
                                  [&](std::string_view end) { return line.ends_with(end); });
    if (!ours) return std::nullopt;
    std::optional<std::size_t> last;
    for (const std::string_view start : kOurStarts) {
        const auto at = line.rfind(start);
        if (at != std::string_view::npos && (!last || at > *last)) last = at;
    }
    return last;
}

/// The colours around a whole line. What a script colours itself is its own affair.
std::string_view without_our_colours(std::string_view line) {
    for (const std::string_view end : kOurEnds) {
        if (!line.ends_with(end)) continue;
        line.remove_suffix(end.size());
        for (const std::string_view start : kOurStarts) {
            if (line.starts_with(start)) line.remove_prefix(start.size());
        }
        while (line.ends_with(' ')) line.remove_suffix(1);
        break;
    }
    return line;
}

class TerminalChannel final : public job::JobChannel, private executors::JobLog {
  public:
    TerminalChannel(const boost::asio::any_io_executor& executor, TerminalChannelOptions options)
        : options_(std::move(options)),
          on_stage_line_([this](std::string_view line) { stage_line(line); }),
          masks_(std::make_shared<const trace::MaskSet>(options_.masks)),
          own_(masks_, options_.on_line),
          out_(masks_, on_stage_line_),
          err_(masks_, on_stage_line_),
          ended_(executor) {}

    executors::JobLog& log() override { return *this; }
    void section_start(std::string_view) override {}
    void section_end(std::string_view) override {}
    void output(base::OutputStream stream, std::uint64_t, std::string_view bytes) override {
        (stream == base::OutputStream::kStderr ? err_ : out_).write(bytes);
    }
    void end_output() override {
        out_.close();
        err_.close();
    }

    // Nothing is uploaded, so there is nothing to keep for a restart.
    Mark mark() override { return {}; }
    void commit(std::uint64_t) override {}
    void on_stop(std::function<void(base::StopReason)>) override {}

    base::Task<void> serve() override {
        while (!over_) co_await ended_.wait();
    }
    base::Task<job::StartAnswer> announce_start() override { co_return job::StartAnswer::kGo; }
    base::Task<base::Result<void>> finish(const journal::Outcome& outcome) override {
        end_output();
        if (options_.before_cleanup) {
            auto task = options_.before_cleanup(outcome);
            co_await std::move(task);
        }
        abandon();
        co_return base::Result<void>();
    }
    [[nodiscard]] TransferWords transfer_words(const std::string& type) const override {
        return {"Keeping \"" + type + "\" for later jobs", "Taking the kept artifacts"};
    }
    base::Task<base::Result<std::string>> send_artifact(job::ArtifactFile file) override {
        std::string name = file.name;
        const std::string type = file.about->artifact_type;
        auto keeping = options_.artifacts->keep(options_.job_id, std::move(file));
        auto kept = co_await std::move(keeping);
        if (!kept) co_return kept.error();
        if (auto good = judge_report(type); !good) co_return good.error();
        co_return std::move(name);
    }
    base::Task<base::Result<protocol::http::BodySource>> fetch_artifact(
        protocol::gitlab::Dependency dependency, bool) override {
        co_return options_.artifacts->open_archive(dependency.id);
    }
    void abandon() override {
        over_ = true;
        ended_.notify_all();
    }

  private:
    /// A dotenv report that GitLab answers with 400 is the fault of the job that wrote it.
    base::Result<void> judge_report(const std::string& type) {
        if (type != "dotenv") return {};
        auto text = options_.artifacts->read_report(options_.job_id, type, kLargestReportBytes);
        auto good = text ? base::Result<void>() : base::Result<void>(text.error());
        if (text) {
            if (auto parsed = parse_dotenv(*text); !parsed) good = parsed.error();
        }
        if (!good) options_.artifacts->drop(options_.job_id, type);
        return good;
    }

    void print(std::string_view text) override { line("", text); }
    void notice(std::string_view text) override { line("\x1b[32;1m", text); }
    void heading(std::string_view text) override { line("\x1b[36;1m", text); }
    void warning(std::string_view text) override {
        line("\x1b[33m", "WARNING: " + std::string(text));
    }
    void error(std::string_view text) override {
        line("\x1b[31;1m", "ERROR: " + std::string(text));
    }

    void stage_line(std::string_view line) {
        if (const auto ours = start_of_our_words(line); ours && *ours > 0) {
            options_.on_line(line.substr(0, *ours));
            line.remove_prefix(*ours);
        }
        options_.on_line(options_.colours ? line : without_our_colours(line));
    }

    void line(std::string_view colour, std::string_view text) {
        while (text.ends_with('\n')) text.remove_suffix(1);
        const bool coloured = options_.colours && !colour.empty();
        std::string bytes(coloured ? colour : std::string_view());
        bytes += text;
        if (coloured) bytes += "\x1b[0m";
        own_.write(bytes + "\n");
        own_.close();  // every text is complete
    }

    TerminalChannelOptions options_;
    std::function<void(std::string_view)> on_stage_line_;
    std::shared_ptr<const trace::MaskSet> masks_;
    Stream own_;
    Stream out_;
    Stream err_;
    base::Notifier ended_;
    bool over_ = false;
};

}  // namespace

std::unique_ptr<job::JobChannel> make_terminal_channel(const boost::asio::any_io_executor& executor,
                                                       TerminalChannelOptions options) {
    return std::make_unique<TerminalChannel>(executor, std::move(options));
}

}  // namespace runner::local
