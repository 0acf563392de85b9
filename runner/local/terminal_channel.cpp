#include "runner/local/terminal_channel.hpp"

#include "base/notifier.hpp"
#include "runner/local/downloads.hpp"
#include "runner/local/masked_lines.hpp"
#include "runner/local/script_colours.hpp"

namespace runner::local {

namespace {

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
    void hide(const std::vector<std::string>& secrets) override {
        auto& phrases = options_.masks.phrases;
        phrases.insert(phrases.end(), secrets.begin(), secrets.end());
        masks_ = std::make_shared<const trace::MaskSet>(options_.masks);
        for (MaskedLines* lines : {&own_, &out_, &err_}) lines->change_masks(masks_);
    }
    void output(base::OutputStream stream, std::uint64_t, std::string_view bytes) override {
        (stream == base::OutputStream::kStderr ? err_ : out_).write(bytes);
    }
    void end_output() override {
        out_.close();
        err_.close();
    }

    // Nothing is uploaded and no later process continues the job, so no position is kept.
    Mark mark() override { return {}; }
    void commit(std::uint64_t) override {}
    void on_stop(std::function<void(base::StopReason)>) override {}

    base::Task<void> serve() override {
        while (!over_) co_await ended_.wait();
    }
    base::Task<void> start_answered() override { co_return; }
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
        protocol::gitlab::Dependency dependency, protocol::gitlab::ArtifactDownload) override {
        co_return options_.artifacts->open_archive(dependency.id);
    }
    void abandon() override {
        over_ = true;
        ended_.notify_all();
    }

  private:
    /// A dotenv report that GitLab would refuse (with status 400) fails the job that wrote it.
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

    [[nodiscard]] std::string masked(std::string_view text) const override {
        return trace::mask_text(masks_, text);
    }

    void stage_line(std::string_view line) {
        if (const auto start = start_of_runner_text(line); start && *start > 0) {
            options_.on_line(line.substr(0, *start));
            line.remove_prefix(*start);
        }
        options_.on_line(options_.colours ? line : without_runner_colours(line));
    }

    void line(std::string_view colour, std::string_view text) {
        while (text.ends_with('\n')) text.remove_suffix(1);
        const bool coloured = options_.colours && !colour.empty();
        std::string bytes(coloured ? colour : std::string_view());
        bytes += text;
        if (coloured) bytes += "\x1b[0m";
        own_.write(bytes + "\n");
        own_.close();  // each text is complete: nothing of it is held back
    }

    TerminalChannelOptions options_;
    std::function<void(std::string_view)> on_stage_line_;
    std::shared_ptr<const trace::MaskSet> masks_;
    MaskedLines own_;
    MaskedLines out_;
    MaskedLines err_;
    base::Notifier ended_;
    bool over_ = false;
};

}  // namespace

std::unique_ptr<job::JobChannel> make_terminal_channel(const boost::asio::any_io_executor& executor,
                                                       TerminalChannelOptions options) {
    return std::make_unique<TerminalChannel>(executor, std::move(options));
}

}  // namespace runner::local
