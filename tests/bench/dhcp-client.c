/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dhcp-client IFACE N - N times DISCOVER, OFFER, REQUEST, ACK; prints the median in microseconds
 * from the first to the last. Whose server it is does not matter: all are measured by the same
 * client. It looks for answers without sleeping: to wake it would take a core that is idle as long
 * as a server takes to answer.
 */
#include "config.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/dhcp/codec4.h"
#include "lib/dhcp/udp4.h"

enum { DEADLINE_MS = 5000 };

static int fd;
static struct sockaddr_ll link_address = {.sll_family = AF_PACKET, .sll_halen = 6};
static uint8_t mac[6];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void open_link(const char *name)
{
	struct ifreq req = {0};

	fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &req) < 0)
		die(name);
	memcpy(mac, req.ifr_hwaddr.sa_data, sizeof(mac));
	link_address.sll_ifindex = (int)if_nametoindex(name);
	link_address.sll_protocol = htons(ETH_P_IP);
	memset(link_address.sll_addr, 0xff, sizeof(mac));
	if (bind(fd, (struct sockaddr *)&link_address, sizeof(link_address)) < 0)
		die("bind");
}

static void send_message(uint32_t xid, uint8_t type, const struct vmn_dhcp4 *offer)
{
	static const uint8_t parameters[] = {1, 3, 6, 12, 15, 26, 28, 51, 54};
	uint8_t packet[VMN_UDP4_HEADERS + VMN_DHCP4_MAX];
	struct vmn_dhcp4_header h = {.op = VMN_BOOTREQUEST, .xid = xid};
	struct vmn_dhcp4_opt opts[4] = {{VMN_OPT4_TYPE, 1, &type},
					{VMN_OPT4_PARAMETERS, sizeof(parameters), parameters}};
	struct vmn_udp4 udp = {.from_port = 68, .to_port = 67};
	size_t n = 2;

	memcpy(h.chaddr, mac, sizeof(mac));
	memset(udp.to, 0xff, sizeof(udp.to));
	if (offer) {
		opts[n++] = (struct vmn_dhcp4_opt){VMN_OPT4_REQUESTED_IP, 4, offer->h.yiaddr};
		opts[n].code = VMN_OPT4_SERVER_ID;
		opts[n].data = vmn_dhcp4_opt(offer, VMN_OPT4_SERVER_ID, &opts[n].len);
		n++;
	}
	udp.len = vmn_dhcp4_encode(&h, opts, n, VMN_DHCP4_LIMIT, packet + VMN_UDP4_HEADERS, NULL);
	if (sendto(fd, packet, vmn_udp4_build(&udp, packet), 0, (struct sockaddr *)&link_address,
		   sizeof(link_address)) < 0)
		die("sendto");
}

static void receive(uint32_t xid, enum vmn_dhcp4_type type, struct vmn_dhcp4 *msg)
{
	uint8_t packet[2048];
	struct vmn_udp4 udp;
	int64_t deadline_ms = vmn_deadline_in(DEADLINE_MS);

	do {
		ssize_t len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (len < 0 && vmn_deadline_left(deadline_ms) == 0) {
			fprintf(stderr, "no %s\n", vmn_dhcp4_type_word(type));
			exit(1);
		}
		/* between two veth ends checksums may be left out */
		if (len < 0 || !vmn_udp4_parse(packet, (size_t)len, true, &udp) ||
		    udp.to_port != 68 || !vmn_dhcp4_decode(udp.payload, udp.len, msg))
			continue;
		if (msg->h.xid == xid && msg->type == type)
			return;
	} while (true);
}

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	size_t n = argc == 3 ? (size_t)atoi(argv[2]) : 0;
	double *times = calloc(n + 1, sizeof(*times));

	if (n == 0 || !times) {
		fprintf(stderr, "usage: dhcp-client IFACE N\n");
		return 1;
	}
	open_link(argv[1]);
	for (size_t i = 0; i < n; i++) {
		uint32_t xid = 0x10000 + (uint32_t)i;
		struct vmn_dhcp4 offer, ack;
		double start = now_us();

		send_message(xid, VMN_DHCP4_DISCOVER, NULL);
		receive(xid, VMN_DHCP4_OFFER, &offer);
		send_message(xid, VMN_DHCP4_REQUEST, &offer);
		receive(xid, VMN_DHCP4_ACK, &ack);
		times[i] = now_us() - start;
	}
	qsort(times, n, sizeof(*times), by_value);
	printf("%.1f\n", times[n / 2]);
	free(times);
	return 0;
}
