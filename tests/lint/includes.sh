#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may include whom: base < data < { kube, net, out } < { virt, binding, dhcp, migrate } < cli < subcommands;
# a library has one home.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

# allowed FOLDER - the folders of ours that files of FOLDER may include from
allowed() {
	case $1 in
	lib/base) echo "lib/base" ;;
	lib/data) echo "lib/base lib/data" ;;
	lib/net) echo "lib/base lib/data lib/net" ;;
	lib/binding) echo "lib/base lib/data lib/kube lib/net lib/virt lib/binding" ;;
	lib/migrate) echo "lib/base lib/data lib/net $1" ;;
	lib/dhcp) echo "lib/base lib/data lib/net lib/binding $1" ;;
	lib/kube) echo "lib/base lib/data lib/kube" ;;
	lib/out) echo "lib/base lib/data lib/out" ;;
	lib/virt) echo "lib/base lib/data lib/kube lib/out lib/virt" ;;
	cli) echo "lib/base lib/data lib/kube lib/out lib/virt cli" ;;
	subcommands)
		echo "lib/base lib/data lib/kube lib/net lib/out lib/virt lib/binding lib/dhcp lib/migrate"
		echo "cli subcommands completions"
		;;
	lab*) echo "lib/base lib/data lib/kube lib/net lib/out lib/virt cli lab" ;;
	esac
}

# homes HEADER - where a third-party header may be included; "any" for system headers
homes() {
	case $1 in
	json-c/*) echo "lib/data/json.h" ;;
	yaml.h) echo "lib/data/" ;;
	nettle/*) echo "lib/base/" ;;
	curl/*) echo "lib/kube/curl.h lib/kube/curl.c" ;;
	netlink/*) echo "lib/net/" ;;
	nftables/*) echo "lib/net/" ;;
	libsmartcols.h | libsmartcols/*) echo "lib/out/" ;;
	cap-ng.h | seccomp.h) echo "lib/net/" ;;
	microhttpd.h | gnutls/* | sqlite3.h) echo "lab/" ;;
	cmocka.h) echo "tests/" ;;
	*) echo any ;;
	esac
}

is_one_of() {
	word=$1
	shift
	for candidate; do
		[ "$word" != "$candidate" ] || return 0
	done
	return 1
}

check_ours() { # FILE LINE HEADER
	folder=$(dirname "$1")
	target=$(dirname "$3")
	[ "$3" != config.h ] || return 0
	case $folder in tests*) return 0 ;; esac
	if [ "$folder/$3" = cli/subcommands/registry.h ] && [ "$1" = cli/main.c ]; then
		return 0
	fi
	case $target in
	.) wrong "$1:$2: '$3' is not named by its full path" && return ;;
	lab/*) target=lab ;;
	esac
	# shellcheck disable=SC2046 # words
	is_one_of "$target" $(allowed "$folder") ||
		wrong "$1:$2: $folder/ must not include '$3'"
}

check_foreign() { # FILE LINE HEADER
	homes=$(homes "$3")
	[ "$homes" != any ] || return 0
	for home in $homes; do
		case $1 in "$home"*) return 0 ;; esac
	done
	wrong "$1:$2: <$3> has its home in $homes"
}

includes=$(mktemp)
trap 'rm -f "$includes"' EXIT
sources | xargs grep -n -E '^[[:space:]]*#[[:space:]]*include' /dev/null |
	sed -n -E 's/^([^:]*):([0-9]+):[^<"]*([<"])([^>"]*)[>"].*/\1 \2 \3 \4/p' >"$includes"
while read -r file line kind header; do
	if [ "$kind" = '"' ]; then
		check_ours "$file" "$line" "$header"
	else
		check_foreign "$file" "$line" "$header"
	fi
done <"$includes"
verdict
