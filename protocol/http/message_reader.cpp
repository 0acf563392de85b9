#include "protocol/http/message_reader.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <algorithm>
#include <utility>

namespace protocol::http {

namespace beast_http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

namespace {

constexpr std::uint32_t kMaxHeaderBytes = 64U << 10U;

/// The common part of the parsers of requests and responses: fields, and a body within a limit.
template <bool kIsRequest>
class BodyParser : public beast_http::basic_parser<kIsRequest> {
  public:
    std::string body;
    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();

  protected:
    virtual Headers& headers() = 0;

    void on_field_impl(beast_http::field, string_view name, string_view value,
                       error_code&) override {
        headers().add(std::string(name), std::string(value));
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                           error_code& code) override {
        if (!length) return;
        if (*length > limit) code = beast_http::error::body_limit;
    }
    std::size_t on_body_impl(string_view bytes, error_code& code) override {
        if (body.size() + bytes.size() > limit) {
            code = beast_http::error::body_limit;
            return 0;
        }
        reserve();
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& code) override {
        return on_body_impl(bytes, code);
    }
    void on_finish_impl(error_code&) override {}

  private:
    /// One allocation when the length is known and the whole body is collected.
    void reserve() {
        constexpr auto kUnlimited = std::numeric_limits<std::uint64_t>::max();
        const auto length = this->content_length();
        if (!body.empty() || !length || limit == kUnlimited) return;
        body.reserve(static_cast<std::size_t>(*length));
    }
};

base::Error parse_error(const error_code& code, std::uint64_t limit) {
    if (code == beast_http::error::body_limit) {
        return base::make_error(
            base::ErrorKind::kProtocol,
            "the answer is larger than the " + std::to_string(limit) + " bytes that are allowed");
    }
    if (code == beast_http::error::header_limit) {
        return base::make_error(base::ErrorKind::kProtocol, "the answer's header is too large");
    }
    return base::make_error(base::ErrorKind::kProtocol,
                            "the answer is not HTTP/1.1: " + code.message());
}

}  // namespace

class ResponseReader::Parser final : public BodyParser<false> {
  public:
    Response head;
    bool head_reported = false;

  protected:
    Headers& headers() override { return head.headers; }
    void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int status, string_view reason, int, error_code&) override {
        head.status = static_cast<unsigned>(status);
        head.reason = std::string(reason);
    }
};

ResponseReader::ResponseReader(bool bodiless) : bodiless_(bodiless) { start(); }
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;

void ResponseReader::start() {
    parser_ = std::make_unique<Parser>();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(boost::none);
    parser_->limit = body_limit_;
    if (bodiless_) parser_->skip(true);
}

base::Result<std::size_t> ResponseReader::feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && !parser_->is_done()) {
        error_code code;
        const std::string_view rest = bytes.substr(used);
        used += parser_->put({rest.data(), rest.size()}, code);
        if (code == beast_http::error::need_more) return used;
        if (code) return parse_error(code, body_limit_);
        if (!parser_->is_header_done() || parser_->head_reported) continue;
        if (parser_->head.status / 100 == 1 && parser_->head.status != 101) {
            start();
            continue;
        }
        parser_->head_reported = true;
        return used;
    }
    return used;
}

base::Result<void> ResponseReader::feed_end() {
    error_code code = beast_http::error::end_of_stream;
    if (parser_->got_some()) parser_->put_eof(code);
    if (!code) return {};
    return base::make_error(base::ErrorKind::kUnavailable,
                            parser_->got_some() ? "the connection ended in the middle of the answer"
                                                : "the connection was closed without an answer");
}

bool ResponseReader::head_done() const { return parser_->head_reported; }
bool ResponseReader::done() const { return parser_->is_done(); }
bool ResponseReader::needs_end() const { return parser_->is_header_done() && parser_->need_eof(); }
bool ResponseReader::keep_alive() const { return parser_->is_done() && parser_->keep_alive(); }
Response& ResponseReader::head() { return parser_->head; }
std::string& ResponseReader::body() { return parser_->body; }

base::Result<void> ResponseReader::set_body_limit(std::uint64_t bytes) {
    body_limit_ = bytes;
    parser_->limit = bytes;
    if (!parser_->is_header_done() || parser_->is_done()) return {};
    const auto announced = parser_->content_length();
    if (!announced || *announced <= bytes) return {};
    return parse_error(beast_http::error::body_limit, bytes);
}

class RequestReader::Parser final : public BodyParser<true> {
  public:
    Request request;
    bool takes_chunks = true;

  protected:
    Headers& headers() override { return request.headers; }
    void on_request_impl(beast_http::verb, string_view method, string_view target, int version,
                         error_code&) override {
        takes_chunks = version >= 11;
        request.method = std::string(method);
        request.target = std::string(target);
    }
    void on_response_impl(int, string_view, int, error_code&) override {}
};

RequestReader::RequestReader(std::uint32_t max_header_bytes, std::uint64_t max_body_bytes)
    : parser_(std::make_unique<Parser>()) {
    parser_->header_limit(max_header_bytes);
    parser_->body_limit(boost::none);
    parser_->limit = max_body_bytes;
    parser_->eager(true);
}

RequestReader::~RequestReader() = default;

base::Result<std::size_t> RequestReader::feed(std::string_view bytes) {
    if (bytes.empty() || parser_->is_done()) return std::size_t{0};
    error_code code;
    const std::size_t used = parser_->put({bytes.data(), bytes.size()}, code);
    if (!code || code == beast_http::error::need_more) return used;
    if (code == beast_http::error::header_limit) refusal_ = 431;
    if (code == beast_http::error::body_limit) refusal_ = 413;
    return base::make_error(base::ErrorKind::kProtocol, "bad request: " + code.message());
}

bool RequestReader::started() const { return parser_->got_some(); }
bool RequestReader::done() const { return parser_->is_done(); }
bool RequestReader::keep_alive() const { return parser_->is_done() && parser_->keep_alive(); }
bool RequestReader::takes_chunks() const { return parser_->takes_chunks; }

Request RequestReader::take() {
    parser_->request.body = std::move(parser_->body);
    return std::move(parser_->request);
}

}  // namespace protocol::http
