def handler(request)
  "Hello, #{request.query.fetch("name", "world")}!\n"
end
