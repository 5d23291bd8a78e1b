-- Calls /f0, /f1, ... in turn: wrk ... -s round_robin.lua URL -- COUNT
require("report")

local requests, at = {}, 0

function init(arguments)
  for i = 1, tonumber(arguments[1]) do
    requests[i] = wrk.format("GET", "/f" .. i - 1)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
