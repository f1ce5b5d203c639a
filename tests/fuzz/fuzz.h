/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what every fuzz target has in common
 *
 * A target is one file that defines LLVMFuzzerTestOneInput() and checks more than that nothing
 * crashes: what must hold of every answer is in a fuzz_must(). Linked with replay.c it runs its
 * corpus in make check; with --enable-fuzzer (clang) libFuzzer drives it: `make fuzz`.
 */
#ifndef VMN_TESTS_FUZZ_H
#define VMN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_must(condition)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
