-- Between the driver and the function: how a file is loaded, what a handler sees, and what becomes of its result.

local native = ...
local json = require("dkjson")

local TEXT, BYTES, JSON = "text/plain; charset=utf-8", "application/octet-stream", "application/json"

local traceback, getlocal, getinfo, getmetatable, setmetatable = debug.traceback, debug.getlocal, debug.getinfo, getmetatable, setmetatable
local rawequal, type, tostring, pairs, ipairs, error, xpcall, select = rawequal, type, tostring, pairs, ipairs, error, xpcall, select
local pcall, collectgarbage = pcall, collectgarbage
local randomseed, stderr, exit = math.randomseed, io.stderr, os.exit

-- What is printed goes to the log, whatever it is printed to.
io.output(io.stderr)

function os.exit(code)
  error(("os.exit(%s) was called: a function returns its response instead"):format(code == nil and "" or tostring(code)), 2)
end

-- Names as traces tell them: without a slash in front.
package.path = "?.lua;?/init.lua;lib/?.lua;lib/?/init.lua;lua_modules/share/lua/5.4/?.lua;lua_modules/share/lua/5.4/?/init.lua"
package.cpath = ""
package.loaded.json = json

-- Text ------------------------------------------------------------------------------------------------------------

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function raw_path(url)
  local rest = url:gsub("^%a[%w+.-]*://[^/?]*", "")
  local path, query = rest:match("^([^?]*)%??(.*)$")
  return path == "" and "/" or path, query
end

local function decoded_query(query)
  local values = {}
  for name, value in query:gmatch("([^&=]*)=?([^&]*)") do
    if name ~= "" or value ~= "" then values[decoded(name:gsub("%+", " "))] = decoded(value:gsub("%+", " ")) end
  end
  return values
end

local function json_of(value)
  return json.encode(value)
end

local function value_of(text)
  local value, position, why = json.decode(text, 1, json.null)
  if not why and text:find("%S", position) then why = "there is more behind the value" end
  if why then error("the body is not JSON: " .. why, 3) end
  return value
end

-- Headers ---------------------------------------------------------------------------------------------------------

-- Header fields by name, in any case. Several of a name are one value, with commas between.
local headers_meta = {}
function headers_meta.__index(headers, name)
  return type(name) == "string" and rawget(headers, name:lower()) or nil
end

local function add_header(headers, name, value)
  name = name:lower()
  local before = rawget(headers, name)
  rawset(headers, name, before and before .. (name == "cookie" and "; " or ", ") .. value or value)
end

-- Names and values in turn, from a table of headers: a list as a value is a field for each.
local function fields_of(headers, fields)
  local function add(name, value)
    local kind = type(value)
    if type(name) ~= "string" or (kind ~= "string" and kind ~= "number") then
      error("a header is a name and a text, not " .. tostring(name) .. ": " .. kind, 0)
    end
    value = tostring(value)
    if name == "" or name:find("[%c%s:\128-\255]") or value:find("[\r\n\0]") then
      error(("%q: %q is not a header"):format(name, value), 0)
    end
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  for name, value in pairs(headers or {}) do
    if type(value) == "table" then
      for _, each in ipairs(value) do add(name, each) end
    else
      add(name, value)
    end
  end
  return fields
end

local function has(fields, wanted)
  for i = 1, #fields, 2 do
    if fields[i]:lower() == wanted then return true end
  end
  return false
end

local function with_type(fields, content_type)
  if not has(fields, "content-type") then
    fields[#fields + 1] = "content-type"
    fields[#fields + 1] = content_type
  end
  return fields
end

-- The request -----------------------------------------------------------------------------------------------------

local methods = {}

-- request:json(): the value that the body is; null is json.null.
function methods.json(request)
  return value_of(request.body)
end

-- What is worked out when it is first asked for.
local lazy = {}
function lazy.path(request) return decoded((raw_path(request.url))) end
function lazy.query_string(request) return select(2, raw_path(request.url)) end
function lazy.query(request) return decoded_query(request.query_string) end
function lazy.body() return native.read_body() end
function lazy.headers(request)
  local headers = setmetatable({}, headers_meta)
  local fields = native.fields(rawget(request, 1))
  for i = 1, #fields, 2 do add_header(headers, fields[i], fields[i + 1]) end
  return headers
end

local request_meta = {}
function request_meta.__index(request, name)
  local make = lazy[name]
  if not make then return methods[name] end
  local value = make(request)
  rawset(request, name, value)
  return value
end

-- The response ----------------------------------------------------------------------------------------------------

local begun  -- whether the response to the request at hand is on its way

local function respond(status, fields, body)
  begun = true
  native.respond(status, fields, body)
end

local function is_status(value)
  return math.type(value) == "integer" and value >= 200 and value <= 599
end

-- A table is a response when it has a status, and nothing that a response has not.
local function is_response(value)
  if not is_status(value.status) then return false end
  for name in pairs(value) do
    if name ~= "status" and name ~= "headers" and name ~= "body" then return false end
  end
  return true
end

local function send(body, status, headers)
  local kind = type(body)
  if kind == "table" and status == nil and is_response(body) then
    body, status, headers = body.body, body.status, body.headers
    kind = type(body)
  end
  if status ~= nil and not is_status(status) then
    error(tostring(status) .. " is not the status of a response", 0)
  end
  if headers ~= nil and type(headers) ~= "table" then error("headers are a table, not a " .. type(headers), 0) end
  local fields = fields_of(headers, {})
  if kind == "string" then
    respond(status or 200, with_type(fields, utf8.len(body) and TEXT or BYTES), body)
  elseif kind == "nil" then
    respond(status or 204, fields, "")
  elseif kind == "function" then
    local part = body()
    respond(status or 200, with_type(fields, TEXT), part or "")
    while part do
      part = body()
      if part then native.write(part) end
    end
  elseif kind == "table" or kind == "number" or kind == "boolean" then
    local text = json_of(body)
    respond(status or 200, with_type(fields, JSON), text)
  else
    error("a handler returns a string, a table, a number, a boolean, nil, or a function that gives parts of the body, not a " .. kind, 0)
  end
end

-- The context of functions for /api/v1/handler --------------------------------------------------------------------

-- Functions that may be called with a dot or with a colon.
local function object(functions)
  local self = {}
  for name, call in pairs(functions) do
    self[name] = function(first, ...)
      if rawequal(first, self) then return call(...) end
      return call(first, ...)
    end
  end
  return self
end

local function context_of(request)
  local state = { status = 200, fields = {}, parts = {}, ended = false }
  local response
  local function write(part)
    if state.ended then error("the response has ended", 3) end
    state.parts[#state.parts + 1] = part and tostring(part)
  end
  local function finish(part)
    write(part)
    state.ended = true
  end
  response = object({
    setStatusCode = function(status) state.status = status return response end,
    getStatusCode = function() return state.status end,
    putHeader = function(name, value) state.fields[name:lower()] = value return response end,
    write = function(part) write(part) return response end,
    finish = finish,
    ended = function() return state.ended end,
  })
  response["end"] = response.finish
  local seen = object({
    method = function() return request.method end,
    path = function() return request.path end,
    query = function() return request.query_string end,
    absoluteURI = function() return request.url end,
    headers = function() return request.headers end,
    getHeader = function(name) return request.headers[name] end,
    getParam = function(name) if name == "name" then return request.name end return request.query[name] end,
    body = function() return request.body end,
  })
  local ctx = object({
    request = function() return seen end,
    response = function() return response end,
    body = function() return request.body end,
    pathParam = function(name) return name == "name" and request.name or nil end,
    json = function(value)
      state.fields["content-type"] = state.fields["content-type"] or JSON
      finish(json_of(value))
    end,
  })
  ctx["end"] = response["end"]
  return ctx, state
end

local function answer_context(handler, request)
  local ctx, state = context_of(request)
  local body, status, headers = handler(ctx)
  if state.ended or #state.parts > 0 then
    send(table.concat(state.parts), state.status, state.fields)
  elseif body == nil or rawequal(body, ctx) then
    send(nil, state.status == 200 and 204 or state.status, state.fields)
  else
    send(body, status, headers)
  end
end

local function answer_request(handler, request)
  send(handler(request))
end

local function answer_exec(exec, request)
  local result = exec(request.body)
  if type(result) ~= "string" then error("exec() returns a string, not a " .. type(result), 0) end
  respond(200, { "content-type", JSON }, result)
end

-- Outgoing HTTP ---------------------------------------------------------------------------------------------------

local reasons = {
  [2] = "the server has no memory for it",
  [4] = "an argument is too long",
  [7] = "not allowed: the function's option `allow` has to name the host (docs/config.md)",
  [8] = "not a method",
  [9] = "not headers",
  [10] = "not a URL of http or https",
  [11] = "the request failed: why is in the log of the function",
  [13] = "too many responses are open",
}

local http = {}
local answer_meta = { __index = { json = function(answer) return value_of(answer.body) end } }

-- http.request(url, { method =, headers =, body =, json = }), or with url in the table: a response with status, headers
-- and body; nil and why, when there is none. Redirects are followed.
function http.request(url, options)
  if type(url) == "table" then url, options = url.url, url end
  options = options or {}
  local body = options.body or ""
  local fields = fields_of(options.headers, {})
  if options.json ~= nil then body = json_of(options.json) with_type(fields, JSON) end
  local lines = {}
  for i = 1, #fields, 2 do lines[#lines + 1] = fields[i] .. ":" .. fields[i + 1] end
  local method = (options.method or (body == "" and "GET" or "POST")):upper()
  local code, status, received, content = native.request(url, method, table.concat(lines, "\n"), body)
  if code ~= 0 then return nil, url .. ": " .. (reasons[code] or "error " .. code) end
  local headers = setmetatable({}, headers_meta)
  for name, value in received:gmatch("([^\r\n:]+):[ \t]*([^\r\n]*)") do add_header(headers, name, value) end
  return setmetatable({ url = url, status = status, ok = status >= 200 and status < 300, headers = headers, body = content }, answer_meta)
end

package.loaded.http = http
_G.json, _G.http = json, http

-- Errors ----------------------------------------------------------------------------------------------------------

-- FILE:LINE of the first line of a trace that is the function's own.
local function place_in(trace)
  for line in trace:gmatch("[^\n]+") do
    local place = line:match("^\t(.-:%d+): in ")
    if place and not place:find("^mayfly:") and not place:find("^dkjson:") then return place end
  end
end

-- Without what is ours between the server and the function.
local function own_trace(trace)
  local lines = {}
  for line in trace:gmatch("[^\n]+") do lines[#lines + 1] = line end
  while #lines > 1 and (lines[#lines]:find("^\tmayfly:") or lines[#lines]:find("^\t%[C%]: in %?") or lines[#lines]:find("^\t%[C%]: in function 'xpcall'")) do
    lines[#lines] = nil
  end
  return #lines > 1 and table.concat(lines, "\n") or ""
end

local function text_of(problem)
  local meta = getmetatable(problem)
  if type(problem) == "table" and not (meta and meta.__tostring) then
    local good, text = pcall(json_of, problem)
    return good and text or tostring(problem)
  end
  return tostring(problem)
end

-- Lua tells that memory is used up without asking explained().
local function told(problem)
  if type(problem) == "table" then return problem end
  collectgarbage()
  return { text = tostring(problem), trace = "" }
end

-- What went wrong, as FILE:LINE: message where a line is known, and the trace.
local function explained(problem)
  local trace = traceback("", 2)
  local text = text_of(problem)
  local inner = text
  repeat
    text = inner
    inner = text:match("^error loading module .-\n\t(.+)$") or text:match("^[^\n]-:%d+: error loading module .-\n\t(.+)$") or text
  until inner == text
  if not text:find("^[^\n:]+:%d+: ") then
    local place = place_in(trace)
    if place then text = place .. ": " .. text end
  end
  return { text = text, trace = own_trace(trace) }
end

local function log(problem)
  stderr:write(problem.text, "\n")
  if problem.trace ~= "" then stderr:write((problem.trace:gsub("^\n", "")), "\n") end
  stderr:flush()
end

-- How a file is loaded --------------------------------------------------------------------------------------------

local FORMS = "handler(request), handler(ctx), a function as the value of the file, or exec(input)"

local answer, target

local function find(value)
  local named = type(value) == "table" and value or {}
  local handler = named.handler or _G.handler
  if type(handler) == "function" then
    return getlocal(handler, 1) == "ctx" and answer_context or answer_request, handler
  end
  if type(value) == "function" then
    local parameter = getlocal(value, 1)
    return (parameter == "request" or parameter == "req") and answer_request or answer_context, value
  end
  local exec = named.exec or _G.exec
  if type(exec) == "function" then return answer_exec, exec end
end

-- Runs the file and finds the handler in it: whether that went well.
local function load_file(_, path)
  path = path:gsub("^/", "")
  _G.arg = { [0] = path }
  local chunk, why = loadfile(path, "t")
  local good, value = false, { text = why, trace = "" }
  if chunk then good, value = xpcall(chunk, explained) end
  if chunk and not good then value = told(value) end
  if good then
    answer, target = find(value)
    if answer then return true end
    value = { text = path .. ":1: there is no handler: mayfly looks for " .. FORMS, trace = "" }
  end
  log(value)
  return false
end

local function serve(method, url, client, name, fields)
  begun = false
  randomseed(native.seeds())
  local request = setmetatable({ fields, method = method, url = url, client = client, name = name }, request_meta)
  local good, problem = xpcall(answer, explained, target, request)
  if good then return end
  problem = told(problem)
  log(problem)
  if begun then exit(1) end  -- the client must not take what it has for the whole
  native.fail(problem.text)
end

return load_file, serve
