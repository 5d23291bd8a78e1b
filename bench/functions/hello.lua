function handler(request)
  return "Hello World!\n"
end
