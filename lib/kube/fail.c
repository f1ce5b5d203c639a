/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "lib/base/str.h"
#include "lib/kube/fail.h"

/* Results of X509_verify_cert(3) that deserve words of their own; numbers are OpenSSL's ABI. */
enum {
	CERT_NOT_YET_VALID = 9,
	CERT_EXPIRED = 10,
	CERT_SELF_SIGNED = 18,
	CERT_SELF_SIGNED_IN_CHAIN = 19,
	CERT_NO_LOCAL_ISSUER = 20,
	CERT_NO_ISSUER_AT_ALL = 21,
	CERT_HOSTNAME_MISMATCH = 62,
	CERT_IP_MISMATCH = 64,
};

static bool is_broken_handshake(const struct vmn_curl_fail *f)
{
	return f->curl == CURLE_SSL_CONNECT_ERROR &&
	       (f->sys == ECONNRESET || strstr(f->text, "SSL_ERROR_SYSCALL") ||
		strstr(f->text, "reset by peer"));
}

/* The connection ended on the way. */
static bool is_cut(const struct vmn_curl_fail *f)
{
	switch ((int)f->curl) {
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_ABORTED_BY_CALLBACK: /* curl was about to send it a second time */
		return true;
	default:
		return false;
	}
}

enum vmn_fate vmn_curl_fate(const struct vmn_curl_fail *f)
{
	if (f->curl == CURLE_OK)
		return VMN_FATE_ANSWERED;
	if (f->proxy_http >= 400)
		return VMN_FATE_LOST;
	if (f->curl == CURLE_COULDNT_CONNECT || is_broken_handshake(f))
		return VMN_FATE_UNSENT;
	/* TLS 1.3 tells what it thinks of our certificate only after the request left. */
	return is_cut(f) && !strstr(f->text, "alert") ? VMN_FATE_BROKEN : VMN_FATE_LOST;
}

static int name_mismatch(const struct vmn_endpoint *e, struct vmn_err *err)
{
	(void)vmn_err_set(err, VMN_E_UNREACHABLE, "the certificate of %s is not for '%s'", e->shown,
			  e->verified);
	return vmn_err_hint(err,
			    "set tls-server-name (--tls-server-name) to a name in its certificate");
}

/* It shows its certificate before it is asked to CONNECT. */
static bool is_of_proxy(const struct vmn_curl_fail *f, const struct vmn_endpoint *e)
{
	return e->proxy && vmn_starts_with(e->proxy, "https:") && !f->proxy_http;
}

static int bad_certificate(const struct vmn_curl_fail *f, const struct vmn_endpoint *e,
			   struct vmn_err *err)
{
	if (is_of_proxy(f, e)) {
		(void)vmn_err_set(err, VMN_E_UNREACHABLE,
				  "cannot verify the certificate of proxy %s: %s", e->proxy_shown,
				  f->text);
		return vmn_err_hint(err, "check proxy-url; the proxy's CA must be in the cluster's "
					 "certificate-authority or among the system's");
	}
	switch (f->verify) {
	case CERT_EXPIRED:
		(void)vmn_err_set(err, VMN_E_UNREACHABLE, "the certificate of %s has expired",
				  e->shown);
		return vmn_err_hint(err,
				    "renew the server's certificate, or set this machine's clock");
	case CERT_NOT_YET_VALID:
		(void)vmn_err_set(err, VMN_E_UNREACHABLE, "the certificate of %s is not valid yet",
				  e->shown);
		return vmn_err_hint(err, "check this machine's clock");
	case CERT_SELF_SIGNED:
	case CERT_SELF_SIGNED_IN_CHAIN:
	case CERT_NO_LOCAL_ISSUER:
	case CERT_NO_ISSUER_AT_ALL:
		(void)vmn_err_set(
			err, VMN_E_UNREACHABLE,
			"the certificate of %s is signed by an unknown authority, not by %s",
			e->shown, f->has_ca ? "the kubeconfig's CA" : "one of the system's CAs");
		return vmn_err_hint(err,
				    f->has_ca ? "check the cluster's certificate-authority: it may "
						"belong to another cluster"
					      : "give the cluster's CA with certificate-authority "
						"(--certificate-authority)");
	case CERT_HOSTNAME_MISMATCH:
	case CERT_IP_MISMATCH:
		return name_mismatch(e, err);
	default:
		break;
	}
	if (strstr(f->text, "match"))
		return name_mismatch(e, err);
	return vmn_err_set(err, VMN_E_UNREACHABLE, "cannot verify the certificate of %s: %s",
			   e->shown, f->text);
}

static int tls_failed(const struct vmn_curl_fail *f, const struct vmn_endpoint *e,
		      struct vmn_err *err)
{
	if (strstr(f->text, "wrong version number") || strstr(f->text, "packet length too long") ||
	    strstr(f->text, "http request")) {
		(void)vmn_err_set(err, VMN_E_UNREACHABLE, "%s does not speak TLS", e->shown);
		return vmn_err_hint(err,
				    "check the port; a server without TLS has an http:// address");
	}
	if (strstr(f->text, "alert")) {
		(void)vmn_err_set(err, f->has_cert ? VMN_E_AUTH : VMN_E_UNREACHABLE,
				  "%s broke off the TLS handshake: %s", e->shown, f->text);
		return vmn_err_hint(err, f->has_cert ? "check the user's client certificate"
						     : "the server may want a client certificate");
	}
	return vmn_err_set(err, VMN_E_UNREACHABLE, "cannot set up TLS with %s: %s", e->shown,
			   f->text);
}

static int broken(const struct vmn_curl_fail *f, const struct vmn_endpoint *e, struct vmn_err *err)
{
	(void)vmn_err_set(err, VMN_E_UNREACHABLE,
			  "the connection to %s broke before the answer was there", e->shown);
	if (f->was_sent && strcmp(f->method, "GET") != 0)
		return vmn_err_hint(err, "the server may have done it: look before you try again");
	if (!e->is_tls)
		return vmn_err_hint(err,
				    "if the server speaks TLS, its address begins with https://");
	return -(int)err->code;
}

static int refused(const struct vmn_curl_fail *f, const struct vmn_endpoint *e, struct vmn_err *err)
{
	const char *via = e->proxy ? " through proxy " : "";

	(void)vmn_err_set(err, VMN_E_UNREACHABLE, "cannot connect to %s%s%s: %s", e->shown, via,
			  e->proxy ? e->proxy_shown : "", f->sys ? strerror(f->sys) : f->text);
	err->sys = f->sys;
	return vmn_err_hint(err, "is the %s running, and is its address right?",
			    e->proxy ? "proxy" : "server");
}

static int timed_out(const struct vmn_curl_fail *f, const struct vmn_endpoint *e,
		     struct vmn_err *err)
{
	if (!f->was_sent) {
		(void)vmn_err_set(err, f->is_late ? VMN_E_TIMEOUT : VMN_E_UNREACHABLE,
				  "cannot connect to %s in time", e->shown);
		return vmn_err_hint(err, "is its address right, and is no firewall in between?");
	}
	(void)vmn_err_set(err, VMN_E_TIMEOUT, "%s did not answer in time", e->shown);
	if (strcmp(f->method, "GET") != 0)
		return vmn_err_hint(err, "the server may have done it: look before you try again");
	return vmn_err_hint(err, "give it more time with --request-timeout");
}

static int unknown_host(const char *name, const char *what, struct vmn_err *err)
{
	(void)vmn_err_set(err, VMN_E_UNREACHABLE, "cannot find the address of %s %s", what, name);
	return vmn_err_hint(err, "check the name, and this machine's name service");
}

int vmn_curl_fail_to_err(const struct vmn_curl_fail *f, const struct vmn_endpoint *e,
			 struct vmn_err *err)
{
	if (f->proxy_http >= 400) {
		(void)vmn_err_set(err, VMN_E_UNREACHABLE,
				  "proxy %s refuses to connect to %s: HTTP %ld", e->proxy_shown,
				  e->shown, f->proxy_http);
		return vmn_err_hint(err,
				    f->proxy_http == 407
					    ? "give user and password in proxy-url"
					    : "check the proxy's rules and the server's address");
	}
	if (is_cut(f))
		return strstr(f->text, "alert") ? tls_failed(f, e, err) : broken(f, e, err);
	switch ((int)f->curl) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return unknown_host(e->shown, "server", err);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return unknown_host(e->proxy_shown, "proxy", err);
	case CURLE_COULDNT_CONNECT:
		return refused(f, e, err);
	case CURLE_PROXY:
		return vmn_err_set(err, VMN_E_UNREACHABLE, "proxy %s cannot connect to %s: %s",
				   e->proxy_shown, e->shown, f->text);
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(f, e, err);
	case CURLE_PEER_FAILED_VERIFICATION:
		return bad_certificate(f, e, err);
	case CURLE_SSL_CONNECT_ERROR:
		return tls_failed(f, e, err);
	case CURLE_SSL_CACERT_BADFILE:
		if (f->has_ca)
			return vmn_err_set(err, VMN_E_CONFIG,
					   "the cluster's certificate-authority is not a PEM "
					   "certificate");
		(void)vmn_err_set(err, VMN_E_CONFIG, "this machine has no CA certificates");
		return vmn_err_hint(err, "install ca-certificates, or give the cluster's CA with "
					 "certificate-authority (--certificate-authority)");
	case CURLE_SSL_CERTPROBLEM:
		(void)vmn_err_set(err, VMN_E_CONFIG, "cannot use the user's client certificate: %s",
				  f->text);
		return vmn_err_hint(err, "certificate and key must be PEM and belong together");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return vmn_err_set(err, VMN_E_PROTOCOL, "%s does not speak HTTP", e->shown);
	case CURLE_BAD_CONTENT_ENCODING:
		return vmn_err_set(err, VMN_E_PROTOCOL,
				   "%s sent an answer that does not decompress", e->shown);
	case CURLE_OUT_OF_MEMORY: /* what libcurl 7 says of a header line above 100 KiB, too */
		return vmn_err_set(err, VMN_E_NOMEM,
				   "%s sent a header that is too large, or memory is out",
				   e->shown);
	default:
		return vmn_err_set(err, VMN_E_UNREACHABLE, "cannot talk to %s: %s", e->shown,
				   f->text);
	}
}
