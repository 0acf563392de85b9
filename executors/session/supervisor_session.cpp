#include "executors/session/supervisor_session.hpp"

#include <boost/asio/this_coro.hpp>
#include <algorithm>

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/stop_source.hpp"

/// The connection and what comes over it; the commands are in commands.cpp.
namespace executors::session {

using base::ErrorKind;

namespace {

constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kLongestPause{2000};
constexpr int kGarbledTries = 3;
/// A connection that lived so long worked, though a quiet job said nothing.
constexpr std::chrono::seconds kProvenAfter{2};

}  // namespace

SupervisorSession::SupervisorSession(const boost::asio::any_io_executor& executor,
                                     Connector connector, EventSink& sink,
                                     std::uint64_t from_offset, std::chrono::milliseconds give_up)
    : executor_(executor),
      connector_(std::move(connector)),
      sink_(sink),
      give_up_(give_up),
      id_prefix_(base::random_hex(6) + "-"),
      offset_(from_offset),
      changed_(executor),
      outbox_changed_(executor),
      writers_(executor) {}

SupervisorSession::~SupervisorSession() = default;

base::Task<void> SupervisorSession::pump() {
    // Its end has things to await, so a cancellation is seen by its effects and not thrown.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto pause = kFirstPause;
    auto lost_at = Clock::now();
    while (!is_over()) {
        auto connecting = connector_();
        auto stream = co_await std::move(connecting);
        base::Result<void> talked;
        const auto began = Clock::now();
        if (stream) {
            std::shared_ptr<Stream> shared = std::move(*stream);
            auto talking = converse(std::move(shared));
            talked = co_await std::move(talking);
        } else {
            talked = stream.error();
        }
        auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) close();
        if (is_over()) break;
        base::Error error = talked
                                ? base::make_error(ErrorKind::kUnavailable, "the connection ended")
                                : talked.error();
        if (heard_ || Clock::now() - began > kProvenAfter) {
            pause = kFirstPause;
            lost_at = Clock::now();
        }
        heard_ = false;
        // An engine whose container has just ended says so where the first record is expected; the
        // next try finds the container ended, and explains it.
        const bool garbled = error.is(ErrorKind::kProtocol) && reader_.consumed() == 0;
        garbled_ = garbled ? garbled_ + 1 : 0;
        const bool hopeless =
            error.is(ErrorKind::kNotFound) ||
            (error.is(ErrorKind::kProtocol) && (!garbled || garbled_ > kGarbledTries));
        if (hopeless || shutdown_requested_ || Clock::now() - lost_at > give_up_) {
            fail(error.with_context("reach the job's supervisor"));
            break;
        }
        base::log::debug("The connection to a job's supervisor was lost",
                         {{"error", error.message}});
        auto slept = co_await base::sleep_for(pause);
        if (!slept) close();
        pause = std::min(pause * 2, kLongestPause);
    }
}

void SupervisorSession::close() {
    fail(base::make_error(ErrorKind::kUnavailable,
                          "the conversation with the job's supervisor was ended"));
    if (stream_) stream_->close();
}

void SupervisorSession::fail(base::Error error) {
    if (!is_over()) failure_ = std::move(error);
    changed_.notify_all();
    outbox_changed_.notify_all();
}

base::Task<base::Result<void>> SupervisorSession::converse(std::shared_ptr<Stream> stream) {
    begin_connection(stream);
    writers_.spawn("supervisor commands", write_out(stream, generation_));
    auto read = co_await read_in(stream);
    stream->close();
    end_connection();
    co_await writers_.wait();
    co_return std::move(read);
}

void SupervisorSession::begin_connection(std::shared_ptr<Stream> stream) {
    stream_ = std::move(stream);
    ++generation_;
    heard_ = false;
    reader_.reset();
    connection_offset_ = offset_;
    outbox_.clear();
    outbox_.push_back(std::make_shared<const std::string>(hello_frame(offset_)));
    for (const Pending& pending : pending_) outbox_.push_back(pending.frame);
}

void SupervisorSession::end_connection() {
    stream_.reset();
    ++generation_;
    outbox_.clear();
    if (upload_) upload_->lost = true;
    changed_.notify_all();
    outbox_changed_.notify_all();
}

base::Task<void> SupervisorSession::write_out(std::shared_ptr<Stream> stream,
                                              std::uint64_t generation) {
    while (generation == generation_) {
        if (outbox_.empty()) {
            co_await outbox_changed_.wait();
            continue;
        }
        const auto frame = outbox_.front();
        auto written = co_await stream->write_all(*frame);
        if (generation != generation_) co_return;
        if (!written) {
            stream->close();  // the reader sees it, and the connection is made again
            co_return;
        }
        outbox_.pop_front();
        changed_.notify_all();
    }
}

base::Task<base::Result<void>> SupervisorSession::read_in(std::shared_ptr<Stream> stream) {
    while (true) {
        auto target = reader_.writable();
        auto count = co_await stream->read_some(target);
        if (!count) co_return count.error();
        if (*count == 0) {
            co_return base::make_error(ErrorKind::kUnavailable, "the job's supervisor hung up");
        }
        heard_ = true;
        ever_heard_ = true;
        reader_.filled(*count);
        auto taken = take_records();
        if (!taken) co_return taken.error();
        if (is_over()) co_return base::Result<void>();
    }
}

base::Result<void> SupervisorSession::take_records() {
    RecordReader::Record record;
    while (true) {
        const auto more = reader_.next(record);
        if (!more) return more.error();
        if (!*more) break;
        take_record(record);
    }
    const std::uint64_t reached = connection_offset_ + reader_.consumed();
    if (reached == offset_) return {};
    offset_ = reached;
    sink_.on_offset(offset_);
    return {};
}

void SupervisorSession::take_record(const RecordReader::Record& record) {
    const auto& header = record.header;
    switch (header.type) {
        case helper::RecordType::kOutput:
            return sink_.on_output(header.stage, header.stream, header.time_us, record.text);
        // A started stage need not be told again; its script, with what is secret in it, is
        // forgotten.
        case helper::RecordType::kStarted: return settle("run " + std::to_string(header.stage));
        case helper::RecordType::kExited: return take_exit(header.stage, record.text);
        case helper::RecordType::kNotice: return take_notice(record.text);
    }
}

void SupervisorSession::take_exit(std::uint16_t stage, std::string_view json) {
    settle("run " + std::to_string(stage));
    settle("stop " + std::to_string(stage));
    exits_.emplace(stage, parse_exit(json));  // a repeated record changes nothing
    changed_.notify_all();
}

void SupervisorSession::take_notice(std::string_view json) {
    Notice notice = parse_notice(json);
    if (notice.event == helper::kEventOutputLimit) {
        sink_.on_output_limit(static_cast<std::uint64_t>(notice.number));
    } else if (notice.event == helper::kEventShutdown && !is_over()) {
        ended_ = true;
        if (notice.number != 0) {
            base::log::warning("Processes of a job could not be ended", {{"count", notice.number}});
        }
    }
    const auto waiting = answers_.find(notice.id);
    if (waiting != answers_.end()) {
        settle(notice.id);
        waiting->second = std::move(notice);
    }
    changed_.notify_all();
    outbox_changed_.notify_all();
}

}  // namespace executors::session
