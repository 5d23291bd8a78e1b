// The Node.js peer: node hello.js PORT
require("node:http")
  .createServer((request, response) => {
    response.setHeader("Content-Type", "text/plain");
    response.end("Hello World!\n");
  })
  .listen(Number(process.argv[2]), "127.0.0.1", 4096);
