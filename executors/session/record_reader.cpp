#include "executors/session/record_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace executors::session {

namespace {
constexpr int kQuietReads = 64;
}

RecordReader::RecordReader() { resize(kQuietBytes); }

void RecordReader::resize(std::size_t capacity) {
    // make_unique would write zeros, and so use memory that a quiet job never needs.
    std::unique_ptr<char[]> larger(new char[capacity]);
    if (end_ > begin_) std::memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    buffer_ = std::move(larger);
    capacity_ = capacity;
}

void RecordReader::make_room() {
    const bool empty = begin_ == end_;
    if (empty) begin_ = end_ = 0;
    if (wanted_ > capacity_) return resize(std::max(wanted_, kBusyBytes));
    if (full_ && capacity_ < kBusyBytes) return resize(kBusyBytes);
    if (empty && capacity_ > kQuietBytes && quiet_reads_ >= kQuietReads) return resize(kQuietBytes);
    if (begin_ > 0 && (end_ == capacity_ || begin_ + wanted_ > capacity_)) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
}

std::span<char> RecordReader::writable() {
    make_room();
    return {buffer_.get() + end_, capacity_ - end_};
}

void RecordReader::filled(std::size_t count) {
    full_ = count == capacity_ - end_;
    quiet_reads_ = count < kQuietBytes / 2 ? quiet_reads_ + 1 : 0;
    end_ += count;
}

base::Result<bool> RecordReader::next(Record& record) {
    wanted_ = helper::kHeaderBytes;
    if (end_ - begin_ < helper::kHeaderBytes) return false;
    record.header = helper::decode_header(buffer_.get() + begin_);
    if (!helper::is_valid(record.header)) {
        return base::make_error(base::ErrorKind::kProtocol,
                                "read the job's event log: no record begins at byte " +
                                    std::to_string(consumed_) + " of this connection");
    }
    const std::size_t size = helper::kHeaderBytes + record.header.length;
    if (end_ - begin_ < size) {
        wanted_ = size;
        return false;
    }
    record.text = {buffer_.get() + begin_ + helper::kHeaderBytes, record.header.length};
    begin_ += size;
    consumed_ += size;
    return true;
}

void RecordReader::reset() {
    begin_ = end_ = consumed_ = wanted_ = 0;
    full_ = false;
}

}  // namespace executors::session
