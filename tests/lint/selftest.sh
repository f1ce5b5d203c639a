#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A lint that cannot fail proves nothing: each gets a small tree with one thing wrong and has to name it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

# plant FILE - a file of the tree from stdin, everything else gone
plant() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/$(dirname "$1")" "$tree/scripts"
	cat >"$tree/$1"
	printf '# SPDX-License-Identifier: Apache-2.0\n' >"$tree/configure.ac"
}

# names LINT TEXT - the lint fails and says this
names() {
	if out=$("$here/$1.sh" "$tree" 2>&1); then
		echo "$1.sh does not see: $2"
		failed=1
	elif ! printf '%s\n' "$out" | grep -q -F -- "$2"; then
		echo "$1.sh does not say '$2' but: $out"
		failed=1
	fi
}

# passes LINT - and is content with what is right
passes() {
	if ! out=$("$here/$1.sh" "$tree" 2>&1); then
		echo "$1.sh complains without reason: $out"
		failed=1
	fi
}

source_file() {
	printf '/* SPDX-License-Identifier: Apache-2.0 */\n#include "config.h"\n\n'
	cat
}

# --- includes
echo '#include "lib/kube/client.h"' | source_file | plant lib/data/x.c
names includes "lib/data/x.c:4: lib/data/ must not include 'lib/kube/client.h'"
echo '#include "cli/command.h"' | source_file | plant lib/virt/x.c
names includes "must not include 'cli/command.h'"
echo '#include "subcommands/registry.h"' | source_file | plant cli/x.c
names includes "must not include 'subcommands/registry.h'"
echo '#include "subcommands/registry.h"' | source_file | plant cli/main.c
passes includes
echo '#include <json-c/json.h>' | source_file | plant lib/virt/x.c
names includes "<json-c/json.h> has its home in lib/data/json.h"
echo '#include <curl/curl.h>' | source_file | plant lib/kube/transfer.c
names includes "<curl/curl.h> has its home"
echo '#include "client.h"' | source_file | plant lib/kube/x.c
names includes "not named by its full path"

# --- banned
echo 'void f(char *d, const char *s) { strcpy(d, s); }' | source_file | plant cli/x.c
names banned "cli/x.c:4: banned call"
printf '/* strcpy(a, b) */\nint f(void) { return vmn_strtok("sprintf(x)"); }\n' | source_file | plant cli/x.c
passes banned
echo 'void f(void) { printf("x"); }' | source_file | plant lib/kube/x.c
names banned "lib/ does not print"
echo 'void f(void) { printf("x"); }' | source_file | plant lib/out/x.c
passes banned
echo 'void f(void) { exit(1); }' | source_file | plant lib/out/x.c
names banned "lib/out/x.c:4: "
echo 'void f(void) { _exit(1); }' | source_file | plant lib/base/x.c
passes banned
echo 'const char *f(void) { return getenv("HOME"); }' | source_file | plant lib/kube/x.c
names banned "lib/ does not read the environment"

# --- style
echo 'int x;' | plant cli/x.c
names style "cli/x.c:1: no SPDX line"
names style "cli/x.c:1: config.h is not the first include"
printf 'int x; \n' | source_file | plant cli/x.c
names style "blanks at the end of the line"
printf '        int x;\n' | source_file | plant cli/x.c
names style "indented with blanks"
printf 'int x;' | source_file | plant cli/x.c
names style "no newline at the end"
printf '/* %0200d */\n' 0 | source_file | plant cli/x.c
names style "longer than"
printf '/* SPDX-License-Identifier: Apache-2.0 */\n#ifndef X_H\n#define X_H\n#endif\n' | plant cli/x.h
names style "no include guard VMN_CLI_X_H"

# header BODY - a header with its guard
header() {
	printf '/* SPDX-License-Identifier: Apache-2.0 */\n#ifndef VMN_CLI_X_H\n#define VMN_CLI_X_H\n\n%s\n\n#endif\n' "$1" |
		plant cli/x.h
}
header 'int cmd_untold(void);'
names style "no comment tells what this does: cmd_untold"
header '/** cmd_told() - does it */
int cmd_told(void);
void cmd_told_free(void *x);'
passes style

# --- headers
header 'size_t cmd_needs_stddef(void);'
: >"$tree/config.h"
LINT_CC="${CC:-cc} -I$tree" names headers "cli/x.h:1: does not compile alone"
header 'struct vmn_twice { int x; };'
: >"$tree/config.h"
LINT_CC="${CC:-cc} -I$tree" passes headers

# --- scripts
if command -v shellcheck >/dev/null; then
	printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\ncd $1\nrm -rf $UNSET_DIR/*\n' | plant scripts/x
	names scripts "scripts/x:3:"
fi

# --- records: a program that promises more than it has
: | plant tests/cli/other.bats
mkdir -p "$tree/man"
cat >"$tree/vmnetctl" <<'END'
#!/bin/sh
case "$*" in
"help --records") echo "frob group summary mutates" ;;
"frob --help") printf 'p frob - s\n\nOptions:\n      --shown   x\n' ;;
__complete*) printf -- '--offered\tx\n:4\n' ;;
esac
END
chmod +x "$tree/vmnetctl"
echo 'Does it.:' >"$tree/man/vmnetctl-frob.1"
export VMNETCTL="$tree/vmnetctl" VMNETCTL_LAB='' BUILDDIR="$tree"
names records "frob: its record has no description"
names records "frob: its record has no examples"
names records "frob: changes things but has no --dry-run"
names records "frob: no man page man/vmnetctl-frob.1.in"
names records "frob: no tests/cli/frob.bats"
names records "frob: the explanation of an example ends with a full stop"
names records "frob: help and completion know different options: < --shown > --offered"

exit "$failed"
