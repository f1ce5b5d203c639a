/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - run a fuzz target over files: its corpus, or those named; speaks TAP */
#include "config.h"

#include <dirent.h>

#include "lib/base/file.h"
#include "lib/base/mem.h"
#include "tests/fuzz/fuzz.h"

static void run(int number, const char *path)
{
	vmn_auto_err struct vmn_err err = VMN_ERR_INIT;
	vmn_auto_buf struct vmn_buf text = VMN_BUF_INIT(1 << 20);
	vmn_auto_free uint8_t *exact =
		NULL; /* no byte behind the last, so that ASan sees a step too far */

	if (vmn_file_read(path, &text, &err) < 0) {
		printf("not ok %d - %s\n# %s\n", number, path, vmn_err_text(&err));
		return;
	}
	exact = vmn_xcalloc(1, text.len ? text.len : 1);
	memcpy(exact, vmn_buf_str(&text), text.len);
	LLVMFuzzerTestOneInput(exact, text.len);
	printf("ok %d - %s\n", number, path);
	fflush(stdout);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The corpus of target fuzz/replay_NAME is fuzz/corpus/NAME. */
static int run_corpus(const char *program)
{
	const char *srcdir = getenv("srcdir"), *name = strrchr(program, '_');
	vmn_auto_free char *dir = vmn_xasprintf("%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
						name ? name + 1 : program);
	struct dirent **entries;
	int n = scandir(dir, &entries, not_hidden, alphasort);

	if (n <= 0) {
		fprintf(stderr, "no corpus in '%s'\n", dir);
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		vmn_auto_free char *path = vmn_path_join(dir, entries[i]->d_name);

		run(i + 1, path);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return run_corpus(argv[0]);
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++)
		run(i, argv[i]);
	return 0;
}
