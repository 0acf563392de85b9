#include "executors/docker/exec_stream.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/strings.hpp"
#include "executors/docker/stream_demux.hpp"

namespace executors::docker {

using base::Result;
using base::Task;
using protocol::http::ByteStream;

namespace {

constexpr std::chrono::milliseconds kFirstLook{5};
constexpr std::chrono::milliseconds kLastLook{200};
constexpr std::chrono::seconds kEndLimit{10};

/// The engine closes a program's output before it has noted how the program ended; until then it
/// says that the program runs and that its exit code is 0. That takes milliseconds, so asking
/// again costs less than listening to the engine's events for every program.
Task<Result<int>> exit_code_of(EngineApi& api, std::string exec) {
    const auto until = std::chrono::steady_clock::now() + kEndLimit;
    for (auto pause = kFirstLook;; pause = std::min(pause * 2, kLastLook)) {
        auto state = co_await api.inspect_exec(exec);
        if (!state) co_return state.error();
        if (!state->running) co_return state->exit_code;
        if (std::chrono::steady_clock::now() > until) {
            co_return base::make_error(base::ErrorKind::kTimeout,
                                       "a program in a container closed its output and runs on");
        }
        const bool slept = co_await base::sleep_for(pause);
        if (!slept) co_return base::make_error(base::ErrorKind::kCancelled, "stopped");
    }
}

class ExecStream final : public ByteStream {
  public:
    ExecStream(EngineApi& api, std::string exec, std::unique_ptr<ByteStream> raw, std::string hint)
        : api_(api), exec_(std::move(exec)), raw_(std::move(raw)), hint_(std::move(hint)) {}

    Task<Result<std::size_t>> read_some(std::span<char> target) override {
        while (true) {
            auto got = co_await raw_->read_some(target);
            if (!got) co_return got.error();
            if (*got == 0) break;
            auto kept = demux_.extract(target.first(*got), errors_);
            if (!kept) co_return kept.error();
            if (*kept > 0) {
                answered_ = true;
                co_return *kept;
            }
        }
        if (answered_) co_return std::size_t{0};
        auto failure = co_await explain_end();
        if (!failure) co_return failure.error();
        co_return std::size_t{0};
    }

    Task<Result<void>> write_all(std::string_view bytes) override {
        auto written = co_await raw_->write_all(bytes);
        co_return written;
    }
    void shutdown_write() override { raw_->shutdown_write(); }
    void close() override { raw_->close(); }

  private:
    Task<Result<void>> explain_end() {
        auto code = co_await exit_code_of(api_, exec_);
        if (!code) co_return code.error();
        if (*code == 0) co_return Result<void>();
        std::string text(base::trim(errors_));
        if (text.empty()) text = "it ended with exit code " + std::to_string(*code);
        if (!hint_.empty()) {
            co_return base::make_error(base::ErrorKind::kNotFound, hint_ + " (" + text + ")");
        }
        co_return base::make_error(base::ErrorKind::kUnavailable,
                                   "a program in the job's container failed: " + text);
    }

    EngineApi& api_;
    std::string exec_;
    std::unique_ptr<ByteStream> raw_;
    std::string hint_;
    StreamDemux demux_;
    std::string errors_;
    bool answered_ = false;
};

}  // namespace

Task<Result<std::unique_ptr<ByteStream>>> open_exec(EngineApi& api, std::string container,
                                                    ExecSpec spec, std::string hint) {
    auto exec = co_await api.create_exec(container, std::move(spec));
    if (!exec) co_return exec.error();
    auto raw = co_await api.start_exec(*exec);
    if (!raw) co_return raw.error();
    std::unique_ptr<ByteStream> stream =
        std::make_unique<ExecStream>(api, *exec, std::move(*raw), std::move(hint));
    co_return std::move(stream);
}

Task<Result<ExecResult>> run_exec(EngineApi& api, std::string container, ExecSpec spec,
                                  std::string input) {
    constexpr std::size_t kMaxOutput = 1U << 20U;
    spec.input = !input.empty();
    auto exec = co_await api.create_exec(container, std::move(spec));
    if (!exec) co_return exec.error();
    auto raw = co_await api.start_exec(*exec);
    if (!raw) co_return raw.error();
    if (!input.empty()) {
        auto written = co_await (*raw)->write_all(input);
        if (!written) co_return written.error();
    }
    ExecResult result;
    StreamDemux demux;
    std::array<char, 16384> buffer{};
    const std::span<char> target(buffer);
    while (true) {
        auto got = co_await (*raw)->read_some(target);
        if (!got) co_return got.error();
        if (*got == 0) break;
        auto kept = demux.extract(target.first(*got), result.errors);
        if (!kept) co_return kept.error();
        if (result.output.size() < kMaxOutput) result.output.append(buffer.data(), *kept);
    }
    auto code = co_await exit_code_of(api, *exec);
    if (!code) co_return code.error();
    result.exit_code = *code;
    co_return result;
}

}  // namespace executors::docker
