#include "server/connection.h"

#include "base/coarse_clock.h"
#include "http/problem.h"
#include "server/dispatcher.h"
#include "server/limits.h"

#include <fmt/format.h>

namespace mayfly::server {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;
using tcp = asio::ip::tcp;
using ParserState = http::RequestParser::State;

Connection::Connection(LoopContext& context, tcp::socket socket)
    : context_(context), socket_(std::move(socket)), parser_(context.limits), input_(kReadBytes, '\0') {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  remote_address_ = socket_.remote_endpoint(ignored).address().to_string();
  local_port_ = fmt::to_string(socket_.local_endpoint(ignored).port());
}

void Connection::start(std::list<std::shared_ptr<Connection>>::iterator position) {
  position_ = position;
  set_reading_deadline();
  read();
}

// --- Reading ---------------------------------------------------------------------------------------------------

void Connection::set_reading_deadline() {
  const auto now = coarse_now();
  switch (parser_.state()) {
    case ParserState::kStart: deadline_ = now + context_.limits.idle_time; break;
    case ParserState::kHeader:
      // From its first byte on, a header has one deadline: trickled bytes do not move it.
      if (parsed_ != ParserState::kHeader) deadline_ = now + context_.limits.header_time;
      break;
    case ParserState::kBody:
    case ParserState::kDone:
      if (parsed_ != ParserState::kBody) body_deadline_ = now + context_.limits.body_total_time;
      deadline_ = std::min(now + context_.limits.body_time, body_deadline_);
      break;
  }
  parsed_ = parser_.state();
}

void Connection::read() {
  if (reading_ || state_ == State::kClosed) return;
  reading_ = true;
  if (consumed_ == filled_) {
    consumed_ = filled_ = 0;
    const std::size_t size = receiving_ ? stream_read_bytes_ : kReadBytes;
    if (input_.size() != size) input_ = std::string(size, '\0');
  }
  if (filled_ == input_.size()) {  // the parser needs more than is there: make room
    input_.erase(0, consumed_);
    filled_ -= consumed_;
    consumed_ = 0;
    input_.resize(filled_ + kReadBytes);
  }
  socket_.async_read_some(
      asio::buffer(input_.data() + filled_, input_.size() - filled_),
      [self = shared_from_this()](const error_code& error, std::size_t bytes) { self->on_read(error, bytes); });
}

void Connection::on_read(const error_code& error, std::size_t bytes) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  if (error) {
    if (in_outbox_) flush();
    if (!writing_ || state_ == State::kHandling) return close();
    close_after_ = true;  // it sends no more, but may still take its answer
    return;
  }
  if (state_ == State::kLingering) return read();  // discarded
  filled_ += bytes;
  if (receiving_) {
    if (filled_ == input_.size()) stream_read_bytes_ = std::min(2 * stream_read_bytes_, kStreamReadBytes);
    return receive();
  }
  if (state_ == State::kHandling) return watch();
  process();
}

// Parses and answers what has arrived, then writes all the answers at once. Not re-entered by answers that are ready
// at once: those return here.
void Connection::process() {
  if (processing_) return;
  processing_ = true;
  stalled_ = false;
  answered_ = 0;
  while (state_ == State::kReading && !close_after_ && answered_ < kPipelineBurst && step()) {
  }
  processing_ = false;
  flush_soon();
  if (state_ != State::kReading || close_after_ || stalled_) return;
  if (answered_ == kPipelineBurst) {  // the others on this loop have their turn
    context_.loop.post([self = shared_from_this()] { self->process(); });
    return;
  }
  set_reading_deadline();
  read_on();
}

void Connection::read_on() {
  if (state_ == State::kReading && !close_after_ && !stalled_ && !in_outbox_) read();
}

// Bodies are held in memory: together they have a bound.
void Connection::hold_body(std::size_t bytes) {
  context_.held_bodies = context_.held_bodies - held_body_ + bytes;
  held_body_ = bytes;
}

// One step of the parser; false when it needs more bytes.
bool Connection::step() {
  if (parser_.state() == ParserState::kDone) {
    dispatch();
    return true;
  }
  stalled_ = has_backlog();  // a client that does not read its answers gets no more of them
  if (stalled_) return false;
  if (consumed_ == filled_) return dispatch_streamed();
  const ParserState before = parser_.state();
  const auto consumed = parser_.consume(std::string_view(input_).substr(consumed_, filled_ - consumed_));
  if (!consumed) {
    refuse(consumed.error());
    return false;
  }
  consumed_ += *consumed;
  hold_body(parser_.request().body.size());
  if (context_.held_bodies > kHeldBodies && held_body_ > kReadBytes) {
    refuse({ErrorCode::kOverloaded, "the server holds as many request bodies as it can"});
    return false;
  }
  if (before != ParserState::kBody && parser_.state() == ParserState::kBody) return admit();
  return *consumed > 0 || parser_.state() != before || dispatch_streamed();
}

bool Connection::admit() {
  auto admitted = context_.dispatcher.admit(context_, parser_.request());
  const Status fits = admitted ? parser_.limit_body(admitted->body_bytes) : tl::unexpected(admitted.error());
  if (!fits) {
    refuse(fits.error());
    return false;
  }
  target_ = std::move(admitted->target);
  streams_ = admitted->streams;
  if (parser_.expects_continue()) output_ += "HTTP/1.1 100 Continue\r\n\r\n";  // sent at the end of process()
  return true;
}

void Connection::dispatch() { answer(parser_.take()); }

// For a body that is not all there, and whose receiver need not wait: it gets the rest as it comes.
bool Connection::dispatch_streamed() {
  if (!streams_) return false;
  receiving_ = true;
  std::string body = parser_.take_body();
  answer(parser_.take_head(), std::move(body));
  return true;
}

void Connection::answer(http::Request request, std::optional<std::string> start_of_body) {
  ++answered_;
  served_ = true;
  streams_ = false;
  state_ = State::kHandling;
  parsed_ = ParserState::kStart;
  deadline_ = steady_clock::time_point::max();  // the invocation has deadlines of its own
  exchange_ = std::make_shared<Exchange>(*this, std::move(request), context_.make_id());
  const auto keep = exchange_;
  if (start_of_body) keep->begin_body(std::move(*start_of_body));
  context_.dispatcher.handle(context_, *keep, std::exchange(target_, std::nullopt));
  if (receiving_) receive();
}

// Hands on what has arrived of the body in flight, and reads more while there is room for it.
void Connection::receive() {
  while (receiving_ && consumed_ < filled_ && !exchange_->has_body_backlog()) {
    const auto consumed = parser_.consume(std::string_view(input_).substr(consumed_, filled_ - consumed_));
    if (!consumed) return fail_body(consumed.error());
    if (*consumed == 0) break;
    consumed_ += *consumed;
    const auto keep = exchange_;  // what it is told may end it
    if (std::string bytes = parser_.take_body(); !bytes.empty()) keep->receive(std::move(bytes));
    if (receiving_ && parser_.state() == ParserState::kDone) {
      end_receiving();
      keep->end_body(parser_.take().trailers);
    }
  }
  if (!receiving_) return;
  const bool full = exchange_->has_body_backlog();
  hold_body(exchange_->held_body());
  deadline_ = full ? steady_clock::time_point::max() : coarse_now() + context_.limits.body_time;
  if (!full) read();
}

void Connection::end_receiving() {
  receiving_ = false;
  deadline_ = steady_clock::time_point::max();
}

void Connection::fail_body(const Error& error) {
  end_receiving();
  close_after_ = true;  // where the next request begins is lost
  const auto keep = exchange_;
  keep->fail_body(error);
}

void Connection::body_taken() {
  context_.loop.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->state_ == State::kHandling && self->receiving_ && !self->reading_) self->receive();
  });
}

void Connection::watch() {
  if (state_ == State::kHandling && !receiving_ && filled_ - consumed_ < kReadBytes) read();
}

// Answers what cannot be parsed. The rest of the input is lost with the framing.
void Connection::refuse(const Error& error) {
  state_ = State::kHandling;
  http::Request request = parser_.request();
  request.keep_alive = false;
  exchange_ = std::make_shared<Exchange>(*this, std::move(request), context_.make_id());
  const auto keep = exchange_;
  if (context_.dispatcher.router().is_seed(keep->request().path())) keep->answer_as_seed();
  keep->fail(error);
}

// --- Writing ---------------------------------------------------------------------------------------------------

bool Connection::has_backlog() const { return output_.size() + sending_.size() - sent_ > kWriteBacklog; }

void Connection::flush_soon() {
  if (output_.empty()) return flush();
  if (writing_ || std::exchange(in_outbox_, true)) return;
  context_.outbox.add(shared_from_this());
}

void Connection::flush() {
  in_outbox_ = false;
  if (writing_ || processing_ || state_ == State::kClosed) return;
  write();
}

// Whether there is something to send; takes up what was appended once the rest is out.
bool Connection::has_to_send() {
  if (sent_ < sending_.size()) return true;
  sending_.clear();
  sent_ = 0;
  sending_.swap(output_);
  return !sending_.empty();
}

void Connection::write() {
  while (has_to_send()) {
    error_code error;
    sent_ += socket_.write_some(asio::buffer(sending_.data() + sent_, sending_.size() - sent_), error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      writing_ = true;
      write_deadline_ = coarse_now() + context_.limits.write_time;
      socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& failed) {
        self->writing_ = false;
        if (self->state_ == State::kClosed) return;
        failed ? self->close() : self->write();
      });
      return;
    }
    if (error) return close();
  }
  on_written();
}

void Connection::on_written() {
  if (state_ == State::kHandling && exchange_ && exchange_->resume_) {
    context_.loop.post(std::exchange(exchange_->resume_, nullptr));  // the guest that waited for room
  }
  release_large_buffers();
  if (state_ != State::kReading) return;
  set_reading_deadline();
  if (close_after_) linger();
  else if (stalled_) process();
}

// A connection that is kept does not keep the memory of its largest answer.
void Connection::release_large_buffers() {
  if (output_.empty() && output_.capacity() > kKeptBuffer) std::string().swap(output_);
  if (sending_.capacity() > kKeptBuffer) {
    std::string().swap(sending_);
    sent_ = 0;
  }
}

void Connection::exchange_done(bool keep_alive) {
  if (state_ != State::kHandling) return;
  // Whoever called this may still be inside the exchange and its work: they go later.
  context_.loop.post([gone = std::move(exchange_)] {});
  state_ = State::kReading;
  close_after_ = close_after_ || receiving_ || !keep_alive || context_.draining;
  receiving_ = false;  // whoever answered did not want the rest
  hold_body(0);
  set_reading_deadline();
  process();
}

// --- The end ---------------------------------------------------------------------------------------------------

// Closes our side and waits for the client to have read: closing at once with unread input would reset the connection
// and lose the answer.
void Connection::linger() {
  if (state_ == State::kClosed || state_ == State::kLingering) return;
  state_ = State::kLingering;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  deadline_ = coarse_now() + kLinger;
  consumed_ = filled_ = 0;
  read();
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  error_code ignored;
  socket_.close(ignored);
  if (exchange_) exchange_->detach();
  hold_body(0);
  context_.counters.connections.fetch_sub(1, std::memory_order_relaxed);
  // As in exchange_done(), and this object may be in use by its caller.
  context_.loop.post([self = std::move(*position_), gone = std::move(exchange_)] {
    if (gone) gone->client_left(*self);
  });
  context_.connections.erase(position_);
}

void Connection::cut() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void Connection::drain() {
  if (in_outbox_) flush();
  const bool idle = state_ == State::kReading && parser_.state() == ParserState::kStart && consumed_ == filled_;
  if (!idle) return;  // its request is answered first, as the last
  if (writing_) close_after_ = true;
  else if (served_) close();
  else deadline_ = std::min(deadline_, coarse_now() + kDrainGrace);  // its first request may be on its way
}

void Connection::check_deadline(steady_clock::time_point now) {
  if (writing_) {  // while it takes our answer, a client owes nothing else
    if (now > write_deadline_) cut();
    return;
  }
  if (now <= deadline_) return;
  if (receiving_) return fail_body({ErrorCode::kRequestTimeout, "the request body stopped arriving"});
  if (state_ == State::kReading && parser_.state() != ParserState::kStart) {
    refuse({ErrorCode::kRequestTimeout, parser_.state() == ParserState::kHeader
                                            ? "the request header did not arrive in time"
                                            : "the request body stopped arriving"});
    return;
  }
  close();
}

}  // namespace mayfly::server
