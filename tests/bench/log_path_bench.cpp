#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "runner/trace/job_trace.hpp"
#include "runner/trace/line_framing.hpp"
#include "runner/trace/masker.hpp"
#include "runner/trace/utf8_repair.hpp"

/// The log path link by link and as a whole, fed as the supervisor feeds it: pieces of 64 KiB with
/// a time each.
namespace {

namespace trace = runner::trace;

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::size_t kTotalBytes = 64 * 1024 * 1024;

trace::MaskOptions twenty_masks() {
    trace::MaskOptions options;
    std::mt19937 random(1);
    constexpr std::string_view kLetters =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (int i = 0; i < 20; ++i) {
        std::string secret;
        for (int n = 0; n < 24; ++n) secret += kLetters[random() % kLetters.size()];
        options.phrases.push_back(secret);
    }
    return options;
}

enum class Text : int { kBuildLog, kChinese, kBase64, kNumbers };

std::string line_of(Text kind, std::mt19937& random, std::size_t number) {
    switch (kind) {
        case Text::kBuildLog:
            return fmt::format(
                "#{} {}.{:03} [{}/{}] COPY --from=build /usr/src/app/node_modules/.bin/tool-{} "
                "/out/{}\n",
                number % 40, number % 100, random() % 1000, number % 9, 9, random() % 500, number);
        case Text::kChinese:
            return fmt::format(
                "\xe6\xad\xa3\xe5\x9c\xa8\xe6\x9e\x84\xe5\xbb\xba\xe9\x95\x9c\xe5\x83\x8f {} "
                "\xe5\xae\x8c\xe6\x88\x90\xe4\xba\x86\xe7\xac\xac {} \xe6\xad\xa5\n",
                random() % 1000, number);
        case Text::kBase64: {
            std::string line;
            constexpr std::string_view kLetters =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            for (int n = 0; n < 76; ++n) line += kLetters[random() % kLetters.size()];
            return line + "\n";
        }
        case Text::kNumbers: return fmt::format("{}\n", number);
    }
    return {};
}

std::string text_of(Text kind) {
    std::mt19937 random(2);
    std::string text;
    for (std::size_t number = 1; text.size() < kTotalBytes; ++number)
        text += line_of(kind, random, number);
    return text;
}

const std::string& text_for(const benchmark::State& state) {
    static std::map<std::int64_t, std::string> texts;
    auto& text = texts[state.range(0)];
    if (text.empty()) text = text_of(static_cast<Text>(state.range(0)));
    return text;
}

template <typename Feed>
void in_pieces(const std::string& text, const Feed& feed) {
    for (std::size_t at = 0; at < text.size(); at += kPieceBytes) {
        feed(std::string_view(text).substr(at, kPieceBytes));
    }
}

struct Counter final : trace::ByteSink {
    void write(std::string_view bytes) override { count += bytes.size(); }
    std::size_t count = 0;
};

void count_bytes(benchmark::State& state, const std::string& text) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void mask(benchmark::State& state) {
    const auto& text = text_for(state);
    trace::Masker masker(std::make_shared<const trace::MaskSet>(twenty_masks()));
    Counter out;
    for (auto _ : state) in_pieces(text, [&](std::string_view piece) { masker.write(piece, out); });
    count_bytes(state, text);
}

void repair(benchmark::State& state) {
    const auto& text = text_for(state);
    trace::Utf8Repair link;
    Counter out;
    for (auto _ : state) in_pieces(text, [&](std::string_view piece) { link.write(piece, out); });
    count_bytes(state, text);
}

/// Masker, repair, framing, CRC and file.
void whole(benchmark::State& state) {
    const auto& text = text_for(state);
    const auto path =
        std::filesystem::temp_directory_path() / fmt::format("log-path-bench-{}", ::getpid());
    const auto masks = std::make_shared<const trace::MaskSet>(twenty_masks());
    std::uint64_t stored = 0;
    for (auto _ : state) {
        auto log = std::move(trace::JobTrace::create({.spool_path = path,
                                                      .limit_bytes = 1ULL << 40U,
                                                      .timestamps = state.range(1) != 0,
                                                      .sections = true,
                                                      .masks = masks},
                                                     base::system_clock()))
                       .value();
        std::int64_t micros = 1'769'878'075'000'000;
        in_pieces(text, [&](std::string_view piece) {
            log->write_stage_output(base::OutputStream::kStdout, ++micros, piece);
            benchmark::DoNotOptimize(log->flush());
        });
        log->close();
        if (auto flushed = log->flush(); !flushed)
            state.SkipWithError(flushed.error().message.c_str());
        stored = log->spool_bytes();
    }
    std::filesystem::remove(path);
    count_bytes(state, text);
    state.counters["growth"] = static_cast<double>(stored) / static_cast<double>(text.size());
}

BENCHMARK(mask)->DenseRange(0, 3)->ArgName("text")->Unit(benchmark::kMillisecond);
BENCHMARK(repair)->DenseRange(0, 3)->ArgName("text")->Unit(benchmark::kMillisecond);
BENCHMARK(whole)
    ->ArgsProduct({{0, 1, 2, 3}, {0, 1}})
    ->ArgNames({"text", "stamps"})
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
