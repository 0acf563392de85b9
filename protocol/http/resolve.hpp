#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/watchdog.hpp"

namespace protocol::http {

/// The addresses of a host, in the system's order of preference. An address is its own answer.
///
/// The resolver of the system blocks and cannot be interrupted, so it runs on the blocking pool. A
/// caller that is cancelled, or whose watchdog expires, returns at once; the late answer is
/// dropped. kUnavailable when the name is not known, kTimeout.
base::Task<base::Result<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(std::string host,
                                                                              std::uint16_t port,
                                                                              Watchdog& watchdog);

}  // namespace protocol::http
