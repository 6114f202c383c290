/*
 * The floor under every fan-out: one `send()` for each socket, in C, of bytes that lie ready. It takes upgrades without a
 * look at them, and obeys lines on stdin:
 *
 *   publish <frames> <payload bytes> <joined: 0|1> <sockets>   -> published
 *
 * sends so many frames to the first so many sockets, a frame to each before the next frame begins, or, joined, all frames to
 * a socket in one `send()`. It prints "ready at ws://127.0.0.1:<port>" first.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS = 20000, EVENTS = 256 };

static int sockets[SOCKETS], count, poller;
static char request[16384];

static size_t frame_of(unsigned char *at, size_t payload) {
  size_t head = 0;
  at[head++] = 0x81;
  if (payload < 126) at[head++] = (unsigned char)payload;
  else {
    at[head++] = 126;
    at[head++] = (unsigned char)(payload >> 8);
    at[head++] = (unsigned char)payload;
  }
  memset(at + head, 'x', payload);
  return head + payload;
}

static void send_all(int fd, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN) exit(1);
      struct pollfd room = {.fd = fd, .events = POLLOUT};
      poll(&room, 1, -1);
      continue;
    }
    bytes += n;
    length -= (size_t)n;
  }
}

static void publish(size_t frames, size_t payload, int joined, int to) {
  unsigned char *bytes = malloc(frames * (payload + 4));
  size_t length = 0, one = 0;
  for (size_t i = 0; i < (joined ? frames : 1); i++) length += one = frame_of(bytes + length, payload);
  if (joined)
    for (int i = 0; i < to && i < count; i++) send_all(sockets[i], bytes, length);
  else
    for (size_t n = 0; n < frames; n++)
      for (int i = 0; i < to && i < count; i++) send_all(sockets[i], bytes, one);
  free(bytes);
  printf("published\n");
  fflush(stdout);
}

static void take(int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (count == SOCKETS) exit(1);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    sockets[count++] = fd;
  }
}

static void heard(int fd) {
  static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  ssize_t n = recv(fd, request, sizeof request, 0);
  if (n <= 0) {
    epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL);
    return;
  }
  if (n > 4 && memcmp(request, "GET ", 4) == 0) send_all(fd, (const unsigned char *)answer, sizeof answer - 1);
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in at = {.sin_family = AF_INET};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(listener, (struct sockaddr *)&at, size) < 0 || listen(listener, 1024) < 0) return 1;
  getsockname(listener, (struct sockaddr *)&at, &size);
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  event.data.fd = STDIN_FILENO;
  epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  printf("ready at ws://127.0.0.1:%d\n", ntohs(at.sin_port));
  fflush(stdout);
  for (;;) {
    struct epoll_event events[EVENTS];
    int n = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) take(listener);
      else if (fd != STDIN_FILENO) heard(fd);
      else {
        char line[256];
        ssize_t got = read(STDIN_FILENO, line, sizeof line - 1);
        if (got <= 0) return 0;
        line[got] = 0;
        size_t frames, payload;
        int joined, to;
        if (sscanf(line, "publish %zu %zu %d %d", &frames, &payload, &joined, &to) == 4) publish(frames, payload, joined, to);
      }
    }
  }
}
