#include "executors/session/event_reader.hpp"

#include <chrono>

#include "executors/session/frames.hpp"

namespace executors::session {

namespace {

constexpr std::chrono::milliseconds kRoomPause{200};
constexpr std::chrono::minutes kRoomLimit{10};

}  // namespace

base::Task<base::Result<void>> EventReader::read_from(Stream& stream) {
    delivered_ = false;
    reader_.reset();
    while (true) {
        auto target = reader_.writable();
        auto count = co_await stream.read_some(target);
        if (!count) co_return count.error();
        if (*count == 0) {
            co_return base::make_error(base::ErrorKind::kUnavailable,
                                       "the job's supervisor hung up");
        }
        delivered_ = true;
        reached_ = true;
        reader_.filled(*count);
        auto taken = take_records();
        if (!taken) co_return taken.error();
        if (state_.is_over()) co_return base::Result<void>();
        if (sink_.has_room()) continue;
        co_await wait_for_room();
    }
}

/// Nothing tells when a disk has room again.
base::Task<void> EventReader::wait_for_room() {
    const auto until = std::chrono::steady_clock::now() + kRoomLimit;
    while (!state_.is_over() && !sink_.has_room() && std::chrono::steady_clock::now() < until) {
        const bool slept = co_await base::sleep_for(kRoomPause);
        if (!slept) co_return;
    }
}

base::Result<void> EventReader::take_records() {
    const std::size_t before = reader_.consumed();
    RecordReader::Record record;
    auto more = reader_.next(record);
    while (more && *more) {
        take_record(record);
        more = reader_.next(record);
    }
    if (reader_.consumed() > before) {
        offset_ += reader_.consumed() - before;
        sink_.on_offset(offset_);
    }
    if (!more) return more.error();
    return {};
}

void EventReader::take_record(const RecordReader::Record& record) {
    const auto& header = record.header;
    switch (header.type) {
        case helper::RecordType::kOutput:
            return sink_.on_output(header.stage, header.stream, header.time_us, record.text);
        // A stage that has started is not sent again; its script, which may hold secrets, is
        // forgotten.
        case helper::RecordType::kStarted: return outbox_.settle(run_key(header.stage));
        case helper::RecordType::kExited: return take_exit(header.stage, record.text);
        case helper::RecordType::kNotice: return take_notice(record.text);
    }
}

void EventReader::take_exit(std::uint16_t stage, std::string_view json) {
    outbox_.settle(run_key(stage));
    outbox_.settle(stop_key(stage));
    replies_.take_exit(stage, parse_exit(json));
}

void EventReader::take_notice(std::string_view json) {
    Notice notice = parse_notice(json);
    if (notice.event == helper::kEventOutputLimit) {
        sink_.on_output_limit(static_cast<std::uint64_t>(notice.number));
    } else if (notice.event == helper::kEventShutdown && !state_.is_over()) {
        state_.end();
        if (notice.number != 0) sink_.on_processes_left(notice.number);
    }
    if (replies_.is_expected(notice.id)) outbox_.settle(notice.id);
    replies_.take_answer(std::move(notice));
}

}  // namespace executors::session
