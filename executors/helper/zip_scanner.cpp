#include "executors/helper/zip_scanner.hpp"

#include <algorithm>
#include <optional>

#include "executors/helper/posix.hpp"
#include "executors/helper/zip_fields.hpp"
#include "executors/helper/zip_records.hpp"

namespace executors::helper {

using zip::Fields;

namespace {

constexpr unsigned kEncrypted = 1U << 0;
constexpr unsigned kDescriptor = 1U << 3;
constexpr unsigned kStrongEncryption = 1U << 6;

}  // namespace

void ZipScanner::take(std::string_view bytes, const Found& found) {
    while (!is_over()) {
        if (state_ == State::kContent) {
            skip_content(bytes, found);
            if (state_ == State::kContent) return;
        }
        if (!fill(bytes)) return;
        if (state_ == State::kHeader) {
            read_header();
        } else {
            read_texts();
        }
    }
}

bool ZipScanner::fill(std::string_view& bytes) {
    const std::size_t step = std::min(wanted_ - header_.size(), bytes.size());
    header_.append(bytes.substr(0, step));
    bytes.remove_prefix(step);
    at_ += step;
    return header_.size() == wanted_;
}

void ZipScanner::read_header() {
    Fields fields(header_);
    state_ = State::kOver;
    if (fields.take(4) != zip::kLocalHeader) return;
    fields.take(2);
    const auto flags = static_cast<unsigned>(fields.take(2));
    if ((flags & (kEncrypted | kDescriptor | kStrongEncryption)) != 0) return;
    member_.method = static_cast<unsigned>(fields.take(2));
    fields.take(4);
    member_.crc = static_cast<std::uint32_t>(fields.take(4));
    member_.packed_size = fields.take(4);
    member_.size = fields.take(4);
    if (member_.packed_size == zip::kIn64 || member_.size == zip::kIn64) return;
    name_bytes_ = fields.take(2);
    wanted_ = zip::kLocalBytes + name_bytes_ + fields.take(2);
    member_.offset = at_ - zip::kLocalBytes;
    state_ = State::kTexts;
}

void ZipScanner::read_texts() {
    const std::string_view texts = std::string_view(header_).substr(zip::kLocalBytes);
    member_.name = texts.substr(0, name_bytes_);
    is_file_ = !member_.name.ends_with('/');
    std::optional<std::int64_t> mtime;
    try {
        zip::each_extra(texts.substr(name_bytes_), [&mtime](std::uint64_t id, Fields field) {
            if (id == zip::kUnixTimes) mtime = zip::unix_time(field);
        });
    } catch (const Failure&) {
        // Only the time comes from there, and the directory has it, too.
    }
    if (!mtime) {
        Fields fields(std::string_view(header_).substr(10));
        const auto time = static_cast<unsigned>(fields.take(2));
        mtime = zip::dos_time(static_cast<unsigned>(fields.take(2)), time);
    }
    member_.mtime = *mtime;
    member_.begin = at_;
    left_ = member_.packed_size;
    state_ = State::kContent;
}

void ZipScanner::skip_content(std::string_view& bytes, const Found& found) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    bytes.remove_prefix(step);
    at_ += step;
    left_ -= step;
    if (left_ > 0) return;
    if (is_file_) found(member_);
    begin_header();
}

void ZipScanner::begin_header() {
    header_.clear();
    wanted_ = zip::kLocalBytes;
    state_ = State::kHeader;
}

}  // namespace executors::helper
