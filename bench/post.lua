-- Sends a file as the body of each request: wrk ... -s post.lua URL -- FILE
require("report")

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  wrk.method, wrk.body = "POST", file:read("*a")
  wrk.headers["Content-Type"] = "application/json"
  file:close()
end
