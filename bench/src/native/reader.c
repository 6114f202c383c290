/*
 * Reads from thousands of sockets and counts frames, at a fraction of what any of the servers pays to send them: one thread,
 * epoll, one buffer, headers looked at and payloads passed over. It obeys lines on stdin, fields parted by tabs:
 *
 *   open <group> <port> <count> <topics> <path> <protocol: ws|deflate|nats> <replies> <hello>   -> opened <group>
 *   tokens <file>       lines, of which $ in a <path> becomes the one of the socket's number
 *   wait <group> <frames>                                                      -> got <group> <frames>
 *   stamp <group>       from now on look for "sentAt":<ns> in each frame
 *   times <group>       -> times <group> <count> <p50 us> <p99 us> <max us>, and forgets them
 *   close <group>                                                              -> closed <group>
 *
 * `deflate` is WebSocket with permessage-deflate offered; what comes is counted and not unpacked.
 * <count> sockets open with 64 at once in their handshake; <hello> is sent as a masked text frame ("-" for none), and a
 * socket is open when it has had <replies> frames. In <path> and <hello> an @ becomes the number of the socket modulo
 * <topics>. Frames are counted from "opened" on. Anything unexpected ends it with one line on stderr.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { GROUPS = 16, AT_ONCE = 64, BUFFER = 1 << 20, EVENTS = 1024, SAMPLES = 1 << 22, MOST_TOKENS = 20000 };
enum state { DIALLING, UPGRADING, GREETING, OPEN };

struct group {
  char name[64], path[2048], hello[2048];
  int is_nats, deflates, port, count, topics, dialled, dialling, opened, replies, stamped;
  struct socket *sockets;
  uint64_t frames, wanted;
  uint32_t *samples;
  size_t sampled;
};

struct socket {
  int fd, replies;
  enum state state;
  struct group *group;
  uint64_t left; /* bytes of the present payload that are still to come */
  int head, opcode;
  unsigned char header[256];
};

static struct group groups[GROUPS];
static int poller, group_count;
static unsigned char buffer[BUFFER + 1];
static char *tokens[MOST_TOKENS];
static int token_count;

static void die(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  exit(1);
}

static void say(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vprintf(format, list);
  va_end(list);
  putchar('\n');
  fflush(stdout);
}

static uint64_t now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void put(struct socket *s, const void *bytes, size_t length) {
  if (send(s->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) die("%s: could not send", s->group->name);
}

static void put_frame(struct socket *s, int opcode, const char *text, size_t length) {
  unsigned char frame[4096];
  size_t at = 0;
  if (length > sizeof frame - 16) die("a frame of ours is too long");
  frame[at++] = (unsigned char)(0x80 | opcode);
  if (length < 126) frame[at++] = (unsigned char)(0x80 | length);
  else {
    frame[at++] = 0x80 | 126;
    frame[at++] = (unsigned char)(length >> 8);
    frame[at++] = (unsigned char)length;
  }
  memset(frame + at, 0, 4); /* a mask of zeros: the payload goes as it is */
  memcpy(frame + at + 4, text, length);
  put(s, frame, at + 4 + length);
}

static void dial(struct group *g) {
  struct socket *s = &g->sockets[g->dialled++];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)g->port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  memset(s, 0, sizeof *s);
  s->group = g;
  s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (s->fd < 0) die("%s: no more sockets: raise the limit of open files", g->name);
  int on = 1;
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(s->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("%s: could not dial", g->name);
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = s};
  epoll_ctl(poller, EPOLL_CTL_ADD, s->fd, &event);
  g->dialling++;
}

static void opened(struct socket *s) {
  struct group *g = s->group;
  s->state = OPEN;
  g->opened++;
  g->dialling--;
  if (g->dialled < g->count) dial(g);
  if (g->opened == g->count) {
    g->frames = 0;
    say("opened\t%s", g->name);
  }
}

/* A template with the socket's topic in place of each @. */
static const char *filled(const struct socket *s, const char *template) {
  static char text[4096];
  size_t at = 0;
  int topic = (int)(s - s->group->sockets) % s->group->topics;
  for (; *template != 0 && at < sizeof text - 1024; template++) {
    if (*template == '@') at += (size_t)sprintf(text + at, "%d", topic);
    else if (*template == '$' && token_count > 0)
      at += (size_t)snprintf(text + at, 1024, "%s", tokens[(s - s->group->sockets) % token_count]);
    else text[at++] = *template;
  }
  text[at] = 0;
  return text;
}

static void greet(struct socket *s) {
  struct group *g = s->group;
  s->state = GREETING;
  if (strcmp(g->hello, "-") != 0 && !g->is_nats) {
    const char *hello = filled(s, g->hello);
    put_frame(s, 1, hello, strlen(hello));
  }
  if (g->replies == 0) opened(s);
}

static void counted(struct socket *s) {
  struct group *g = s->group;
  if (s->state == GREETING) {
    if (++s->replies == g->replies) opened(s);
    return;
  }
  if (++g->frames == g->wanted) {
    g->wanted = 0;
    say("got\t%s\t%llu", g->name, (unsigned long long)g->frames);
  }
}

static void stamp(struct group *g, const unsigned char *payload, size_t length) {
  static const char mark[] = "\"sentAt\":";
  const unsigned char *found = memmem(payload, length, mark, sizeof mark - 1);
  if (found == NULL || g->sampled == SAMPLES) return;
  uint64_t at = strtoull((const char *)found + sizeof mark - 1, NULL, 10), now = now_ns();
  g->samples[g->sampled++] = (uint32_t)((now > at ? now - at : 0) / 1000);
}

/* The length of a WebSocket header of which `n` bytes are there; 0 where it is not whole. */
static int header_length(const unsigned char *h, int n) {
  if (n < 2) return 0;
  int size = h[1] & 0x7f;
  int length = size < 126 ? 2 : size == 126 ? 4 : 10;
  return n >= length ? length : 0;
}

static uint64_t payload_length(const unsigned char *h) {
  int size = h[1] & 0x7f;
  if (size < 126) return (uint64_t)size;
  uint64_t length = 0;
  for (int i = 0, n = size == 126 ? 2 : 8; i < n; i++) length = length << 8 | h[2 + i];
  return length;
}

static void frame_ended(struct socket *s) {
  if (s->opcode == 8) die("%s: the server closed a connection", s->group->name);
  if (s->opcode == 9) put_frame(s, 10, "", 0);
  else if (s->opcode == 1 || s->opcode == 2) counted(s);
}

/* Passes over what is there of a payload; tells whether that was its end. */
static int payload_ended(struct socket *s, const unsigned char **at, size_t *n) {
  size_t pass = s->left < *n ? s->left : *n;
  s->left -= pass;
  *at += pass;
  *n -= pass;
  return s->left == 0;
}

static void read_ws(struct socket *s, const unsigned char *at, size_t n) {
  while (n > 0) {
    if (s->left > 0) {
      if (payload_ended(s, &at, &n)) frame_ended(s);
      continue;
    }
    const unsigned char *h = at;
    int length;
    if (s->head > 0 || header_length(at, n < 10 ? (int)n : 10) == 0) {
      s->header[s->head++] = *at++;
      n--;
      length = header_length(s->header, s->head);
      if (length == 0) continue;
      h = s->header;
      s->head = 0;
    } else {
      length = header_length(at, n < 10 ? (int)n : 10);
      at += length;
      n -= (size_t)length;
    }
    s->opcode = h[0] & 0x0f;
    s->left = payload_length(h);
    if (s->group->stamped && s->state == OPEN && n > 0) stamp(s->group, at, s->left < n ? s->left : n);
    if (s->left == 0) frame_ended(s);
  }
}

/* MSG <subject> <sid> <size>\r\n<payload>\r\n, and other lines, of which PONG says that the subscription stands. */
static void read_nats(struct socket *s, const unsigned char *at, size_t n) {
  while (n > 0) {
    if (s->left > 0) {
      if (payload_ended(s, &at, &n)) counted(s);
      continue;
    }
    unsigned char byte = *at++;
    n--;
    if (byte != '\n') {
      if (s->head < 200) s->header[s->head++] = byte;
      continue;
    }
    s->header[s->head] = 0;
    s->head = 0;
    char *line = (char *)s->header;
    if (strncmp(line, "MSG ", 4) == 0) {
      s->left = strtoull(strrchr(line, ' ') + 1, NULL, 10) + 2;
      if (s->group->stamped && n > 0) stamp(s->group, at, s->left < n ? s->left : n);
    } else if (strncmp(line, "PONG", 4) == 0) counted(s);
    else if (strncmp(line, "PING", 4) == 0) put(s, "PONG\r\n", 6);
    else if (strncmp(line, "-ERR", 4) == 0) die("%s: %s", s->group->name, line);
  }
}

static void upgrade(struct socket *s) {
  char request[4096];
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
  epoll_ctl(poller, EPOLL_CTL_MOD, s->fd, &event);
  int length;
  if (s->group->is_nats) {
    length = snprintf(request, sizeof request, "CONNECT {\"verbose\":false}\r\n%s\r\nPING\r\n",
                      filled(s, s->group->hello));
    s->state = GREETING;
  } else {
    length = snprintf(request, sizeof request,
                      "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                      filled(s, s->group->path), s->group->port,
                      s->group->deflates ? "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                                           "client_no_context_takeover\r\n"
                                         : "");
    s->state = UPGRADING;
  }
  put(s, request, (size_t)length);
}

static void readable(struct socket *s) {
  for (;;) {
    ssize_t n = recv(s->fd, buffer, BUFFER, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) die("%s: a connection ended", s->group->name);
    unsigned char *at = buffer;
    size_t rest = (size_t)n;
    buffer[n] = 0;
    if (s->state == UPGRADING) {
      /* What a server answers to an upgrade comes in one piece on loopback. */
      unsigned char *end = memmem(buffer, rest, "\r\n\r\n", 4);
      if (end == NULL || strncmp((char *)buffer, "HTTP/1.1 101", 12) != 0) die("%s: %.300s", s->group->name, buffer);
      at = end + 4;
      rest -= (size_t)(at - buffer);
      greet(s);
    }
    if (s->group->is_nats) read_nats(s, at, rest);
    else read_ws(s, at, rest);
    if (n < BUFFER) return;
  }
}

static struct group *find(const char *name) {
  for (int i = 0; i < group_count; i++)
    if (strcmp(groups[i].name, name) == 0) return &groups[i];
  die("there is no group %s", name);
  return NULL;
}

static void begin(char **field) {
  if (group_count == GROUPS) die("too many groups");
  struct group *g = &groups[group_count++];
  memset(g, 0, sizeof *g);
  snprintf(g->name, sizeof g->name, "%s", field[1]);
  g->port = atoi(field[2]);
  g->count = atoi(field[3]);
  g->topics = atoi(field[4]);
  snprintf(g->path, sizeof g->path, "%s", field[5]);
  g->is_nats = strcmp(field[6], "nats") == 0;
  g->deflates = strcmp(field[6], "deflate") == 0;
  g->replies = atoi(field[7]);
  snprintf(g->hello, sizeof g->hello, "%s", field[8]);
  g->sockets = calloc((size_t)g->count, sizeof *g->sockets);
  while (g->dialled < g->count && g->dialling < AT_ONCE) dial(g);
}

static void load(const char *file) {
  FILE *lines = fopen(file, "r");
  char *line = NULL;
  size_t size = 0;
  if (lines == NULL) die("there is no file %s", file);
  while (token_count < MOST_TOKENS && getline(&line, &size, lines) > 0) {
    line[strcspn(line, "\n")] = 0;
    tokens[token_count++] = strdup(line);
  }
  free(line);
  fclose(lines);
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static void times(struct group *g) {
  size_t n = g->sampled;
  qsort(g->samples, n, sizeof *g->samples, ascending);
  if (n == 0) say("times\t%s\t0\t0\t0\t0", g->name);
  else say("times\t%s\t%zu\t%u\t%u\t%u", g->name, n, g->samples[n / 2], g->samples[n * 99 / 100], g->samples[n - 1]);
  g->sampled = 0;
}

static void end(struct group *g) {
  for (int i = 0; i < g->dialled; i++) close(g->sockets[i].fd);
  free(g->sockets);
  free(g->samples);
  say("closed\t%s", g->name);
  /* The last group takes the place of this one; its sockets must know. */
  struct group *last = &groups[--group_count];
  if (last == g) return;
  *g = *last;
  for (int i = 0; i < g->dialled; i++) g->sockets[i].group = g;
}

static void obey(char *line) {
  char *field[9] = {0};
  int n = 0;
  for (char *at = line; at != NULL && n < 9; n++) field[n] = strsep(&at, "\t");
  if (strcmp(field[0], "open") == 0 && n == 9) begin(field);
  else if (strcmp(field[0], "tokens") == 0 && n == 2) load(field[1]);
  else if (strcmp(field[0], "wait") == 0 && n == 3) {
    struct group *g = find(field[1]);
    uint64_t wanted = strtoull(field[2], NULL, 10);
    if (g->frames >= wanted) say("got\t%s\t%llu", g->name, (unsigned long long)g->frames);
    else g->wanted = wanted;
  } else if (strcmp(field[0], "stamp") == 0 && n == 2) {
    struct group *g = find(field[1]);
    g->stamped = 1;
    g->sampled = 0;
    if (g->samples == NULL) g->samples = malloc(SAMPLES * sizeof *g->samples);
  } else if (strcmp(field[0], "times") == 0 && n == 2) times(find(field[1]));
  else if (strcmp(field[0], "close") == 0 && n == 2) end(find(field[1]));
  else die("no such command: %s", line);
}

static void commands(void) {
  static char text[1 << 16];
  static size_t have;
  ssize_t n = read(STDIN_FILENO, text + have, sizeof text - have - 1);
  if (n == 0) exit(0);
  if (n < 0) return;
  have += (size_t)n;
  text[have] = 0;
  char *at = text;
  for (char *end_of_line; (end_of_line = strchr(at, '\n')) != NULL; at = end_of_line + 1) {
    *end_of_line = 0;
    obey(at);
  }
  have -= (size_t)(at - text);
  memmove(text, at, have);
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  poller = epoll_create1(0);
  struct epoll_event stdin_event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &stdin_event);
  say("ready");
  for (;;) {
    static struct epoll_event events[EVENTS];
    int n = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      struct socket *s = events[i].data.ptr;
      if (s == NULL) commands();
      else if (s->state == DIALLING) upgrade(s);
      else readable(s);
    }
  }
}
