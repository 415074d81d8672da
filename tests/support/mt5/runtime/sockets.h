// Socket functions (docs/21-network): real TCP, or sockets of the host's for virtual time.
//
// Faults that a real machine has now and then can be had at will (mql_socket_faults): a read that
// brings less than there is, a write that takes less than it was given, and the dummy 1 which
// SocketIsReadable says of an empty socket (book, "Checking socket status").
#pragma once
#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

namespace mql {

struct SocketFaults {
   long dummies = 1;        // how often SocketIsReadable lies of each new socket
   long most_read = 0;      // 0: as much as there is
   long most_written = 0;
   long fills = 0;          // 1: SocketRead waits for all that it was asked for, or for its time
   long writable = 0;       // 1: SocketIsWritable says yes of whatever is connected
};
struct TcpSocket {
   int handle;
   bool connected;
   long dummies;
   uint send_ms, receive_ms;
};
inline SocketFaults socket_faults;
inline std::map<int, TcpSocket> tcp_sockets;
inline int next_socket = 1;
inline bool real_sockets = true;

inline TcpSocket *socket_of(int socket) {
   auto found = tcp_sockets.find(socket);
   if (found != tcp_sockets.end()) return &found->second;
   runtime.last_error = ERR_NETSOCKET_INVALIDHANDLE;
   return nullptr;
}
inline int io_error(TcpSocket &tcp) {
   tcp.connected = false;
   runtime.last_error = ERR_NETSOCKET_IO_ERROR;
   return -1;
}
inline bool wait_for(int handle, short what, int ms) {
   pollfd one = {handle, what, 0};
   return ::poll(&one, 1, ms) > 0;
}

inline long monotonic_ms() {
   timespec now = {};
   clock_gettime(CLOCK_MONOTONIC, &now);
   return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

}  // namespace mql

inline int SocketCreate(uint flags = SOCKET_DEFAULT) {
   (void)flags;
   if (!mql::real_sockets) return (int)mql::call_integer("SocketCreate");
   if (mql::tcp_sockets.size() >= 128) {
      mql::runtime.last_error = ERR_NETSOCKET_TOO_MANY_OPENED;
      return INVALID_HANDLE;
   }
   int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
   if (handle < 0) return INVALID_HANDLE;
   int number = mql::next_socket++;
   mql::tcp_sockets[number] = mql::TcpSocket{handle, false, mql::socket_faults.dummies, 0, 0};
   return number;
}
inline bool SocketClose(int socket) {
   if (!mql::real_sockets) return mql::call("SocketClose", socket).ok;
   mql::TcpSocket *tcp = mql::socket_of(socket);
   if (tcp == nullptr) return false;
   ::close(tcp->handle);
   mql::tcp_sockets.erase(socket);
   return true;
}
inline bool SocketConnect(int socket, const string &server, uint port, uint timeout_ms) {
   if (!mql::real_sockets) return mql::call("SocketConnect", socket, server, port, timeout_ms).ok;
   mql::TcpSocket *tcp = mql::socket_of(socket);
   if (tcp == nullptr) return false;
   sockaddr_in address = {};
   address.sin_family = AF_INET;
   address.sin_port = htons((ushort)port);
   std::string host = server.utf8() == "localhost" ? "127.0.0.1" : server.utf8();
   int failed = 1;
   if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1) {
      failed = ::connect(tcp->handle, (sockaddr *)&address, sizeof address);
      if (failed && errno == EINPROGRESS && mql::wait_for(tcp->handle, POLLOUT, (int)timeout_ms)) {
         socklen_t size = sizeof failed;
         getsockopt(tcp->handle, SOL_SOCKET, SO_ERROR, &failed, &size);
      }
   }
   tcp->connected = !failed;
   if (failed) mql::runtime.last_error = ERR_NETSOCKET_CANNOT_CONNECT;
   int on = 1;
   setsockopt(tcp->handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
   return tcp->connected;
}
inline bool SocketIsConnected(int socket) {
   if (!mql::real_sockets) return mql::call("SocketIsConnected", socket).ok;
   mql::TcpSocket *tcp = mql::socket_of(socket);
   return tcp != nullptr && tcp->connected;
}
inline bool SocketTimeouts(int socket, uint send_ms, uint receive_ms) {
   if (!mql::real_sockets) return mql::call("SocketTimeouts", socket, send_ms, receive_ms).ok;
   mql::TcpSocket *tcp = mql::socket_of(socket);
   if (tcp == nullptr) return false;
   tcp->send_ms = send_ms;
   tcp->receive_ms = receive_ms;
   return true;
}
inline uint SocketIsReadable(int socket) {
   if (!mql::real_sockets) return (uint)mql::call_integer("SocketIsReadable", socket);
   mql::TcpSocket *tcp = mql::socket_of(socket);
   if (tcp == nullptr || !tcp->connected) return 0;
   int waiting = 0;
   ::ioctl(tcp->handle, FIONREAD, &waiting);
   if (waiting > 0) return (uint)waiting;
   if (mql::wait_for(tcp->handle, POLLIN, 0)) return 1;  // closed by the peer: the read will tell
   if (tcp->dummies <= 0) return 0;
   tcp->dummies--;
   return 1;
}
inline bool SocketIsWritable(int socket) {
   if (!mql::real_sockets) return mql::call("SocketIsWritable", socket).ok;
   mql::TcpSocket *tcp = mql::socket_of(socket);
   if (tcp == nullptr || !tcp->connected) return false;
   return mql::socket_faults.writable || mql::wait_for(tcp->handle, POLLOUT, 0);
}
// Returns what there is, at most `most`, after waiting at most `timeout_ms` for the first byte.
// "Dynamic array size is increased by the number of read bytes": whether the bytes stand behind the
// old ones or over them, the page does not say and its example does not need. So: an empty array.
inline int SocketRead(int socket, Array<uchar> &buffer, uint most, uint timeout_ms) {
   if (ArraySize(buffer) != 0) mql::fail("SocketRead: hand in an empty array");
   if (!mql::real_sockets) {
      mql::Answer answer = mql::call("SocketRead", socket, most, timeout_ms);
      if (!answer.ok) return -1;
      answer.value.expect('b');
      uint size = answer.value.count();
      ArrayResize(buffer, (int)size);
      if (size) std::memcpy(buffer.begin(), answer.value.at, size);
      return (int)size;
   }
   mql::TcpSocket *tcp = mql::socket_of(socket);
   if (tcp == nullptr) return -1;
   if (!tcp->connected) return mql::io_error(*tcp);
   if (!mql::wait_for(tcp->handle, POLLIN, timeout_ms ? (int)timeout_ms : 120000)) return -1;
   long wanted = most;
   if (mql::socket_faults.most_read && wanted > mql::socket_faults.most_read)
      wanted = mql::socket_faults.most_read;
   std::vector<uchar> bytes((size_t)wanted);
   ssize_t size = ::recv(tcp->handle, bytes.data(), bytes.size(), 0);
   while (mql::socket_faults.fills && size > 0 && size < wanted &&
          mql::wait_for(tcp->handle, POLLIN, (int)timeout_ms)) {
      ssize_t more = ::recv(tcp->handle, bytes.data() + size, (size_t)(wanted - size), 0);
      if (more <= 0) break;
      size += more;
   }
   if (size <= 0) return mql::io_error(*tcp);
   ArrayResize(buffer, (int)size);
   std::memcpy(buffer.begin(), bytes.data(), (size_t)size);
   return (int)size;
}
// The sockets block (docs/network/sockettimeouts): all is written, or the timeout has passed.
inline int SocketSend(int socket, const Array<uchar> &buffer, uint size) {
   if (size > (ulong)buffer.size()) mql::fail("SocketSend of more than the array holds");
   if (!mql::real_sockets) {
      mql::Packed packed;
      packed.list(2);
      packed.put(socket);
      packed.put_bytes(buffer.begin(), size);
      mql::Answer answer = mql::call_packed("SocketSend", packed);
      return answer.ok ? (int)answer.value.integer() : -1;
   }
   mql::TcpSocket *tcp = mql::socket_of(socket);
   if (tcp == nullptr) return -1;
   if (!tcp->connected) return mql::io_error(*tcp);
   long wanted = size;
   if (mql::socket_faults.most_written && wanted > mql::socket_faults.most_written)
      wanted = mql::socket_faults.most_written;
   long sent = 0;
   for (auto began = mql::monotonic_ms(); sent < wanted;) {
      int patience = -1;
      if (tcp->send_ms) patience = (int)std::max(0L, began + (long)tcp->send_ms - mql::monotonic_ms());
      if (!mql::wait_for(tcp->handle, POLLOUT, patience)) break;
      ssize_t written = ::send(tcp->handle, buffer.begin() + sent, (size_t)(wanted - sent), MSG_NOSIGNAL);
      if (written < 0 && errno != EAGAIN) return mql::io_error(*tcp);
      sent += std::max<long>(0, written);
   }
   return (int)sent;
}
// TLS is not run here: no certificate of the terminal's could be checked. See docs/unverified.md.
inline bool SocketTlsHandshake(int socket, const string &host) {
   return mql::call("SocketTlsHandshake", socket, host).ok;
}
inline int SocketTlsSend(int socket, const Array<uchar> &buffer, uint size) {
   mql::call("SocketTlsSend", socket);
   return SocketSend(socket, buffer, size);
}
inline int SocketTlsReadAvailable(int socket, Array<uchar> &buffer, uint most) {
   uint waiting = SocketIsReadable(socket);
   if (waiting == 0) return 0;
   int size = SocketRead(socket, buffer, most, 1);
   return size < 0 ? 0 : size;
}
