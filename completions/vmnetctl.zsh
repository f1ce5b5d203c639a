#compdef vmnetctl vmnetctl-lab kubectl-vmnet
# SPDX-License-Identifier: Apache-2.0
# zsh completion for vmnetctl: asks the program itself

_vmnetctl()
{
	local program=${(Q)words[1]} line hints=0 text
	local -a finished candidates

	finished=("${(@Q)words[2,CURRENT-1]}")
	candidates=()
	whence -p -- $program >/dev/null || program=vmnetctl
	while IFS= read -r line; do
		if [[ $line == :* ]]; then
			hints=${line#:}
			continue
		fi
		text=${${line%%$'\t'*}//:/\\:}
		if [[ $line == *$'\t'* ]]; then
			text+=:${line#*$'\t'}
		fi
		candidates+=("$text")
	done < <(${~program} __complete -- "${(@)finished}" "${(Q)PREFIX}" 2>/dev/null)
	if (( $#candidates )); then
		_describe -t vmnetctl vmnetctl candidates
	fi
	if ! (( hints & 4 )); then
		compset -P '--*='
		_files
	fi
}

if [[ $funcstack[1] == _vmnetctl ]]; then
	_vmnetctl "$@"
else
	compdef _vmnetctl vmnetctl vmnetctl-lab kubectl-vmnet
fi
