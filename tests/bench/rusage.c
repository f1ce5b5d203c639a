/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rusage.c - what commands cost, measured in turn
 *
 * usage: rusage RUNS COMMAND... [-- COMMAND...]...
 *
 * Runs the commands A, B, A, B, ... so that a change of the machine's speed meets all of them, and
 * prints for each a line "CPU_US WALL_US PEAK_KIB FAILED": medians over RUNS runs of user and
 * system time, elapsed time and the largest resident size, as the kernel accounted for the finished
 * process, and how many runs did not exit with 0. "{}" in a word becomes the number of the run,
 * from 1.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/base/str.h"

extern char **environ;

struct command {
	char **argv;
	long *cpu_us, *wall_us, *peak_kib; /* a value a run */
	long failed;
};

static long now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static long us(struct timeval t)
{
	return t.tv_sec * 1000000 + t.tv_usec;
}

/* @word with each "{}" replaced by @run; caller frees */
static char *expand(const char *word, long run)
{
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(0);
	const char *mark;

	while ((mark = strstr(word, "{}"))) {
		vmn_buf_add(&text, word, (size_t)(mark - word));
		vmn_buf_addf(&text, "%ld", run);
		word = mark + 2;
	}
	vmn_buf_adds(&text, word);
	return vmn_buf_steal(&text);
}

static void measure(struct command *c, long run)
{
	vmn_auto_strlist struct vmn_strlist argv = {0};
	posix_spawn_file_actions_t files;
	struct rusage usage;
	long begun_us;
	pid_t pid;
	int status, rc;

	for (char **word = c->argv; *word; word++) {
		vmn_auto_free char *expanded = expand(*word, run + 1);

		vmn_strlist_add(&argv, expanded);
	}
	(void)posix_spawn_file_actions_init(&files);
	for (int fd = 0; fd <= 2; fd++)
		(void)posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
	begun_us = now_us();
	rc = posix_spawnp(&pid, argv.v[0], &files, NULL, argv.v, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	if (rc) {
		fprintf(stderr, "rusage: cannot run '%s': %s\n", argv.v[0], strerror(rc));
		exit(1);
	}
	while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	c->wall_us[run] = now_us() - begun_us;
	c->cpu_us[run] = us(usage.ru_utime) + us(usage.ru_stime);
	c->peak_kib[run] = usage.ru_maxrss;
	c->failed += status != 0;
}

static int by_value(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static long median(long *values, long n)
{
	qsort(values, (size_t)n, sizeof(*values), by_value);
	return values[n / 2];
}

int main(int argc, char **argv)
{
	struct command commands[8] = {0};
	size_t n = 0;
	long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;

	if (runs < 1) {
		fprintf(stderr, "usage: rusage RUNS COMMAND... [-- COMMAND...]...\n");
		return 1;
	}
	argv++;
	while (*argv && n < VMN_ARRAY_LEN(commands)) {
		struct command *c = &commands[n++];

		*argv++ = NULL; /* RUNS, or the "--": the end of the command before */
		c->argv = argv;
		c->cpu_us = vmn_xcalloc((size_t)runs, sizeof(long));
		c->wall_us = vmn_xcalloc((size_t)runs, sizeof(long));
		c->peak_kib = vmn_xcalloc((size_t)runs, sizeof(long));
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
	}
	for (long run = 0; run < runs; run++)
		for (size_t i = 0; i < n; i++)
			measure(&commands[i], run);
	for (size_t i = 0; i < n; i++) {
		struct command *c = &commands[i];

		printf("%ld %ld %ld %ld\n", median(c->cpu_us, runs), median(c->wall_us, runs),
		       median(c->peak_kib, runs), c->failed);
		free(c->cpu_us);
		free(c->wall_us);
		free(c->peak_kib);
	}
	return 0;
}
