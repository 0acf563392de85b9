#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "protocol/http/client.hpp"

namespace protocol::http {

/// A body that goes on after a cut: what is missing is asked for with a range request (RFC 9110,
/// section 14), so that the reader sees one body. These are the rules of every download that is
/// continued.
///
/// A cut, no answer, 408, 429 and 5xx are tried again: three times without a byte in between, the
/// first time at once, then after one and two seconds; at most 50 cuts. A server that answers with
/// anything but the missing part ends the body (kConflict): the caller may then begin anew.
///
/// Life: open(), which does nothing where the constructor was given an answer, then read_some()
/// until it returns "". Strand: the I/O thread. Stop and failures: those of
/// StreamingResponse::read_some().
class ResumedBody {
  public:
    using Answer = base::Result<std::unique_ptr<StreamingResponse>>;
    /// Sends the request for the bytes from `offset` on, and names in it the version that the first
    /// answer had. Answers what the server says, or a failure.
    using Open = std::function<base::Task<Answer>(std::uint64_t offset)>;
    /// Called before each further try: what failed, after how many bytes, the pause before it.
    using OnRetry = std::function<void(const base::Error& why, std::uint64_t offset,
                                       std::chrono::milliseconds pause)>;
    using Sleep = std::function<base::Task<bool>(std::chrono::nanoseconds)>;
    struct Options {
        std::uint64_t begin = 0;  ///< the offset of the first byte
        /// Behind the last byte, where that is known: a body that ends before was cut, and what
        /// comes behind it is dropped.
        std::optional<std::uint64_t> end = std::nullopt;
        OnRetry on_retry = {};
        Sleep sleep = sleep_for;
    };

    ResumedBody(Open open, Options options, std::unique_ptr<StreamingResponse> first = nullptr);

    base::Task<base::Result<void>> open();
    /// After open(): whether the server has answered the whole body, though a part was asked for.
    [[nodiscard]] bool has_whole() const;
    /// The answer that is open, for another body that begins at the same offset. This one ends.
    [[nodiscard]] std::unique_ptr<StreamingResponse> take_answer();
    base::Task<base::Result<std::string>> read_some(std::size_t limit);

  private:
    static base::Task<bool> sleep_for(std::chrono::nanoseconds delay);
    [[nodiscard]] bool is_right(const Response& head) const;
    base::Task<base::Result<void>> open_once();
    base::Task<base::Result<void>> open_again(base::Error why);
    base::Task<base::Result<std::string>> read_once(std::size_t limit);

    Open open_;
    Options options_;
    std::unique_ptr<StreamingResponse> current_;
    std::uint64_t offset_;
    unsigned tries_ = 0;  ///< since the last byte
    unsigned cuts_ = 0;
};

/// The answer to a GET whose body is a ResumedBody. Only an answer that names its version (a strong
/// ETag, else Last-Modified) can be resumed.
class ResumedResponse final : public StreamingResponse {
  public:
    /// Sends the request again, with these headers in addition.
    using Open = std::function<base::Task<ResumedBody::Answer>(Headers range)>;
    /// Called before each try: what cut the body, and after how many bytes.
    using OnResume = std::function<void(const base::Error& why, std::uint64_t offset)>;

    /// `on_resume` may be empty.
    ResumedResponse(std::unique_ptr<StreamingResponse> first, Open open, OnResume on_resume,
                    ResumedBody::Sleep sleep = {});

    [[nodiscard]] const Response& head() const override { return head_; }
    base::Task<base::Result<std::string>> read_some(std::size_t limit) override;

  private:
    Response head_;
    /// Where the answer has no version.
    std::unique_ptr<StreamingResponse> plain_;
    std::optional<ResumedBody> body_;
};

/// The value of If-Range for an answer, "" when it has none. Pure.
std::string version_of(const Response& head);

/// Whether `head` is the part of a body that begins at `offset`. Pure.
bool begins_at(const Response& head, std::uint64_t offset);

/// Whether a failure of a transfer may be over when it is tried again. Pure.
bool is_temporary(const base::Error& error);
bool is_temporary_status(unsigned status);

}  // namespace protocol::http
