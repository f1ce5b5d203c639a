# SPDX-License-Identifier: Apache-2.0
# What the README shows is what a reader gets.
load ../lib/common

# What differs from run to run: addresses, ages, generated names, where state is kept.
normal() {
	sed -E -e 's/([0-9]+\.){3}[0-9]+/ADDRESS/g' \
		-e 's/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/g' \
		-e 's/\b[0-9]+ ?(s|m[0-9]+s|m)\b/TIME/g' \
		-e 's/(kubevirt-migrate-vm)-[a-z0-9]{5}/\1-NAME/' \
		-e 's|=/.*/default/kubeconfig|=KUBECONFIG|' \
		-e 's/ +/ /g' "$@"
}

@test "the transcript in the README is what its commands say" {
	needs_kubectl
	export VMNETCTL_LAB_DIR=$BATS_TEST_TMPDIR/labs
	echo default >"$BATS_TEST_TMPDIR/labs.started"
	PATH=${KUBECTL%/*}:$PATH
	run_command "$TOP/tests/lib/transcript" "$TOP/README.md"
	assert_status 0
	diff -u <(normal "$TOP/README.md") <(normal <<<"$output")
}

@test "every command and script the README names exists" {
	local name

	for name in $(grep -o -E '(scripts|tests)/[a-z]+' "$TOP/README.md" | sort -u); do
		[ -x "$TOP/$name" ] || fail "no $name"
	done
	# In blocks of code, where a line begins with it.
	for name in $(sed -n -E 's/^(\$ |    )vmnetctl ([a-z]+).*/\2/p' "$TOP/README.md" | sort -u); do
		vmn "$name" --help
		assert_status 0
	done
}
