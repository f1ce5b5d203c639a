#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls that have a safer form everywhere; and in lib/, whatever prints, exits or reads the environment.
# shellcheck source=tests/lint/lib.sh
. "$(dirname "$0")/lib.sh"

unsafe='strcpy|strcat|sprintf|vsprintf|strtok|alloca|gets|tmpnam|mktemp|strncpy|strncat|rand|asctime|ctime|gmtime|localtime'
talk='printf|vprintf|fprintf|vfprintf|dprintf|puts|putchar|putc|fputs|fputc|perror|psignal|syslog'
careless='atoi|atol|atoll|atof|system|popen' # good enough for a test's own arguments
exits='exit|quick_exit|atexit' # abort() is for bugs and lost memory
env='getenv|secure_getenv|setenv|unsetenv|putenv|clearenv|setlocale'

# calls FILE NAMES - lines that call one of NAMES
calls() {
	code "$1" | grep -n -E "(^|[^A-Za-z0-9_>.])($2)[[:space:]]*\(" | sed "s|:.*||"
}

ban() { # FILE NAMES WHY
	for line in $(calls "$1" "$2"); do
		wrong "$1:$line: $3: $(sed -n "${line}p" "$1" | sed 's/^[[:space:]]*//')"
	done
}

for file in $(sources); do
	ban "$file" "$unsafe" "banned call"
	case $file in tests/*) ;; *) ban "$file" "$careless" "banned call" ;; esac
	case $file in
	lib/base/mem.c) ban "$file" "$talk|$env" "lib/ neither prints nor reads the environment" ;;
	lib/out/*) ban "$file" "$env|exit|quick_exit|atexit" "lib/ neither ends the process nor reads the environment" ;;
	lib/*)
		ban "$file" "$talk" "lib/ does not print"
		ban "$file" "$exits" "lib/ does not end the process"
		ban "$file" "$env" "lib/ does not read the environment"
		;;
	esac
done
verdict
