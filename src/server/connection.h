#pragma once

#include "http/request_parser.h"
#include "server/exchange.h"
#include "server/loop_context.h"
#include "server/router.h"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <list>
#include <memory>
#include <string>

namespace mayfly::server {

// One client connection speaking HTTP/1.1. Its loop's list owns it until it is closed. Requests are answered one at a
// time, in order; pipelined ones wait in the input.
//
//   kReading ─► kHandling ─► kReading          (keep-alive)
//      │            └──────► kLingering ─► kClosed
//      └─────────────────────────┘
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(LoopContext& context, boost::asio::ip::tcp::socket socket);

  void start(std::list<std::shared_ptr<Connection>>::iterator position);
  void check_deadline(std::chrono::steady_clock::time_point now);
  // Finishes the request in flight, if any, and closes.
  void drain();
  void close();

  // For the exchange.
  LoopContext& context() const { return context_; }
  const std::string& remote_address() const { return remote_address_; }
  const std::string& local_port() const { return local_port_; }
  std::string& output() { return output_; }
  bool keeps_alive(const http::Request& request) const { return request.keep_alive && !context_.draining; }
  bool has_backlog() const;
  void flush();       // sends what is in output()
  void read_on();     // the next request, once the answers before it are sent
  void watch();       // notice when the client goes, while its request is answered
  void body_taken();  // there is room again in the exchange's body
  void exchange_done(bool keep_alive);
  void cut();  // at once, without an orderly end

 private:
  enum class State { kReading, kHandling, kLingering, kClosed };

  void read();
  void on_read(const boost::system::error_code& error, std::size_t bytes);
  void process();
  bool step();
  bool admit();
  void dispatch();
  bool dispatch_streamed();
  void answer(http::Request request, std::optional<std::string> start_of_body = std::nullopt);
  void receive();
  void fail_body(const Error& error);
  void end_receiving();
  void refuse(const Error& error);
  void set_reading_deadline();
  void hold_body(std::size_t bytes);
  void linger();
  void flush_soon();
  bool has_to_send();
  void write();
  void on_written();
  void release_large_buffers();

  LoopContext& context_;
  boost::asio::ip::tcp::socket socket_;
  std::string remote_address_;
  std::string local_port_;
  std::list<std::shared_ptr<Connection>>::iterator position_;

  State state_ = State::kReading;
  http::RequestParser parser_;
  http::RequestParser::State parsed_ = http::RequestParser::State::kStart;
  std::string input_;  // a buffer; the bytes from consumed_ to filled_ are not parsed yet
  std::size_t consumed_ = 0;
  std::size_t filled_ = 0;
  std::size_t answered_ = 0;  // requests, in this turn of process()
  bool served_ = false;       // a request has come, ever
  bool reading_ = false;
  bool processing_ = false;
  bool stalled_ = false;  // parsing waits for the client to take answers

  std::size_t stream_read_bytes_ = kReadBytes;  // twice as many after each read that a body in flight has filled
  std::size_t held_body_ = 0;                   // bytes of the request's body, as counted in context_.held_bodies

  std::optional<Target> target_;  // of the request whose body is arriving
  bool streams_ = false;          // and is handed on before it is whole
  bool receiving_ = false;        // that body is handed on to the exchange
  std::shared_ptr<Exchange> exchange_;
  bool close_after_ = false;  // the answer being written is the last

  std::string output_;   // what the exchange appends
  std::string sending_;  // what the socket takes, from sent_ on
  std::size_t sent_ = 0;
  bool writing_ = false;
  bool in_outbox_ = false;

  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point body_deadline_;
  std::chrono::steady_clock::time_point write_deadline_;
};

}  // namespace mayfly::server
