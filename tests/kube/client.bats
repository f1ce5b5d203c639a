# SPDX-License-Identifier: Apache-2.0
# The client against a server that misbehaves as its paths say (server.py).
load ../lib/common

setup_file() {
	local name

	needs openssl python3
	export D=$BATS_FILE_TMPDIR
	cd "$D" || return
	for name in ca otherca; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
			-keyout $name.key -out $name.crt -subj "/CN=$name" 2>/dev/null
	done
	cert server 2 "subjectAltName=IP:127.0.0.1,DNS:kube.test"
	cert expired -1 "subjectAltName=IP:127.0.0.1"
	cert alice 2 "subjectAltName=DNS:alice"
	mkfifo stdin
	# The server ends with its standard input, which this descriptor holds open.
	"$TOP/tests/kube/server.py" "$D" <>stdin >ports 2>server.err 3>&- 4>&- &
	echo $! >server.pid
	wait_line ports '^ready$'
}

# cert NAME DAYS SAN - a certificate of our CA
cert() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
		-subj "/CN=$1" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$2" -out "$1.crt" \
		-extfile <(echo "$3") 2>/dev/null
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/server.pid")" 2>/dev/null || true
	common_teardown_file
}

# port NAME - where the server listens under that name
port() {
	awk -v name="$1" '$2 == name { print $1 }' "$D/ports"
}

# raw ARG... - the client without a server set
raw() {
	run_command "$BUILDDIR/tests/kube/kube-client" "$@"
}

# client ARG... - the client against the TLS server
client() {
	raw --server "https://127.0.0.1:$(port https)" --ca "$D/ca.crt" "$@"
}

# sent METHOD PATH - how often the server has got that request
sent() {
	curl -s --cacert "$D/ca.crt" "https://127.0.0.1:$(port https)/stats" |
		jq --arg key "$1 $2" '.requests[$key] // 0'
}

connections() {
	curl -s --cacert "$D/ca.crt" "https://127.0.0.1:$(port https)/stats" | jq .connections
}

# echoed FILTER - a part of what the server saw
echoed() {
	jq -r "$1" <<<"${output#* }"
}

# --- requests ---------------------------------------------------------------------------------

@test "a request carries what servers need" {
	client --token t0ken --as bob --type application/json-patch+json PATCH /echo '[{}]'
	assert_status 0
	assert_equal "$(echoed .method)" PATCH
	assert_equal "$(echoed .body)" '[{}]'
	assert_equal "$(echoed .headers.accept)" 'application/json, */*'
	assert_equal "$(echoed '.headers["content-type"]')" application/json-patch+json
	assert_equal "$(echoed .headers.authorization)" 'Bearer t0ken'
	assert_equal "$(echoed '.headers["impersonate-user"]')" bob
	assert_equal "$(echoed '.headers.expect')" null
	[[ $(echoed '.headers["user-agent"]') == vmnetctl/* ]]
}

@test "a PUT without body has a length and no type" {
	client PUT /echo
	assert_equal "$(echoed '.headers["content-length"]')" 0
	assert_equal "$(echoed '.headers["content-type"]')" null
}

@test "one connection serves requests in a row, eight serve many at once" {
	local before

	before=$(connections)
	client --quiet 1 --gap 1 --repeat 50 PUT /ok '{}'
	assert_status 0
	# One for the client, one for the second look.
	assert_equal $(($(connections) - before)) 2
	before=$(connections)
	client --quiet 1 --repeat 200 PUT /ok '{}'
	assert_status 0
	[ $(($(connections) - before)) -le 9 ]
}

@test "HTTP/2 is used where offered, on one connection" {
	local h2_port

	needs nghttpd
	h2_port=$(port closed)
	mkdir -p www && echo '{}' >www/ok
	background nghttpd -d www -v "$h2_port" "$D/server.key" "$D/server.crt"
	wait_until curl -so /dev/null --cacert "$D/ca.crt" "https://127.0.0.1:$h2_port/ok"
	: >"$background_out"
	raw --server "https://127.0.0.1:$h2_port" --ca "$D/ca.crt" --verbose 6 --quiet 1 \
		--repeat 100 GET /ok
	assert_status 0
	assert_equal "$(grep -c 'HTTP/2' <<<"$stderr")" 100
	assert_equal "$(grep -c 'The negotiated protocol: h2' "$background_out")" 1
}

@test "gzip is asked for and undone" {
	client GET /gzip
	assert_stdout '200 {"zipped":true}'
	client GET /badzip
	assert_status 1
	assert_stdout_has "does not decompress"
}

@test "answers are capped, compressed and headers too" {
	client --max 1000000 GET /bomb
	assert_stdout_has "larger than 976 KiB"
	client GET /headers
	assert_stdout_has "larger than 256 KiB"
	client GET /header
	assert_stdout_has "a header that is too large"
}

@test "warnings of the server are told once" {
	client --repeat 3 --gap 1 GET /warn
	assert_stderr '0 spec.running is "old"
0 second'
}

@test "redirects are not followed" {
	client GET /status/302/empty
	assert_stdout_has "error 15 http 302"
	assert_stdout_has "hint:"
}

@test "an answer that is late ends the request" {
	client --timeout 200 GET /never
	assert_stdout_has "error 11 http 0"
}

@test "an interrupt ends the loop" {
	background "$BUILDDIR/tests/kube/kube-client" --server "https://127.0.0.1:$(port https)" \
		--ca "$D/ca.crt" --verbose 7 GET /never
	wait_line "$background_err" '> GET'
	background_end INT
	assert_status 1
	assert_stdout_has "error 18 http 0: interrupted"
}

# --- errors -----------------------------------------------------------------------------------

@test "answers that are no success become errors" {
	client GET /status/403/status
	assert_stdout 'error 4 http 403: Error from server (Forbidden): pods is forbidden: User "x"'
	client GET /status/502/html
	assert_stdout_has 'Error from server (BadGateway): 502 Bad Gateway'
	client GET /status/503/text
	assert_stdout_has 'Error from server (ServiceUnavailable): service unavailable'
	client GET /status/500/binary
	assert_stdout_has 'Error from server (InternalError): the server failed'
	client GET /nowhere
	assert_stdout_has 'error 5 http 404: Error from server (NotFound): 404: Page Not Found'
}

@test "a page that somebody in between sends with 200 is no object" {
	client GET /status/200/html
	assert_stdout_has "error 15 http 0: the server's answer is not JSON at byte 0"
	client GET /accepted
	assert_stdout_has "the server's answer is not a JSON object"
	client PUT /status/200/html
	assert_stdout_has '200 '
}

# --- retries ----------------------------------------------------------------------------------

@test "429 and 503 are tried again when the server says when" {
	client PUT /busy/429/2/0 '{}'
	assert_stdout '200 {"n": 3}'
	client PUT /busy/503/2/0 '{}'
	assert_stdout '200 {"n": 3}'
	client PUT /busy/503/1/0%20 '{}' # white space may follow a header's value
	assert_stdout '200 {"n": 2}'
	client PUT /busy/503/9/ '{}'
	assert_stdout_has 'error 21 http 503'
	assert_equal "$(sent PUT /busy/503/9/)" 1
}

@test "a wait longer than the deadline is not begun" {
	client --timeout 3000 PUT /busy/429/1/60 '{}'
	assert_stdout_has 'error 21 http 429'
}

@test "a change is never sent twice when its connection breaks" {
	local method

	for method in PUT POST PATCH DELETE; do
		client $method /reset '{}'
		assert_stdout_has "broke before the answer"
		assert_stdout_has "hint: the server may have done it"
		assert_equal "$(sent $method /reset)" 1
	done
	client PUT /cut '{}'
	assert_stdout_has "broke before the answer"
	assert_equal "$(sent PUT /cut)" 1
}

@test "nor when the broken connection had been used before" {
	local method

	for method in PUT POST PATCH DELETE; do
		client --gap 1 --repeat 2 $method /stale '{}'
		assert_stdout_has '200 {"n": 1}'
		assert_stdout_has "broke before the answer"
		assert_equal "$(sent $method /stale)" 2
	done
}

@test "a connection that the server closed in between is no error" {
	client --gap 100 --repeat 3 PUT /hangup '{}'
	assert_status 0
	assert_equal "$(sent PUT /hangup)" 3
}

@test "a read is sent again" {
	client --gap 1 --repeat 2 GET /stale
	assert_status 0
	assert_equal "$(sent GET /stale)" 3
	client GET /reset
	assert_status 1
	assert_equal "$(sent GET /reset)" 3
}

@test "a refused connection is tried again" {
	background "$BUILDDIR/tests/kube/kube-client" --server "http://127.0.0.1:$(port late)" \
		--verbose 1 PUT /ok '{}'
	wait_line "$background_err" 'trying again'
	: >"$D/begin"
	background_end ''
	assert_status 0
}

@test "a 401 is tried once more when the token file has another token" {
	echo old >"$D/token"
	client --token-file "$D/token" GET /auth
	assert_stdout '200 {"n": 2}'
	client --token-file "$D/token" GET /status/401/empty
	assert_stdout_has 'error 3 http 401'
	assert_equal "$(sent GET /status/401/empty)" 1
}

# --- TLS --------------------------------------------------------------------------------------

@test "the cluster's CA is trusted, and no other" {
	raw --server "https://127.0.0.1:$(port https)" --ca "$D/otherca.crt" GET /ok
	assert_stdout_has "signed by an unknown authority, not by the kubeconfig's CA"
	raw --server "https://127.0.0.1:$(port https)" GET /ok
	assert_stdout_has "not by one of the system's CAs"
	raw --server "https://127.0.0.1:$(port expired)" --ca "$D/ca.crt" GET /ok
	assert_stdout_has "has expired"
	raw --server "https://127.0.0.1:$(port https)" --insecure 1 GET /ok
	assert_status 0
}

@test "tls-server-name is sent and checked" {
	client --name kube.test GET /echo
	assert_status 0
	assert_equal "$(echoed .sni)" kube.test
	assert_equal "$(echoed .headers.host)" "127.0.0.1:$(port https)"
	client --name other.test GET /echo
	assert_stdout_has "is not for 'other.test'"
	assert_stdout_has tls-server-name
}

@test "a client certificate comes from memory" {
	client --cert "$D/alice.crt" --key "$D/alice.key" GET /echo
	assert_equal "$(echoed .cert)" alice
	client --cert "$D/alice.crt" --key "$D/server.key" GET /echo
	assert_stdout_has "client certificate"
	assert_stdout_has "error 2 "
}

@test "TLS to a plain server and the other way round are told" {
	raw --server "https://127.0.0.1:$(port http)" GET /ok
	assert_stdout_has "does not speak TLS"
	raw --server "http://127.0.0.1:$(port http)" --token t0ken GET /echo
	assert_status 0
	# What is not kept secret on the way is not sent.
	assert_equal "$(echoed .headers.authorization)" null
}

# --- proxies ----------------------------------------------------------------------------------

@test "proxies: http, https, socks5" {
	local before

	before=$(sent proxy "")
	client --proxy "http://127.0.0.1:$(port proxy)" GET /ok
	assert_status 0
	client --proxy "https://127.0.0.1:$(port sproxy)" GET /ok
	assert_status 0
	client --proxy "socks5h://127.0.0.1:$(port socks)" GET /ok
	assert_status 0
	client --proxy "socks5h://127.0.0.1:$(port socks)" --name kube.test GET /ok
	assert_status 0
	run curl -s --cacert "$D/ca.crt" "https://127.0.0.1:$(port https)/stats"
	assert_equal "$(jq '.requests.proxy' <<<"$output")" 2
	assert_equal "$(jq '.requests["socks to 127.0.0.1"]' <<<"$output")" 2
}

@test "a proxy's refusal is told, its password is not" {
	client --verbose 9 --proxy "http://wrong:wrong@127.0.0.1:$(port proxy)" GET /ok
	assert_stdout_has "refuses to connect"
	assert_stdout_has "HTTP 407"
	assert_stdout_lacks wrong
	assert_stderr_lacks wrong
}

@test "a proxy's certificate is checked, and its failure is not the server's" {
	raw --server "https://127.0.0.1:$(port https)" --ca "$D/otherca.crt" \
		--proxy "https://u:s3cret@127.0.0.1:$(port sproxy)" GET /ok
	assert_stdout_has "cannot verify the certificate of proxy 127.0.0.1:$(port sproxy): "
	assert_stdout_lacks s3cret
	raw --server "https://127.0.0.1:$(port expired)" --ca "$D/ca.crt" \
		--proxy "http://127.0.0.1:$(port proxy)" GET /ok
	assert_stdout_has "the certificate of 127.0.0.1:$(port expired) has expired"
	raw --server "https://127.0.0.1:$(port https)" --insecure 1 \
		--proxy "https://127.0.0.1:$(port sproxy)" GET /ok
	assert_status 0
}

@test "the environment's proxy is none of the library's business" {
	https_proxy=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1 client GET /ok
	assert_status 0
}

# --- logs -------------------------------------------------------------------------------------

@test "-v tells requests without secrets" {
	client --verbose 9 --token s3cret --cert "$D/alice.crt" --key "$D/alice.key" GET /leak
	assert_stderr_has "GET https://127.0.0.1:$(port https)/leak 200 in"
	assert_stderr_has '> Authorization: <redacted>'
	assert_stderr_has '"kind":"Secret"'
	assert_stderr_lacks s3cret
	assert_stderr_lacks 'PRIVATE KEY'
	client --verbose 9 --token s3cret GET /leaktext
	assert_stderr_lacks s3cret
	client --verbose 9 list /list/secrets
	assert_stderr_has '"userData":"<redacted>"'
	assert_stderr_lacks s3cret
	client --verbose 9 PATCH /ok '[{"op":"add","path":"/a/userData","value":"s3cret"}]'
	assert_stderr_lacks s3cret
}

@test "-v levels add up" {
	client --verbose 6 PUT /ok '{"a":1}'
	assert_equal "$(wc -l <<<"$stderr")" 1
	client --verbose 7 PUT /ok '{"a":1}'
	assert_stderr_has '> Accept: application/json, */*'
	assert_stderr_lacks '{"a":1}'
	client --verbose 8 PUT /ok '{"a":1}'
	assert_stderr_has '> {"a":1}'
}

# --- lists and watches ------------------------------------------------------------------------

@test "a list comes in pages" {
	client list /list/a
	assert_equal "$(grep -c '^item' <<<"$output")" 1200
	assert_stdout_has 'version 77'
	assert_equal "$(sent GET /list/a)" 3
	client list /list/nolimit
	assert_equal "$(grep -c '^item' <<<"$output")" 1200
}

@test "an expired token goes on with the fresh one, else it is an error" {
	client list /list/expiring
	assert_equal "$(grep '^item' <<<"$output" | sort -u | wc -l)" 1200
	assert_stdout_has 'version 77' # a watch from 99 would miss changes of the first page
	client list /list/expired
	assert_stdout_has 'error 6 http 410'
}

@test "a broken or wrong list is an error" {
	client list /list/cut
	assert_stdout_has "broke before the answer"
	client list /list/nolist
	assert_stdout_has "not a list"
	client list /list/endless
	assert_stdout_has "does not get on"
	assert_equal "$(sent GET /list/endless)" 2
	client list /status/403/status
	assert_stdout_has 'error 4 http 403'
}

@test "a watch lists, follows, and resumes after a cut" {
	client watch /list/w 8
	assert_stdout 'RELIST -
ADDED vm-0
ADDED vm-1
ADDED vm-2
SYNCED -
ADDED new
MODIFIED resumed
DELETED last'
}

@test "a watch of a forgotten version lists again" {
	client watch /list/w 5 5
	assert_stdout_has 'SYNCED -'
	client watch /list/wold 5 5
	assert_stdout_has 'SYNCED -'
	assert_stdout_lacks error
}

@test "a watch that is only quiet is no failure, and versions need not be numbers" {
	client --stall 50 --verbose 9 watch /quiet/events 3
	assert_stdout 'RELIST -
SYNCED -
ADDED at-last'
	assert_stderr_lacks 'broke off'
}

@test "a watch that the server breaks off with a reason goes on" {
	client --verbose 1 watch /werror/vms 4
	assert_stdout 'RELIST -
ADDED vm-0
SYNCED -
ADDED well-again'
	assert_stderr_has 'etcdserver: leader changed'
}

@test "a watch comes back no sooner than the server says" {
	local pause

	client --verbose 1 watch /wbusy/vms 4
	assert_stdout_has 'ADDED well-again'
	pause=$(sed -n 's/.*watch broke off, trying again in \([0-9]*\) ms.*/\1/p' <<<"$stderr")
	[ "$pause" -ge 1000 ]
}

@test "a watch that is forbidden ends" {
	client watch /wforbidden 9 5
	assert_stdout 'error 4 http 403: Error from server (Forbidden): no'
}

# --- discovery --------------------------------------------------------------------------------

@test "discovery is read once and kept on disk" {
	local path=/apis/subresources.kubevirt.io/v1 file

	client --cache "$PWD/cache" discover subresources.kubevirt.io v1 \
		virtualmachines/addinterface virtualmachines/removeinterface
	assert_stdout 'yes
no'
	client --cache "$PWD/cache" discover subresources.kubevirt.io v1 virtualmachines/addinterface
	assert_stdout yes
	assert_equal "$(sent GET $path)" 1
	file=$(echo cache/discovery/*/*.json)
	assert_equal "$(stat -c %a "$file" "${file%/*}" | tr '\n' ' ')" '600 700 '
}

@test "a cache that is spoilt, old or writable by others is not believed" {
	local path=/apis/subresources.kubevirt.io/v1 file before spoil

	client --cache "$PWD/cache" discover subresources.kubevirt.io v1 virtualmachines/addinterface
	file=$(echo cache/discovery/*/*.json)
	for spoil in 'truncate -s 50' 'chmod o+w' 'sed -i s/"fetched":[0-9]*/"fetched":1/' 'rm'; do
		before=$(sent GET $path)
		$spoil "$file"
		client --cache "$PWD/cache" discover subresources.kubevirt.io v1 \
			virtualmachines/addinterface
		assert_stdout yes
		assert_equal "$(sent GET $path)" $((before + 1))
	done
}

@test "what does not exist is not cached on disk" {
	client --cache "$PWD/cache" discover subresources.kubevirt.io v9 a b
	assert_stdout_has 'error 5 http 404: the server has no API subresources.kubevirt.io/v9'
	[ ! -e cache ]
}
