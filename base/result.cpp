#include "base/result.hpp"

#include <boost/asio/error.hpp>
#include <cerrno>
#include <stdexcept>

namespace base {

namespace {

ErrorKind kind_of(const boost::system::error_code& code) {
    namespace err = boost::asio::error;
    if (code == err::operation_aborted) return ErrorKind::kCancelled;
    if (code == boost::system::errc::timed_out) return ErrorKind::kUnavailable;
    if (code == err::connection_refused || code == err::connection_reset || code == err::eof ||
        code == err::host_not_found || code == err::host_not_found_try_again ||
        code == err::host_unreachable || code == err::network_unreachable ||
        code == err::connection_aborted || code == err::broken_pipe) {
        return ErrorKind::kUnavailable;
    }
    if (code == boost::system::errc::no_such_file_or_directory) return ErrorKind::kNotFound;
    if (code == boost::system::errc::permission_denied) return ErrorKind::kForbidden;
    return ErrorKind::kIo;
}

}  // namespace

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::kInternal: return "internal";
        case ErrorKind::kInvalidInput: return "invalid input";
        case ErrorKind::kNotFound: return "not found";
        case ErrorKind::kConflict: return "conflict";
        case ErrorKind::kUnauthorized: return "unauthorized";
        case ErrorKind::kForbidden: return "forbidden";
        case ErrorKind::kUnavailable: return "unavailable";
        case ErrorKind::kProtocol: return "protocol";
        case ErrorKind::kIo: return "io";
        case ErrorKind::kTimeout: return "timeout";
        case ErrorKind::kCancelled: return "cancelled";
        case ErrorKind::kConfiguration: return "configuration";
    }
    return "unknown";
}

Error Error::with_context(std::string_view context) const {
    Error wrapped = *this;
    wrapped.message = std::string(context) + ": " + message;
    return wrapped;
}

Error make_error(ErrorKind kind, std::string message) {
    return Error{kind, std::move(message), {}};
}

Error invalid_input(std::string message) {
    return make_error(ErrorKind::kInvalidInput, std::move(message));
}

Error make_error(const boost::system::error_code& code, std::string_view doing) {
    return Error{kind_of(code), std::string(doing) + ": " + code.message(), code};
}

Error errno_error(std::string_view doing) { return errno_error(errno, doing); }

Error errno_error(int saved_errno, std::string_view doing) {
    return make_error(boost::system::error_code(saved_errno, boost::system::system_category()),
                      doing);
}

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::runtime_error(error.message);
}

}  // namespace base
