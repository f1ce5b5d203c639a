# SPDX-License-Identifier: Apache-2.0
# The fault matrix at KubeVirt 1.9: see faults.bash
load faults

setup_file() {
	faults_setup 1.9
}

@test "a slow server" {
	strikes "latency --value 30"
}

@test "a request answered by 429 is sent again" {
	strikes "status --value 429 --retry-after 0 --count 2"
}

@test "a request answered by 503 is sent again" {
	strikes "status --value 503 --retry-after 0 --count 2"
}

@test "a read cut in its answer is read again" {
	strikes "reset --method GET --count 1"
}

@test "a read cut before its answer is read again" {
	strikes "reset-before --method GET --count 1"
}

@test "a PUT cut in its answer was done" {
	strikes "reset --method PUT"
}

@test "a patch cut in its answer was done" {
	strikes "reset --method PATCH"
}

@test "a PUT cut before it arrived was not done, nor is it sent again" {
	strikes "reset-before --method PUT" migrate=1/0
}

@test "a patch cut before it arrived was not done, nor is it sent again" {
	strikes "reset-before --method PATCH" add=1/0 remove=1/0 update=1/0
}

@test "a failing PUT is not sent again" {
	strikes "status --value 500 --method PUT" migrate=1/0
}

@test "a failing patch is not sent again" {
	strikes "status --value 500 --method PATCH" add=1/0 remove=1/0 update=1/0
}

@test "a PUT that fails after it was done counts as done" {
	strikes "status-after --value 500 --method PUT"
}

@test "a patch that fails after it was done counts as done" {
	strikes "status-after --value 500 --method PATCH"
}

@test "a conflict is planned anew" {
	strikes "conflict --count 2"
}

@test "a watch that is cut goes on" {
	strikes "watch-cut --value 1"
}

@test "a watch too old begins anew" {
	strikes "watch-gone --count 2"
}

@test "a slow plug is waited for" {
	strikes "slow-plug --value 100"
}

@test "a plug that never comes times out" {
	strikes "no-plug" add=124/1
}

@test "a plug that fails is told at once" {
	strikes "plug-error --text broken" add=1/1
}

@test "a guest that keeps the device times out" {
	strikes "no-unplug" remove=124/1
}

@test "a migration that fails is told" {
	strikes "migration-fail --text broken" migrate=1/1
}

@test "a slow migration is waited for" {
	strikes "migration-slow --value 50"
}

@test "a webhook's refusal is told" {
	strikes "webhook --text no" add=1/0 remove=1/0 update=1/0 migrate=1/0
}

@test "without virt-api nothing is changed" {
	strikes "api-down" add=1/0 remove=1/0 update=1/0 migrate=1/0
}
