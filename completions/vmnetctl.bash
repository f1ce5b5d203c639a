# SPDX-License-Identifier: Apache-2.0
# bash completion for vmnetctl: asks the program itself

_vmnetctl()
{
	local program word line hints=0 i
	local -a words=()

	# bash cuts words at = and : too; the program wants them whole
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((${#words[@]})) && [[ $word == [=:]* || ${COMP_WORDS[i - 1]} == [=:] ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	program=$(type -P -- "${COMP_WORDS[0]}") || program=vmnetctl
	word=${words[-1]}
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == :* ]]; then
			hints=${line#:}
			continue
		fi
		line=${line%%$'\t'*}
		# what bash replaces is the part after the last cut
		if [[ $line == *=* && $COMP_WORDBREAKS == *=* ]]; then
			line=${line#"${word%"${word##*=}"}"}
		fi
		COMPREPLY+=("$line")
	done < <("$program" __complete -- "${words[@]}" 2>/dev/null)
	if ! ((hints & 4)); then
		compopt -o filenames
		while IFS= read -r line; do
			COMPREPLY+=("$line")
		done < <(compgen -f -- "${word##*=}")
	fi
} &&
	complete -F _vmnetctl vmnetctl vmnetctl-lab kubectl-vmnet
