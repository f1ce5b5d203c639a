-- SPDX-License-Identifier: Apache-2.0
--
-- For wrk: one addinterface for each of COUNT VMs vm-1, vm-2, ..., over all its connections, none
-- twice. (h2load begins its list of URIs anew on each connection, and a PUT that repeats one changes
-- nothing and costs the server less.) Prints how many a second were accepted, from the start of
-- the thread on, connecting included: "PUTS 6000".
--
-- usage: wrk --threads 1 ... --script puts.lua SERVER -- COUNT BODY TOKEN

local ffi = require("ffi")
ffi.cdef [[
struct timespec { long sec, nsec; };
int clock_gettime(int clock, struct timespec *now);
]]

local CLOCK_MONOTONIC = 1
local vms = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/"
local count, body, headers, begun
local sent = -1 -- wrk asks for one request that it does not send, to look at it
local answered = 0

local function now()
	local t = ffi.new("struct timespec")

	ffi.C.clock_gettime(CLOCK_MONOTONIC, t)
	return tonumber(t.sec) + tonumber(t.nsec) / 1e9
end

function init(args)
	count, body = tonumber(args[1]), args[2]
	headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. args[3] }
	begun = now()
end

function request()
	sent = sent + 1
	-- wrk cannot let a connection rest; by now every PUT is on its way.
	if sent > count then
		return wrk.format("GET", "/healthz")
	end
	return wrk.format("PUT", vms .. "vm-" .. sent .. "/addinterface", headers, body)
end

function response(status)
	if status ~= 202 then
		return
	end
	answered = answered + 1
	if answered == count then
		print(string.format("PUTS %.0f", count / (now() - begun)))
		wrk.thread:stop()
	end
end
