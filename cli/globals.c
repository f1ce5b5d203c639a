/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/globals.h"

static const char *const format_words[] = {
	[CMD_FORMAT_DEFAULT] = "",  [CMD_FORMAT_TABLE] = "table", [CMD_FORMAT_WIDE] = "wide",
	[CMD_FORMAT_NAME] = "name", [CMD_FORMAT_JSON] = "json",	  [CMD_FORMAT_YAML] = "yaml",
	[CMD_FORMAT_TREE] = "tree", [CMD_FORMAT_DOT] = "dot",	  NULL,
};

static const char *const color_words[] = {"auto", "always", "never", NULL}; /* enum vmn_color */

#define AT(field) .offset = offsetof(struct cmd_globals, field)

const struct cmd_opt cmd_global_opts[] = {
	{CMD_OPT_ENUM, 'o', "output", AT(output), .arg = "FORMAT", .words = format_words,
	 .help = "how results are printed: table, wide, name, json, yaml, tree or dot, as far as the "
		 "command has it; with json, errors too become objects on stderr"},
	{CMD_OPT_COUNT, 'v', "verbose", .alias = "v", AT(verbose), .arg = "N",
	 .help = "say more on stderr: 1 decisions, 6 requests, 7 headers, 8 bodies, 9 whole ones"},
	{CMD_OPT_BOOL, 'q', "quiet", AT(quiet),
	 .help = "print neither success, warnings nor progress"},
	{CMD_OPT_ENUM, 0, "color", AT(color), .arg = "WHEN", .words = color_words,
	 .help = "colour: auto (on a terminal, unless NO_COLOR is set), always or never"},
	{CMD_OPT_BOOL, 'h', "help", AT(help), .help = "show this help"},
	{CMD_OPT_BOOL, 0, "version", AT(version), .help = "show the version of this program"},
	{0},
};

const struct cmd_opt cmd_connection_opts[] = {
	{CMD_OPT_STR, 'n', "namespace", AT(ns), .arg = "NAMESPACE",
	 .complete = CMD_COMPLETE_NAMESPACE,
	 .help = "namespace of the objects; default: the context's"},
	{CMD_OPT_STR, 0, "kubeconfig", AT(kubeconfig), .arg = "FILE", .complete = CMD_COMPLETE_FILE,
	 .help = "configuration file; default: $KUBECONFIG (a colon list, merged), else ~/.kube/config, "
		 "else the service account of the pod we run in"},
	{CMD_OPT_STR, 0, "context", AT(context), .arg = "NAME", .complete = CMD_COMPLETE_CONTEXT,
	 .help = "context of the configuration to use"},
	{CMD_OPT_STR, 0, "cluster", AT(cluster), .arg = "NAME", .complete = CMD_COMPLETE_CLUSTER,
	 .help = "cluster of the configuration to use"},
	{CMD_OPT_STR, 0, "user", AT(user), .arg = "NAME", .complete = CMD_COMPLETE_USER,
	 .help = "user of the configuration to use"},
	{CMD_OPT_STR, 's', "server", AT(server), .arg = "URL", .help = "address of the API server"},
	{CMD_OPT_STR, 0, "token", AT(token), .arg = "TOKEN",
	 .help = "bearer token to authenticate with"},
	{CMD_OPT_STR, 0, "as", AT(as), .arg = "USER", .help = "user to impersonate"},
	{CMD_OPT_LIST, 0, "as-group", AT(as_group), .arg = "GROUP", .help = "group to impersonate"},
	{CMD_OPT_STR, 0, "as-uid", AT(as_uid), .arg = "UID", .help = "user id to impersonate"},
	{CMD_OPT_STR, 0, "certificate-authority", AT(certificate_authority), .arg = "FILE",
	 .complete = CMD_COMPLETE_FILE, .help = "certificates to check the server against"},
	{CMD_OPT_STR, 0, "client-certificate", AT(client_certificate), .arg = "FILE",
	 .complete = CMD_COMPLETE_FILE, .help = "client certificate to authenticate with"},
	{CMD_OPT_STR, 0, "client-key", AT(client_key), .arg = "FILE", .complete = CMD_COMPLETE_FILE,
	 .help = "private key of the client certificate"},
	{CMD_OPT_BOOL, 0, "insecure-skip-tls-verify", AT(insecure_skip_tls_verify),
	 .help = "do not check the server's certificate: anybody on the way can read and change all"},
	{CMD_OPT_STR, 0, "tls-server-name", AT(tls_server_name), .arg = "NAME",
	 .help = "name to expect in the server's certificate"},
	{CMD_OPT_DURATION, 0, "request-timeout", AT(request_timeout_ms), .arg = "TIME",
	 .def = "30s",
	 .help = "how long one request may take, like 10s or 1m; 0: as long as it wants"},
	{0},
};

const char *cmd_format_name(enum cmd_format format)
{
	return format_words[format];
}

char *cmd_formats_text(unsigned formats)
{
	vmn_auto_buf struct vmn_buf b = VMN_BUF_INIT(0);

	for (unsigned i = CMD_FORMAT_DEFAULT + 1; format_words[i]; i++)
		if (formats & 1U << i)
			vmn_buf_addf(&b, "%s%s", b.len ? "|" : "", format_words[i]);
	return vmn_buf_steal(&b);
}
