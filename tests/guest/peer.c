/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer serve NAME PORT... - answer on these ports, TCP and UDP, IPv4 and IPv6, until killed
 * peer ask tcp|udp ADDRESS PORT - print the answer: "NAME PROTOCOL PORT ASKER", the asker's address
 * as the server sees it; else "refused", "silent" or what the kernel says, and exit status 1
 * peer mtu ADDRESS - print the longest packet that may be sent there, by route and link
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PORTS_MAX = 32, ANSWER_MAX = 200, PATIENCE_S = 3 };

static void die(const char *what)
{
	(void)fflush(stdout);
	perror(what);
	exit(1);
}

/* --- serve -------------------------------------------------------------------------------- */

static int open_port(int type, uint16_t port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, type, 0), off = 0, on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 16) < 0))
		die("cannot serve");
	return fd;
}

static size_t make_answer(char text[ANSWER_MAX], const char *name, const char *protocol,
			  uint16_t port, const struct sockaddr_in6 *asker)
{
	char address[INET6_ADDRSTRLEN];
	const char *shown;

	(void)inet_ntop(AF_INET6, &asker->sin6_addr, address, sizeof(address));
	shown = IN6_IS_ADDR_V4MAPPED(&asker->sin6_addr) ? strrchr(address, ':') + 1 : address;
	return (size_t)snprintf(text, ANSWER_MAX, "%.64s %s %u %s\n", name, protocol, port, shown);
}

static void answer_stream(int fd, const char *name, uint16_t port)
{
	struct sockaddr_in6 asker = {0};
	socklen_t len = sizeof(asker);
	char text[ANSWER_MAX];
	int conn = accept(fd, (struct sockaddr *)&asker, &len);

	if (conn < 0)
		return; /* who asked is gone again */
	(void)send(conn, text, make_answer(text, name, "tcp", port, &asker), MSG_NOSIGNAL);
	(void)close(conn);
}

static void answer_datagram(int fd, const char *name, uint16_t port)
{
	struct sockaddr_in6 asker = {0};
	socklen_t len = sizeof(asker);
	char text[ANSWER_MAX];

	if (recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&asker, &len) >= 0)
		(void)sendto(fd, text, make_answer(text, name, "udp", port, &asker), MSG_NOSIGNAL,
			     (struct sockaddr *)&asker, len);
}

static uint16_t read_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*end || port == 0 || port > UINT16_MAX) {
		(void)fprintf(stderr, "'%s' is no port\n", text);
		exit(1);
	}
	return (uint16_t)port;
}

static void serve(const char *name, char **ports, size_t n)
{
	struct pollfd fds[2 * PORTS_MAX] = {0};

	for (size_t i = 0; i < 2 * n; i++) {
		fds[i].fd = open_port(i % 2 ? SOCK_DGRAM : SOCK_STREAM, read_port(ports[i / 2]));
		fds[i].events = POLLIN;
	}
	(void)printf("serving\n");
	(void)fflush(stdout);
	while (poll(fds, 2 * n, -1) >= 0)
		for (size_t i = 0; i < 2 * n; i++) {
			uint16_t port = read_port(ports[i / 2]);

			if (fds[i].revents & POLLIN && i % 2)
				answer_datagram(fds[i].fd, name, port);
			else if (fds[i].revents & POLLIN)
				answer_stream(fds[i].fd, name, port);
		}
	die("poll");
}

/* --- ask ---------------------------------------------------------------------------------- */

static int give_up(void)
{
	if (errno == ECONNREFUSED)
		(void)printf("refused\n");
	else if (errno == EAGAIN || errno == EINPROGRESS || errno == ETIMEDOUT)
		(void)printf("silent\n");
	else
		(void)printf("%s\n", strerror(errno));
	return 1;
}

/* Return: a connected socket, or -1 and errno */
static int open_to(int type, const char *address, const char *port, int *ret_family)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				       .ai_socktype = type};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct addrinfo *to;
	int fd, rc;

	errno = EINVAL;
	if (getaddrinfo(address, port, &hints, &to) != 0)
		return -1;
	*ret_family = to->ai_family;
	fd = socket(to->ai_family, type, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		die("socket");
	rc = connect(fd, to->ai_addr, to->ai_addrlen);
	freeaddrinfo(to);
	return rc < 0 ? -1 : fd;
}

static int ask(int type, const char *address, const char *port)
{
	char text[ANSWER_MAX];
	ssize_t n;
	int family, fd = open_to(type, address, port, &family);

	if (fd < 0)
		return give_up();
	if (type == SOCK_DGRAM && send(fd, "?", 1, 0) < 0)
		return give_up();
	n = recv(fd, text, sizeof(text), 0);
	if (n < 0)
		return give_up();
	(void)fwrite(text, 1, (size_t)n, stdout);
	(void)close(fd);
	return n > 0 ? 0 : 1;
}

static int show_mtu(const char *address)
{
	int family, mtu, fd = open_to(SOCK_DGRAM, address, "9", &family);
	socklen_t len = sizeof(mtu);

	if (fd < 0)
		return give_up();
	if ((family == AF_INET ? getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len)
			       : getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len)) < 0)
		die("MTU");
	(void)printf("%d\n", mtu);
	(void)close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && argc - 3 <= PORTS_MAX && strcmp(argv[1], "serve") == 0)
		serve(argv[2], argv + 3, (size_t)argc - 3);
	if (argc == 5 && strcmp(argv[1], "ask") == 0)
		return ask(strcmp(argv[2], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM, argv[3],
			   argv[4]);
	if (argc == 3 && strcmp(argv[1], "mtu") == 0)
		return show_mtu(argv[2]);
	(void)fprintf(stderr, "usage: peer serve NAME PORT...\n"
			      "       peer ask tcp|udp ADDRESS PORT\n"
			      "       peer mtu ADDRESS\n");
	return 1;
}
