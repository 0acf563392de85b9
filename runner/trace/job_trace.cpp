#include "runner/trace/job_trace.hpp"

#include <fmt/format.h>

#include "runner/trace/channel.hpp"
#include "runner/trace/trace_state.hpp"

namespace runner::trace {

namespace {

constexpr std::string_view kClear = "\x1b[0K";
constexpr std::string_view kReset = "\x1b[0;m";
constexpr std::string_view kBoldRed = "\x1b[31;1m";
constexpr std::string_view kBoldGreen = "\x1b[32;1m";
constexpr std::string_view kBoldCyan = "\x1b[36;1m";
constexpr std::string_view kGrey = "\x1b[0;37m";
constexpr std::string_view kYellow = "\x1b[0;33m";

struct ChannelTraits {
    StreamTag tag;
    Spool::Source source;
};

constexpr std::array<ChannelTraits, 5> kChannelTraits{{{{0, 'O'}, Spool::Source::kRunner},
                                                       {{1, 'O'}, Spool::Source::kScript},
                                                       {{1, 'E'}, Spool::Source::kScript},
                                                       {{15, 'O'}, Spool::Source::kScript},
                                                       {{15, 'E'}, Spool::Source::kScript}}};

}  // namespace

JobTrace::JobTrace(TraceOptions options, const base::Clock& clock, std::unique_ptr<Spool> spool)
    : options_(std::move(options)), clock_(clock), spool_(std::move(spool)) {
    if (!options_.masks) options_.masks = std::make_shared<const MaskSet>(MaskOptions{});
}

JobTrace::~JobTrace() = default;

base::Result<std::unique_ptr<JobTrace>> JobTrace::create(TraceOptions options,
                                                         const base::Clock& clock) {
    auto spool = Spool::create(options.spool_path, options.limit_bytes);
    if (!spool) return spool.error();
    return std::unique_ptr<JobTrace>(new JobTrace(std::move(options), clock, std::move(*spool)));
}

base::Result<std::unique_ptr<JobTrace>> JobTrace::restore(TraceOptions options,
                                                          const base::Clock& clock,
                                                          const std::string& state,
                                                          std::uint64_t spool_bytes) {
    auto saved = decode_state(state);
    if (!saved) return saved.error();
    Spool::Saved spool_state{spool_bytes, saved->limit_reached_at};
    auto spool = Spool::open(options.spool_path, options.limit_bytes, spool_state);
    if (!spool) return spool.error();
    std::unique_ptr<JobTrace> trace(new JobTrace(std::move(options), clock, std::move(*spool)));
    for (const auto& [id, channel] : saved->channels) {
        if (id < kChannels) trace->channel(static_cast<ChannelId>(id)).restore(channel);
    }
    return trace;
}

JobTrace::Channel& JobTrace::channel(ChannelId id) {
    auto& slot = channels_[id];
    if (!slot) {
        const auto& traits = kChannelTraits[id];
        LineFraming framing(*spool_, traits.source, traits.tag, options_.timestamps);
        slot = std::make_unique<Channel>(options_.masks, std::move(framing));
    }
    return *slot;
}

void JobTrace::line(std::string_view before, std::string_view text, std::string_view after) {
    std::string bytes;
    bytes.reserve(before.size() + text.size() + after.size() + 1);
    bytes.append(before).append(text).append(after).push_back('\n');
    channel(kRunner).write(clock_.unix_micros(), bytes);
}

void JobTrace::print(std::string_view text) { line(kClear, text, kReset); }
void JobTrace::progress(std::string_view text, bool last) {
    // The blanks hide the end of a longer text.
    const auto bytes = fmt::format("\r{}{:16}{}", text, "", last ? "\n" : "");
    channel(kRunner).write(clock_.unix_micros(), bytes);
}
void JobTrace::notice(std::string_view text) { line(kBoldGreen, text, kReset); }
void JobTrace::warning(std::string_view text) {
    line(fmt::format("{}WARNING: ", kYellow), text, kReset);
}
void JobTrace::error(std::string_view text) {
    line(fmt::format("{}ERROR: ", kBoldRed), text, kReset);
}

void JobTrace::service(std::string_view text, bool failed) {
    const auto bytes = fmt::format("{}{}{}\n", kGrey, text, kReset);
    write(failed ? kServiceErr : kServiceOut, clock_.unix_micros(), bytes);
}

std::string JobTrace::masked(std::string_view text) const {
    return mask_text(options_.masks, text);
}

void JobTrace::change_masks(std::shared_ptr<const MaskSet> masks) {
    options_.masks = std::move(masks);
    for (auto& slot : channels_) {
        if (slot) slot->change_masks(options_.masks);
    }
}

void JobTrace::heading(std::string_view text) {
    line(fmt::format("{}{}", kClear, kBoldCyan), text, fmt::format("{}{}", kReset, kReset));
}

void JobTrace::marker(std::string_view kind, std::string_view name) {
    if (!options_.sections) return;
    const auto micros = clock_.unix_micros();
    const auto text = fmt::format("section_{}:{}:{}\r{}", kind, micros / 1'000'000, name, kClear);
    channel(kRunner).write(micros, text);
}

void JobTrace::section_start(std::string_view name) { marker("start", name); }
void JobTrace::section_end(std::string_view name) { marker("end", name); }

void JobTrace::write_stage_output(base::OutputStream stream, std::int64_t unix_micros,
                                  std::string_view bytes) {
    write(stream == base::OutputStream::kStderr ? kScriptErr : kScriptOut, unix_micros, bytes);
}

void JobTrace::write(ChannelId id, std::int64_t unix_micros, std::string_view bytes) {
    // After the limit nothing is stored, so the bytes need no processing either.
    if (spool_->limit_reached()) return;
    channel(id).write(unix_micros, bytes);
}

void JobTrace::cut() {
    if (!spool_->limit_reached()) spool_->reach_limit();
}

void JobTrace::end_stage() {
    const bool has_output = channels_[kScriptOut] || channels_[kScriptErr];
    for (const ChannelId id : {kScriptOut, kScriptErr}) {
        if (channels_[id]) channels_[id]->close();
        channels_[id].reset();
    }
    // GitLab finds a section's marker only at the beginning of a line. With timestamps, each stream
    // has lines of its own.
    if (has_output && !options_.timestamps && spool_->ends_within_line())
        channel(kRunner).write(clock_.unix_micros(), "\n");
}

void JobTrace::close() {
    end_stage();
    for (auto& slot : channels_) {
        if (slot) slot->close();
        slot.reset();
    }
}

base::Result<void> JobTrace::flush() { return spool_->flush(); }

std::string JobTrace::state() const {
    TraceState state;
    state.limit_reached_at = spool_->save().limit_reached_at;
    for (std::size_t id = 0; id < kChannels; ++id) {
        if (channels_[id]) state.channels.emplace_back(id, channels_[id]->save());
    }
    return encode_state(state);
}

}  // namespace runner::trace
