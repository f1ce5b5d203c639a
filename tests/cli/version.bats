# SPDX-License-Identifier: Apache-2.0
load ../lib/common

@test "version --client asks nobody" {
	KUBECONFIG=/nonexistent vmn version --client
	assert_status 0
	assert_stdout_line 'Client version: v[0-9.]+'
	assert_stderr ""
}

@test "without a server the client's version is printed and the failure told" {
	vmn version
	assert_status 1
	assert_stdout_line 'Client version: v[0-9.]+'
	assert_stderr_has "vmnetctl: "
	vmn version -s http://127.0.0.1:1 -o json
	assert_status 1
	assert_json '.clientVersion.gitVersion'
}

@test "with a server all three versions are told" {
	[ -x "$VMNETCTL_LAB" ] || skip "built without the lab"
	lab_up --kubevirt 1.9
	vmn version
	assert_status 0
	assert_stderr ""
	assert_stdout_line 'Client version: v[0-9.]+'
	assert_stdout_line 'Server version: v1\..*'
	assert_stdout_line 'KubeVirt version: v1\.9.*'
	vmn version -o json
	assert_json '.clientVersion.gitVersion and .serverVersion.major == "1" and
		(.kubevirtVersion.gitVersion | startswith("v1.9"))'
}

@test "a KubeVirt that is away is a warning, time that runs out is not" {
	[ -x "$VMNETCTL_LAB" ] || skip "built without the lab"
	lab_up
	lab fault add api-down
	vmn version
	assert_status 0
	assert_stderr_has "warning: cannot read the version of KubeVirt"
	lab fault clear
	lab fault add latency --value 20000 --match subresources.kubevirt.io
	vmn version --request-timeout 4s # which has to be enough for the rest, in valgrind too
	assert_status 124
	assert_stdout_line 'Server version: v1\..*'
}
