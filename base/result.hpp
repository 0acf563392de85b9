#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace base {

/// What a caller may want to decide on. The sentence is in Error::message.
enum class ErrorKind {
    kInternal,       ///< a bug of ours, or a peer that broke its own rules beyond recovery
    kInvalidInput,   ///< configuration, payload, flags: the person must change something
    kNotFound,       ///< the named thing does not exist
    kConflict,       ///< it exists already, or is in a state that forbids the call
    kUnauthorized,   ///< credentials are missing or refused
    kForbidden,      ///< credentials are fine, the act is not allowed
    kUnavailable,    ///< the peer cannot be reached or says "later"; a retry may help
    kProtocol,       ///< the peer answered something that the protocol does not allow
    kIo,             ///< disk, file descriptors, processes
    kTimeout,        ///< a limit that we set has passed
    kCancelled,      ///< stopped on purpose; the stop itself was logged by who requested it
    kConfiguration,  ///< the runner's configuration forbids what the job asks for
};

std::string_view to_string(ErrorKind kind);

/// Why an image could not be pulled. The executor that pulls decides this once.
enum class PullFailure {
    kConfiguration,  ///< the image does not exist, or the registry refuses the credentials
    kExternal,       ///< the network or the registry does not work
    kOther,          ///< anything else, for example a full disk of the engine
};

/// A failure: a kind for decisions, a sentence for people (what was being done, to what, and the
/// remedy where there is one), and the code of the cause where there is one. A plain value.
struct Error {
    ErrorKind kind = ErrorKind::kInternal;
    std::string message;
    boost::system::error_code code;
    /// Set when a job's image could not be pulled by any of its pull policies.
    std::optional<PullFailure> pull_failure = std::nullopt;

    /// The same failure, said by a caller that knows more: "context: message".
    [[nodiscard]] Error with_context(std::string_view context) const;
    [[nodiscard]] bool is(ErrorKind k) const { return kind == k; }
};

Error make_error(ErrorKind kind, std::string message);
Error invalid_input(std::string message);
/// From errno or an Asio code; `doing` says what failed ("read /etc/x"). operation_aborted becomes
/// kCancelled, the network's usual codes kUnavailable, everything else kIo.
Error make_error(const boost::system::error_code& code, std::string_view doing);
Error errno_error(std::string_view doing);
Error errno_error(int saved_errno, std::string_view doing);

[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

template <typename T>
using Result = boost::system::result<T, Error>;

}  // namespace base
