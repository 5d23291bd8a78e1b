function handler(request)
  return "Hello, " .. (request.query.name or "world") .. "!\n"
end
