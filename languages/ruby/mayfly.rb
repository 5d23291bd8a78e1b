# Between the driver and the function: how a file is loaded, what a handler sees, and what becomes of its result.

require "js.so"
# What functions use most is in the image.
%w[json set time date uri erb cgi/escape securerandom digest base64 stringio strscan forwardable ostruct delegate singleton pp
   tempfile fileutils pathname optparse shellwords timeout monitor zlib yaml].each do |name|
  require name
rescue LoadError
  # it is no part of this Ruby
end

module Mayfly
  TEXT = "text/plain; charset=utf-8"
  BYTES = "application/octet-stream"
  JSON_TYPE = "application/json"

  # What the driver does for it.
  module Driver
    module_function

    def call(operation)
      JS.eval(operation).to_s.force_encoding(Encoding::BINARY)
    end

    def arguments = call("A").split("\0").map { |text| text.force_encoding(Encoding::UTF_8) }

    def environment
      call("E").split("\0").filter_map do |variable|
        name, value = variable.force_encoding(Encoding::UTF_8).split("=", 2)
        [name, value] if value && !name.empty?
      end.to_h
    end

    def strings(*texts) = texts.map { |text| [text.bytesize].pack("L<") + text.b }.join
    def request(url, method, headers, body) = call("R".b + strings(url, method, headers, body)).unpack("L<3")
    def headers(handle) = coded(call(["H", handle].pack("aL<")))
    def body(handle) = coded(call(["B", handle].pack("aL<")))
    def close(handle) = call(["C", handle].pack("aL<"))
    def coded(answer) = [answer.unpack1("L<"), answer.byteslice(4..)]
  end

  # Header fields by name, in any case. Several of a name are one value, with commas between.
  class Headers
    include Enumerable

    def initialize(pairs)
      @pairs = pairs
      @by_name = {}
      pairs.each do |name, value|
        name = name.downcase
        before = @by_name[name]
        @by_name[name] = before ? "#{before}#{name == "cookie" ? "; " : ", "}#{value}" : value
      end
    end

    def [](name) = @by_name[name.to_s.downcase]
    def key?(name) = @by_name.key?(name.to_s.downcase)
    alias include? key?
    alias has_key? key?
    def fetch(name, *default, &block) = @by_name.fetch(name.to_s.downcase, *default, &block)
    def each(&block) = @by_name.each(&block)
    def to_h = @by_name.dup
    def pairs = @pairs
  end

  # A request. `url` is as the client sent it; `path` and `query` are decoded.
  class Request
    attr_reader :method, :url, :client, :name

    def initialize(method, url, client, name, fields)
      @method, @url, @client, @name, @fields = method, url, client, name, fields
    end

    def raw_path = @raw_path ||= url.sub(%r{\A[A-Za-z][\w+.-]*://[^/?]*}, "").split("?", 2)[0].then { |path| path.empty? ? "/" : path }
    def path = @path ||= URI::RFC2396_PARSER.unescape(raw_path).force_encoding(Encoding::UTF_8)
    def query_string = url.split("?", 2)[1] || ""
    def query_all = @query_all ||= URI.decode_www_form(query_string)
    # Of several of a name the last.
    def query = @query ||= query_all.to_h
    def headers = @headers ||= Headers.new(@fields)
    def body = @body ||= Wire.body
    def text = body.dup.force_encoding(Encoding::UTF_8).scrub
    def json = JSON.parse(text)
    def inspect = "#<Mayfly::Request #{method} #{url}>"
  end

  # A response with a status and headers. The body is what a handler may return, or an Enumerator of parts.
  class Response
    attr_reader :body, :status, :headers

    def initialize(body = nil, status: nil, headers: {})
      @body, @status, @headers = body, status, headers
    end
  end

  # The request on standard input, and the response on standard output.
  module Wire
    INPUT = IO.for_fd(0, "rb", autoclose: false)
    OUTPUT = IO.for_fd(1, "wb", autoclose: false)
    class << self
      attr_accessor :begun

      def request
        head = exactly(exactly(4).unpack1("L<"))
        texts, at = [], 0
        while at < head.bytesize
          size = head.byteslice(at, 4).unpack1("L<")
          texts << head.byteslice(at + 4, size).force_encoding(Encoding::UTF_8)
          at += 4 + size
        end
        Request.new(*texts.shift(4), texts.each_slice(2).to_a)
      end

      def exactly(size)
        data = "".b
        data << INPUT.sysread(size - data.bytesize) while data.bytesize < size
        data
      end

      def body
        data = "".b
        loop { data << INPUT.sysread(65536) }
        data
      rescue EOFError
        data
      end

      # The head, with what there is of the body.
      def begin(status, fields, body)
        raise ArgumentError, "#{status.inspect} is not the status of a response" unless status.is_a?(Integer) && status.between?(200, 599)
        head = [status].pack("L<")
        fields.each do |name, value|
          name, value = name.to_s, value.to_s
          if !name.match?(/\A[!-9;-~]+\z/) || value.match?(/[\r\n\0]/)
            raise ArgumentError, "#{name.inspect}: #{value.inspect} is not a header"
          end
          head << Driver.strings(name, value)
        end
        write(head, body)
      end

      def fail(message) = write([0].pack("L<"), message.byteslice(0, 4096).scrub(""))

      def more(part)
        data = part.to_s.b
        data = data.byteslice(OUTPUT.syswrite(data)..) until data.empty?
      end

      private

      def write(head, body)
        self.begun = true
        more([head.bytesize].pack("L<") + head + body.b)
      end
    end
  end

  # From results to responses.
  module Answer
    class << self
      def send(result, status = nil, headers = {})
        if result.is_a?(Response)
          return send(result.body, result.status, result.headers)
        end
        fields = pairs(headers)
        case result
        when nil then Wire.begin(status || 204, fields, "")
        when String then Wire.begin(status || 200, typed(fields, text?(result) ? TEXT : BYTES), result)
        when Hash, Array, Numeric, true, false then Wire.begin(status || 200, typed(fields, JSON_TYPE), JSON.generate(result))
        when Enumerator then stream(status || 200, typed(fields, TEXT), result)
        else raise TypeError, "a handler returns String, Hash, Array, Numeric, true, false, nil, Enumerator or Mayfly::Response, not #{result.class}"
        end
      end

      def pairs(headers) = headers.flat_map { |name, value| Array(value).map { |each| [name.to_s, each.to_s] } }
      def typed(fields, type) = fields.any? { |name, _| name.downcase == "content-type" } ? fields : fields + [["content-type", type]]
      def text?(body) = body.encoding != Encoding::BINARY && body.valid_encoding? || body.ascii_only?

      def stream(status, fields, parts)
        first = true
        parts.each do |part|
          first ? Wire.begin(status, fields, part.to_s) : Wire.more(part)
          first = false
        end
        Wire.begin(status, fields, "") if first
      ensure
        parts.close if parts.respond_to?(:close)
      end
    end
  end

  # The context of functions for /api/v1/handler.
  class Context
    def initialize(request)
      @request, @response = ContextRequest.new(request), ContextResponse.new
    end

    attr_reader :request, :response
    def body = @request.body
    def pathParam(name) = name == "name" ? @request.getParam(name) : nil

    def json(value)
      @response.headers["content-type"] ||= JSON_TYPE
      @response.end(JSON.generate(value))
    end
  end

  class ContextRequest
    def initialize(request) = @request = request
    def method = @request.method
    def path = @request.path
    def query = @request.query_string
    def absoluteURI = @request.url
    def headers = @request.headers
    def getHeader(name) = @request.headers[name]
    # A parameter of the query; `name` is the function's.
    def getParam(name) = name == "name" ? @request.name : @request.query[name]
    def body = @request.text
  end

  class ContextResponse
    attr_reader :headers, :parts, :status, :ended

    def initialize = (@status, @headers, @parts, @ended = 200, {}, +"", false)
    def setStatusCode(status) = tap { @status = status }
    def putHeader(name, value) = tap { @headers[name.to_s.downcase] = value }

    def write(part)
      raise "the response has ended" if @ended
      @parts << part.to_s
      self
    end

    def end(part = "")
      write(part)
      @ended = true
      nil
    end
  end

  # How requests are answered, for each of the forms that a function may have.
  module Forms
    class << self
      def request(handler) = Answer.send(handler.arity.zero? ? handler.call : handler.call(Wire.request_at_hand))

      def context(handler)
        ctx = Context.new(Wire.request_at_hand)
        result = handler.call(ctx)
        response = ctx.response
        if response.ended || !response.parts.empty?
          Answer.send(response.parts, response.status, response.headers)
        elsif result.nil? || result.equal?(ctx) || result.equal?(response)
          Answer.send(nil, response.status == 200 ? 204 : response.status, response.headers)
        else
          Answer.send(result)
        end
      end

      def exec(handler)
        result = handler.call(Wire.request_at_hand.text)
        raise TypeError, "exec() returns a String, not #{result.class}" unless result.is_a?(String)
        Wire.begin(200, [["content-type", JSON_TYPE]], result)
      end

      def rack(app)
        status, headers, body = app.call(environment(Wire.request_at_hand))
        fields = headers.flat_map { |name, value| (value.is_a?(Array) ? value : value.to_s.split("\n", -1)).map { |each| [name, each] } }
        if body.respond_to?(:each)
          Answer.stream(status.to_i, fields, body)
        else
          Wire.begin(status.to_i, fields, "")
          body.call(Stream.new)
        end
      end

      # SCRIPT_NAME is the function, where the path begins with it.
      def environment(request)
        script, path = "/#{request.name}", request.raw_path
        script = "" unless path == script || path.start_with?("#{script}/")
        host = request.headers["host"] || "localhost"
        env = {
          "REQUEST_METHOD" => request.method, "SCRIPT_NAME" => script, "PATH_INFO" => path.delete_prefix(script), "QUERY_STRING" => request.query_string,
          "SERVER_NAME" => host.sub(/:\d+\z/, ""), "SERVER_PORT" => host[/:(\d+)\z/, 1] || "80", "SERVER_PROTOCOL" => "HTTP/1.1",
          "REMOTE_ADDR" => request.client, "rack.url_scheme" => request.url[/\A[a-z]+/] || "http", "rack.errors" => $stderr,
          "rack.input" => StringIO.new(request.body), "rack.multithread" => false, "rack.multiprocess" => true, "rack.run_once" => true,
          "rack.hijack?" => false,
        }
        request.headers.each do |name, value|
          key = name.upcase.tr("-", "_")
          env[%w[CONTENT_TYPE CONTENT_LENGTH].include?(key) ? key : "HTTP_#{key}"] = value
        end
        env
      end
    end
  end

  # What the body of a Rack response that is a proc writes to.
  class Stream
    def write(part) = tap { Wire.more(part) }
    alias << write
    def flush = self
    def close(*) = nil
    def closed? = false
  end

  # Outgoing HTTP.
  class Fetched
    attr_reader :url, :status, :headers, :body

    def initialize(url, status, headers, body)
      @url, @status, @headers, @body = url, status, headers, body
    end

    def ok? = status.between?(200, 299)
    def text = body.dup.force_encoding(Encoding::UTF_8).scrub
    def json = JSON.parse(text)
  end

  REASONS = {
    2 => "the server has no memory for it", 4 => "an argument is too long",
    7 => "not allowed: the function's option `allow` has to name the host (docs/config.md)", 8 => "not a method", 9 => "not headers",
    10 => "not a URL of http or https", 11 => "the request failed: why is in the log of the function", 13 => "too many responses are open",
  }.freeze

  class FetchError < IOError; end

  # Makes a request, and gives its response; FetchError when there is none. Redirects are followed.
  def self.fetch(url, method: "GET", headers: {}, body: "", json: nil)
    url = url.to_s
    fields = Answer.pairs(headers)
    unless json.nil?
      body = JSON.generate(json)
      fields = Answer.typed(fields, JSON_TYPE)
    end
    fields.each { |field| raise ArgumentError, "#{field.inspect} is not a header" if field.any? { |text| text.match?(/[\r\n]/) } }
    checked = ->(code) { raise FetchError, "#{url}: #{REASONS[code] || "error #{code}"}" unless code.zero? }
    code, status, handle = Driver.request(url, method.to_s.upcase, fields.map { |field| field.join(":") }.join("\n"), body.to_s)
    checked.(code)
    begin
      code, lines = Driver.headers(handle)
      checked.(code)
      received = "".b
      loop do
        code, part = Driver.body(handle)
        checked.(code)
        break if part.empty?
        received << part
      end
    ensure
      Driver.close(handle)
    end
    pairs = lines.force_encoding(Encoding::UTF_8).each_line(chomp: true).map { |line| line.split(":", 2).map(&:strip) }
    Fetched.new(url, status, Headers.new(pairs.select { |pair| pair.size == 2 }), received)
  end

  # How a file is loaded, and a request served.
  module Start
    FORMS = "call(env), an object that has it, handler(request), handler(ctx), a proc as the value of the last expression, or exec(input)"

    class NoHandler < StandardError; end

    class << self
      def prepare
        Wire.class_eval { singleton_class.attr_accessor :request_at_hand }
        $stderr.sync = true
        $stdout = $stderr
        $stdin = StringIO.new
        %i[STDOUT STDIN].each { |name| Object.send(:remove_const, name) }
        Object.const_set(:STDOUT, $stderr)
        Object.const_set(:STDIN, $stdin)
      end

      def load
        name, path = Driver.arguments
        $0 = path
        $LOAD_PATH.unshift("/", "/lib", *Dir.glob("/vendor/{lib,*/lib,gems/*/lib,bundle/ruby/*/gems/*/lib}").sort)
        @answer, @target = find(RubyVM::InstructionSequence.compile(File.read(path, encoding: "UTF-8"), path, path, 1).eval)
        $stderr.flush
        ENV.clear
        Process.warmup
      rescue Exception => error
        refuse(path || "/main.rb", error)
      end

      def find(value)
        main = TOPLEVEL_BINDING.receiver
        own = ->(name) { Object.method_defined?(name, false) || Object.private_method_defined?(name, false) || main.singleton_class.method_defined?(name, false) }
        return [:rack, main.method(:call)] if own.(:call)
        rack = @run || %i[App APP Application].filter_map { |name| Object.const_get(name) if Object.const_defined?(name, false) }.find { |app| app.respond_to?(:call) }
        return [:rack, rack] if rack
        if own.(:handler)
          handler = main.method(:handler)
          return [handler.parameters.dig(0, 1) == :ctx ? :context : :request, handler]
        end
        if value.is_a?(Proc) || value.is_a?(Method)
          parameter = value.parameters.dig(0, 1)
          return [{ env: :rack, request: :request, req: :request }.fetch(parameter, :context), value]
        end
        return [:rack, value] if value.respond_to?(:call) && !value.is_a?(Symbol)
        return [:exec, main.method(:exec)] if own.(:exec)
        raise NoHandler, "there is no handler: mayfly looks for #{FORMS}"
      end

      # What config.ru calls.
      def run(app) = @run = app

      def serve
        Wire.begun = false
        srand(Random.new_seed)
        ENV.replace(Driver.environment)
        Wire.request_at_hand = Wire.request
        Forms.send(@answer, @target)
        $stderr.flush
      rescue Exception => error
        failed(error)
      end

      def failed(error)
        $stderr.puts(trace(error))
        $stderr.flush
        exit!(1) if Wire.begun  # the client must not take what it has for the whole
        place = place_of(error)
        Wire.fail("#{error.class}: #{message(error)}#{" (#{place})" if place}")
      end

      # FILE:LINE: what is wrong, then the trace.
      def refuse(path, error)
        if error.is_a?(SyntaxError) && (found = error.message.match(%r{\A/?([^\n:]+:\d+)}))
          detail = error.message[/\^+ ([^\n]*)/, 1] || error.message.lines.first.split(": ", 2).last.strip
          $stderr.puts("#{found[1]}: SyntaxError: #{detail}", error.message)
        elsif error.is_a?(NoHandler)
          $stderr.puts("#{path.delete_prefix("/")}:1: #{error.message}")
        else
          $stderr.puts("#{place_of(error) || "#{path.delete_prefix("/")}:1"}: #{error.class}: #{message(error)}", trace(error))
        end
        $stderr.flush
        exit!(1)
      end

      def message(error) = error.is_a?(SystemExit) ? "exit(#{error.status})" : text(error).lines.first.to_s.strip

      # What it says, whatever it makes of being asked.
      def text(error)
        error.message.to_s.scrub
      rescue Exception => other
        "its message cannot be told (#{other.class})"
      end

      def own(error)
        (Exception.instance_method(:backtrace).bind_call(error) || []).reject { |line| line.start_with?("<mayfly>", "eval:", "(eval", "<internal:") }
      end

      def place_of(error)
        line = own(error).find { |each| each.start_with?("/") && !each.start_with?("/usr/", "/vendor/") } || own(error).first
        line && line[%r{\A/?([^:]+:\d+)}, 1]
      end

      def trace(error)
        lines = own(error).map { |line| "\tfrom #{line.delete_prefix("/")}" }
        cause = error.cause ? "\ncaused by #{trace(error.cause)}" : ""
        "#{error.class}: #{text(error)}#{"\n" unless lines.empty?}#{lines.join("\n")}#{cause}"
      end
    end
  end
end

def self.run(app) = Mayfly::Start.run(app)

begin
  Mayfly::Start.prepare
rescue Exception => error
  $stderr.puts(error.full_message)
  raise
end
