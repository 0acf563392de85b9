#include "base/offload.hpp"

namespace base {

boost::asio::thread_pool& blocking_pool() {
    static boost::asio::thread_pool pool(2);
    return pool;
}

}  // namespace base
