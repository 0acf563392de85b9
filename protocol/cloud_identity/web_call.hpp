#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/message.hpp"
#include "protocol/http/tls_settings.hpp"

namespace protocol::cloud_identity {

/// One request to a service that gives credentials.
struct WebCall {
    std::string url;          ///< without credentials
    http::Request request{};  ///< its target is that of `url`
    /// Of this machine or its container host: no proxy is used, and an answer must come soon,
    /// because on a machine outside of the cloud nobody answers.
    bool local = false;
};

/// Sends a call and answers 2xx only. Failures: kUnavailable and kTimeout (no answer, 408, 429,
/// 5xx), kNotFound (404), kForbidden (every other status; the message has what the service said),
/// kInvalidInput (the address), kCancelled. Answers are at most 256 KiB.
using Sender = std::function<base::Task<base::Result<http::Response>>(WebCall)>;

/// A Sender over sockets. Strand: the I/O thread.
Sender make_sender(const boost::asio::any_io_executor& executor, http::TlsSettings tls,
                   std::string user_agent);

/// The failure of an answer that is no success. Pure.
base::Error refused(const http::Response& answer);

/// As much of a service's own text as a failure shows.
inline constexpr std::size_t kShownBytes = 300;
/// More than a token in a file has.
inline constexpr std::size_t kMostTokenBytes = 64U << 10U;

/// A variable of the environment, "" when it is not set.
using Variables = std::function<std::string(const std::string& name)>;
std::string variable_of_process(const std::string& name);

/// Where credentials come from. A test gives what it has made; a program the process's own.
struct Surroundings {
    Sender send;
    Variables variable;
};

}  // namespace protocol::cloud_identity
