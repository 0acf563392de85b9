#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "protocol/http/client.hpp"

namespace protocol::http {

/// The answer to a GET whose body goes on after a cut: what is missing is asked for with a range
/// request (RFC 9110, sections 14 and 13.1.5), so that the reader sees one body.
///
/// Only an answer that names its version (a strong ETag, else Last-Modified) can be resumed. A
/// server that answers with anything but the missing part ends the body with the failure that cut
/// it: the caller may then begin anew. Gives up after three tries without a byte in between, and
/// after 50 cuts.
///
/// Strand: the I/O thread. Stop and failures: those of StreamingResponse::read_some().
class ResumedResponse final : public StreamingResponse {
  public:
    /// Sends the request again, with these headers in addition.
    using Open =
        std::function<base::Task<base::Result<std::unique_ptr<StreamingResponse>>>(Headers range)>;
    /// Called before each try: what cut the body, and after how many bytes.
    using OnResume = std::function<void(const base::Error& why, std::uint64_t offset)>;

    /// `on_resume` may be empty.
    ResumedResponse(std::unique_ptr<StreamingResponse> first, Open open, OnResume on_resume);

    [[nodiscard]] const Response& head() const override { return head_; }
    base::Task<base::Result<std::string>> read_some(std::size_t limit) override;

  private:
    [[nodiscard]] bool can_resume(const base::Error& why) const;
    base::Task<base::Result<void>> resume(base::Error why);

    std::unique_ptr<StreamingResponse> current_;
    Response head_;
    Open open_;
    OnResume on_resume_;
    std::string version_;  ///< for If-Range; "": cannot be resumed
    std::uint64_t offset_ = 0;
    unsigned tries_ = 0;  ///< since the last byte
    unsigned cuts_ = 0;
};

/// The value of If-Range for an answer, "" when it has none. Pure.
std::string version_of(const Response& head);

/// Whether `head` is the part of a body that begins at `offset`. Pure.
bool begins_at(const Response& head, std::uint64_t offset);

}  // namespace protocol::http
