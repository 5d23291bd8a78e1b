// The compiled part of Boost.Beast: only what parses HTTP. <boost/beast/src.hpp> would add
// WebSocket and zlib, and with them a need for Asio's sockets, which this folder does without.
#define BOOST_BEAST_SOURCE

#include <boost/beast/core/detail/config.hpp>
// config.hpp comes first
#include <boost/beast/core/impl/string.ipp>
#include <boost/beast/http/detail/basic_parser.ipp>
#include <boost/beast/http/detail/rfc7230.ipp>
#include <boost/beast/http/impl/basic_parser.ipp>
#include <boost/beast/http/impl/error.ipp>
#include <boost/beast/http/impl/field.ipp>
#include <boost/beast/http/impl/rfc7230.ipp>
#include <boost/beast/http/impl/status.ipp>
#include <boost/beast/http/impl/verb.ipp>
