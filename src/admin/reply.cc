#include "admin/reply.h"

#include <boost/json/serialize.hpp>

namespace mayfly::admin {

http::Response json_response(int status, const boost::json::value& value) {
  http::Response response;
  response.status = status;
  response.fields.add("Content-Type", "application/json");
  response.body = boost::json::serialize(value) + '\n';
  return response;
}

}  // namespace mayfly::admin
