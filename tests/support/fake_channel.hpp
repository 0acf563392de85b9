#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/notifier.hpp"
#include "runner/job/job_channel.hpp"

namespace tests {

class FakeChannel;

/// What a FakeChannel answers, and what it was told. It outlives the channel.
struct ChannelScript {
    // What it answers.
    bool holds_start = false;  ///< the answer to the job's start does not come
    base::Result<void> finished;
    std::uint64_t output_limit = 0;
    bool disk_is_full = false;  ///< for the log
    std::string secret;         ///< masked() hides it
    /// Archives of earlier jobs, by the job's id; kNotFound for others.
    std::map<std::int64_t, std::string> archives;
    /// Failures of fetch_artifact() and send_artifact(): each is used once, in order.
    std::vector<base::Error> fetch_failures;
    /// Failures in the middle of an archive's body: each is used once, in order.
    std::vector<base::Error> body_failures;
    std::vector<base::Error> send_failures;
    /// Called with the name of each call that the job waits for, when the call begins.
    std::function<void(const std::string&)> on_call;
    std::function<void()> on_commit;

    // What it was told.
    /// start_answered, finish success, finish <message>, abandon.
    std::vector<std::string> calls;
    /// The log's lines, with those of sections: "[step_script" and "]step_script".
    std::string log;
    std::string output;
    std::vector<std::pair<std::string, std::string>> sent;  ///< name and content of archives
    std::uint64_t committed = 0;
    std::vector<std::string> hidden;  ///< secrets that became known
    /// Asks the job to stop, as the server does.
    std::function<void(base::StopReason)> stop;
};

/// A JobChannel without a server: records its calls.
class FakeChannel final : public runner::job::JobChannel, private executors::JobLog {
  public:
    FakeChannel(const boost::asio::any_io_executor& executor, ChannelScript& script)
        : script_(script), ended_(executor) {}

    executors::JobLog& log() override { return *this; }
    void section_start(std::string_view name) override { line("[", name); }
    void section_end(std::string_view name) override { line("]", name); }
    void hide(const std::vector<std::string>& secrets) override {
        script_.hidden.insert(script_.hidden.end(), secrets.begin(), secrets.end());
    }
    void output(base::OutputStream, std::uint64_t, std::string_view bytes) override {
        script_.output += bytes;
    }
    void end_output() override {}
    [[nodiscard]] std::uint64_t output_limit() const override { return script_.output_limit; }
    Mark mark() override {
        return {script_.log.size() + script_.output.size(), "{}", !script_.disk_is_full};
    }
    void commit(std::uint64_t bytes) override {
        script_.committed = bytes;
        if (script_.on_commit) script_.on_commit();
    }
    void on_stop(std::function<void(base::StopReason)> handler) override {
        script_.stop = std::move(handler);
    }
    base::Task<void> serve() override {
        while (!over_) {
            co_await ended_.wait();
        }
    }
    base::Task<void> start_answered() override {
        begin("start_answered");
        while (script_.holds_start) {
            co_await ended_.wait();
        }
    }
    base::Task<base::Result<void>> finish(const runner::journal::Outcome& outcome) override {
        begin(outcome.success() ? "finish success" : "finish " + outcome.failure->message);
        end();
        co_return script_.finished;
    }
    [[nodiscard]] TransferWords transfer_words(const std::string& type) const override {
        return {"Uploading " + type, "Downloading " + type};
    }
    base::Task<base::Result<std::string>> send_artifact(runner::job::ArtifactFile file) override {
        if (script_.on_call) script_.on_call("send_artifact");
        auto source = file.open();
        if (!source) co_return source.error();
        std::string content;
        while (true) {
            auto reading = (*source)();
            auto piece = co_await std::move(reading);
            if (!piece) co_return piece.error();
            if (piece->empty()) break;
            content += *piece;
        }
        if (!script_.send_failures.empty()) co_return take_first(script_.send_failures);
        script_.sent.emplace_back(file.name, std::move(content));
        co_return std::string("201 Created");
    }
    base::Task<base::Result<protocol::http::BodySource>> fetch_artifact(
        protocol::gitlab::Dependency dependency, protocol::gitlab::ArtifactDownload) override {
        if (script_.on_call) script_.on_call("fetch_artifact");
        if (!script_.fetch_failures.empty()) co_return take_first(script_.fetch_failures);
        const auto found = script_.archives.find(dependency.id);
        if (found == script_.archives.end())
            co_return base::make_error(base::ErrorKind::kNotFound, "404 Not Found");
        if (!script_.body_failures.empty())
            co_return cut_body_of(found->second, take_first(script_.body_failures));
        co_return body_of(found->second);
    }
    void abandon() override {
        begin("abandon");
        end();
    }

  private:
    static base::Task<base::Result<std::string>> next_piece(std::shared_ptr<std::string> rest) {
        co_return std::exchange(*rest, {});
    }
    static protocol::http::BodySource body_of(std::string text) {
        auto rest = std::make_shared<std::string>(std::move(text));
        return [rest] { return next_piece(rest); };
    }
    static base::Task<base::Result<std::string>> next_or_error(std::shared_ptr<std::string> rest,
                                                               base::Error failure) {
        if (rest->empty()) co_return failure;
        co_return std::exchange(*rest, {});
    }
    /// Fails after half of the text.
    static protocol::http::BodySource cut_body_of(const std::string& text, base::Error failure) {
        auto rest = std::make_shared<std::string>(text.substr(0, text.size() / 2));
        return [rest, failure] { return next_or_error(rest, failure); };
    }
    static base::Error take_first(std::vector<base::Error>& errors) {
        base::Error first = errors.front();
        errors.erase(errors.begin());
        return first;
    }

    void begin(std::string call) {
        script_.calls.push_back(call);
        if (script_.on_call) script_.on_call(call);
    }
    void end() {
        over_ = true;
        ended_.notify_all();
    }
    void line(std::string_view mark, std::string_view text) {
        script_.log.append(mark).append(text).append("\n");
    }
    void print(std::string_view text) override { line("", text); }
    void notice(std::string_view text) override { line("", text); }
    void heading(std::string_view text) override { line("", text); }
    void warning(std::string_view text) override { line("WARNING: ", text); }
    void error(std::string_view text) override { line("ERROR: ", text); }
    [[nodiscard]] std::string masked(std::string_view text) const override {
        std::string out(text);
        const auto at = script_.secret.empty() ? std::string::npos : out.find(script_.secret);
        return at == std::string::npos ? out : out.replace(at, script_.secret.size(), "[MASKED]");
    }

    ChannelScript& script_;
    base::Notifier ended_;
    bool over_ = false;
};

}  // namespace tests
