#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/output_stream.hpp"

/// The protocol between the daemon and the supervisor inside a job's environment. Both sides
/// include this file and nothing else of each other; it needs only the standard library and
/// base/output_stream.hpp. (Of base/, the static helper includes only header-only files, base/json
/// and base/glob: posix.hpp says why.)
///
/// Supervisor → client: the raw bytes of the job's event log from the requested offset on, as they
/// are written, and nothing else. The log is a sequence of records (16-byte header, then `length`
/// bytes), so an offset at the end of a record is all that a client needs to continue.
///
/// Client → supervisor: frames, each a length (u32, little endian) and that many bytes of JSON. A
/// frame whose length has kDataFlag set holds raw bytes of the upload that this connection began
/// last; a data frame of length 0 ends the upload. Other frames may come between data frames. The
/// first frame is
///     {"op":"hello","version":1,"from":<offset>}
/// Then, in any order (times in milliseconds, sizes in bytes; the fields behind the first semicolon
/// have defaults):
///     run          stage, script, shells [paths]; arguments [], env {}, cwd, user,
///                  deadline_ms (0: none), grace_ms, drain_ms, hidden, kill_group, login_once,
///                  report
///     stop         stage; grace_ms
///     limit        max_output_bytes
///     wait_engine  id, socket; timeout_ms, log, listening
///     mkdir        id, path; mode, user
///     remove       id, path; user
///     put_file     id, path; mode, user, unpack                       (an upload follows)
///     put_tar      id, dest; user                                     (an upload follows)
///     abort_upload
///     shutdown     grace_ms
/// `run` is idempotent: a stage that has started is not started again, and the kExited record of a
/// stage that has ended is repeated. A command with an `id` is carried out once per id and answered
/// by one kNotice record with that id, also when the connection is lost before; but an upload that
/// is cut off fails. With a `user`, a process of that user carries the command out. `unpack`: a
/// zip is unpacked beside `path` while it comes, by so many cores (receive_archive.hpp); 0: it is
/// not, and an older supervisor does not either.
///
/// A connection may instead read one file. Its first and only frame is then
///     {"op":"read","version":1,"path":…,"user":…,"offset":o}
/// and the answer, in place of the log, is a frame {"ok":true,"size":n,"offset":o} and the n - o
/// bytes of the file from there on, or a frame {"ok":false,"error":…}. An older supervisor answers
/// without an offset, and sends the whole file. Then the supervisor closes the connection.
///
/// Or it becomes the connection to a shell with a terminal (its output is no part of the log), or
/// to a TCP port that can be reached from the job's environment. Its first and only frame is
///     {"op":"terminal","version":1,"shells":[…],"arguments":[…],"env":{…},"cwd":…,"user":…,
///      "rows":n,"columns":n}
///     {"op":"dial","version":1,"host":…,"port":n}
/// and the answer, in place of the log, is a frame {"ok":true} and then bytes in both directions,
/// or a frame {"ok":false,"error":…}. The end of either side ends the connection.
namespace executors::helper {

inline constexpr int kProtocolVersion = 1;

inline constexpr std::string_view kSocketName = "sock";
inline constexpr std::string_view kEventsName = "events";

enum class RecordType : std::uint8_t {
    /// Bytes that a stage printed.
    kOutput = 1,
    /// JSON {"pid":n,"shell":"/bin/bash"}.
    kStarted = 2,
    /// JSON {"code":n,"signal":n,"reason":"exit|deadline|stopped|start_failed|lost","message":"",
    /// "output":"…","report":"…"}. `code` is 128+n for signal n; `lost`: the supervisor itself died
    /// while the
    /// script ran; `output`: the end of what a hidden stage printed; `report`: what a stage that
    /// was
    /// run with `report` has written to the descriptor of kReportVariable.
    kExited = 3,
    /// JSON, either an answer {"id":"…","ok":bool,"error":"…",…} or an event {"event":"…",…}.
    kNotice = 4,
};

struct RecordHeader {
    std::uint32_t length = 0;
    RecordType type = RecordType::kNotice;
    base::OutputStream stream = base::OutputStream::kNone;
    std::uint16_t stage = 0;
    std::uint64_t time_us = 0;  ///< UTC

    bool operator==(const RecordHeader&) const = default;
};

inline constexpr std::size_t kHeaderBytes = 16;
/// Output records hold at most this; JSON records at most kMaxRecordBytes.
inline constexpr std::size_t kMaxOutputBytes = 64 * 1024;
inline constexpr std::size_t kMaxRecordBytes = 1024 * 1024;

/// How much of a hidden stage's output its exit record keeps (the end of it).
inline constexpr std::size_t kHiddenOutputBytes = 64 * 1024;

/// The variable with the number of the descriptor for a stage's report, and how much of the report
/// counts (the beginning).
inline constexpr std::string_view kReportVariable = "RUNNER_REPORT_FD";
inline constexpr std::size_t kReportBytes = 64 * 1024;

inline constexpr std::uint32_t kDataFlag = 0x8000'0000U;
inline constexpr std::size_t kMaxCommandBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kMaxDataBytes = 1024 * 1024;

/// Events of kNotice records without an id.
/// The output of all stages together has reached the limit: {"limit":bytes}.
inline constexpr std::string_view kEventOutputLimit = "output_limit";
/// The last record of a log: {"left":n}, the number of processes that could not be ended.
inline constexpr std::string_view kEventShutdown = "shutdown";

/// Defaults of the commands' fields.
inline constexpr std::int64_t kDefaultGraceMs = 10'000;
inline constexpr std::int64_t kDefaultDrainMs = 1'000;
inline constexpr std::int64_t kDefaultShutdownGraceMs = 2'000;

namespace detail {
template <typename T>
constexpr void put_little(char* target, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        target[i] = static_cast<char>(static_cast<unsigned char>((value >> (8 * i)) & 0xff));
    }
}
template <typename T>
constexpr T get_little(const char* source) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(value |
                               (static_cast<T>(static_cast<unsigned char>(source[i])) << (8 * i)));
    }
    return value;
}
}  // namespace detail

constexpr std::array<char, kHeaderBytes> encode_header(const RecordHeader& header) {
    std::array<char, kHeaderBytes> bytes{};
    detail::put_little(bytes.data(), header.length);
    bytes[4] = static_cast<char>(header.type);
    bytes[5] = static_cast<char>(header.stream);
    detail::put_little(bytes.data() + 6, header.stage);
    detail::put_little(bytes.data() + 8, header.time_us);
    return bytes;
}

/// `bytes` has at least kHeaderBytes. The values are not checked; see is_valid().
constexpr RecordHeader decode_header(const char* bytes) {
    RecordHeader header;
    header.length = detail::get_little<std::uint32_t>(bytes);
    header.type = static_cast<RecordType>(static_cast<unsigned char>(bytes[4]));
    header.stream = static_cast<base::OutputStream>(static_cast<unsigned char>(bytes[5]));
    header.stage = detail::get_little<std::uint16_t>(bytes + 6);
    header.time_us = detail::get_little<std::uint64_t>(bytes + 8);
    return header;
}

constexpr bool is_valid(const RecordHeader& header) {
    switch (header.type) {
        case RecordType::kOutput:
            return header.length <= kMaxOutputBytes &&
                   (header.stream == base::OutputStream::kStdout ||
                    header.stream == base::OutputStream::kStderr);
        case RecordType::kStarted:
        case RecordType::kExited:
        case RecordType::kNotice: return header.length <= kMaxRecordBytes;
    }
    return false;
}

/// The four bytes in front of a frame.
constexpr std::array<char, 4> encode_frame_prefix(std::uint32_t length, bool data) {
    std::array<char, 4> bytes{};
    detail::put_little(bytes.data(), data ? (length | kDataFlag) : length);
    return bytes;
}

struct FramePrefix {
    std::uint32_t length = 0;
    bool data = false;
};

constexpr FramePrefix decode_frame_prefix(const char* bytes) {
    const auto number = detail::get_little<std::uint32_t>(bytes);
    return {number & ~kDataFlag, (number & kDataFlag) != 0};
}

inline std::string make_frame(std::string_view json) {
    const auto prefix = encode_frame_prefix(static_cast<std::uint32_t>(json.size()), false);
    std::string frame(prefix.data(), prefix.size());
    frame.append(json);
    return frame;
}

}  // namespace executors::helper
