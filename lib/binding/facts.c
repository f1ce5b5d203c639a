/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "lib/binding/facts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char *const words[] = {
	[VMN_BINDING_BRIDGE] = "bridge",
	[VMN_BINDING_MASQUERADE] = "masquerade",
	[VMN_BINDING_MANAGED_TAP] = "managedTap",
};

const char *vmn_binding_word(enum vmn_binding_kind kind)
{
	return words[kind];
}

bool vmn_binding_parse(const char *word, enum vmn_binding_kind *ret)
{
	for (size_t i = 0; i < VMN_ARRAY_LEN(words); i++) {
		if (strcmp(words[i], word) == 0) {
			*ret = (enum vmn_binding_kind)i;
			return true;
		}
	}
	return false;
}

/* --- reading -------------------------------------------------------------------------- */

static int wrong(struct vmn_err *err, const char *path, const char *text)
{
	return vmn_err_set(err, VMN_E_INVALID, "'%s' is wrong: '%s'", path, text);
}

static void read_str(struct json_object *obj, const char *path, char **ret)
{
	const char *s = vmn_json_str(obj, path);

	if (s && *s)
		*ret = vmn_xstrdup(s);
}

/* @family AF_UNSPEC: either */
static bool parse_ip(const char *s, int family, struct vmn_ip *ret)
{
	return vmn_ip_parse(s, ret) && (family == AF_UNSPEC || ret->family == family);
}

static int read_ip(struct json_object *obj, const char *path, int family, struct vmn_ip *ret,
		   struct vmn_err *err)
{
	const char *s = vmn_json_str(obj, path);

	return !s || parse_ip(s, family, ret) ? 0 : wrong(err, path, s);
}

static int read_cidr(struct json_object *obj, const char *path, int family, struct vmn_cidr *ret,
		     struct vmn_err *err)
{
	const char *s = vmn_json_str(obj, path);

	if (s && (!vmn_cidr_parse(s, ret) || ret->ip.family != family))
		return wrong(err, path, s);
	return 0;
}

static int read_ips(struct json_object *obj, const char *path, int family, struct vmn_ip **ret,
		    size_t *ret_n, struct vmn_err *err)
{
	struct json_object *array = vmn_json_array(obj, path);
	size_t n = vmn_json_len(array);

	if (n > VMN_FACTS_LIST_MAX)
		return vmn_err_set(err, VMN_E_INVALID, "'%s' has more than %d addresses", path,
				   VMN_FACTS_LIST_MAX);
	if (n > 0)
		*ret = vmn_xcalloc(n, sizeof(**ret));
	vmn_json_each(item, array) {
		const char *s = vmn_json_str(item, "");

		if (!s || !parse_ip(s, family, &(*ret)[*ret_n]))
			return wrong(err, path, vmn_json_text(item));
		(*ret_n)++;
	}
	return 0;
}

static int read_routes(struct json_object *array, struct vmn_binding_facts *f, struct vmn_err *err)
{
	size_t n = vmn_json_len(array);

	if (n > VMN_FACTS_ROUTES_MAX)
		return vmn_err_set(err, VMN_E_INVALID, "more than %d routes", VMN_FACTS_ROUTES_MAX);
	if (n > 0)
		f->routes4 = vmn_xcalloc(n, sizeof(*f->routes4));
	vmn_json_each(item, array) {
		struct vmn_binding_route *route = &f->routes4[f->n_routes4];
		int ret = read_cidr(item, "/destination", AF_INET, &route->to, err);

		if (ret == 0)
			ret = read_ip(item, "/gateway", AF_INET, &route->gateway, err);
		if (ret < 0)
			return ret;
		if (route->to.ip.family == AF_UNSPEC)
			return vmn_err_set(err, VMN_E_INVALID, "a route without destination");
		f->n_routes4++;
	}
	return 0;
}

static int read_private(struct json_object *array, struct vmn_binding_facts *f, struct vmn_err *err)
{
	size_t n = vmn_json_len(array);

	if (n > VMN_FACTS_LIST_MAX)
		return vmn_err_set(err, VMN_E_INVALID, "more than %d private options",
				   VMN_FACTS_LIST_MAX);
	if (n > 0)
		f->private_options = vmn_xcalloc(n, sizeof(*f->private_options));
	vmn_json_each(item, array) {
		int64_t code = vmn_json_int(item, "/option", 0);
		const char *value = vmn_json_str_or(item, "/value", "");

		if (code < 224 || code > 254)
			return vmn_err_set(err, VMN_E_INVALID,
					   "private option %lld is not between 224 and 254",
					   (long long)code);
		if (strlen(value) > 255)
			return vmn_err_set(err, VMN_E_INVALID,
					   "private option %lld is longer than 255 bytes",
					   (long long)code);
		f->private_options[f->n_private_options++] = (struct vmn_binding_private_option){
			.code = (uint8_t)code,
			.value = vmn_xstrdup(value),
		};
	}
	return 0;
}

int vmn_facts_dhcp_options(struct json_object *options, struct vmn_binding_facts *ret,
			   struct vmn_err *err)
{
	int r = read_ips(options, "/ntpServers", AF_INET, &ret->ntp, &ret->n_ntp, err);

	if (r < 0)
		return r;
	read_str(options, "/tftpServerName", &ret->tftp_server);
	read_str(options, "/bootFileName", &ret->boot_file);
	return read_private(vmn_json_array(options, "/privateOptions"), ret, err);
}

static int read_addresses(struct json_object *obj, struct vmn_binding_facts *f, struct vmn_err *err)
{
	int ret = read_cidr(obj, "/ipv4/address", AF_INET, &f->ip4, err);

	if (ret == 0)
		ret = read_ip(obj, "/ipv4/server", AF_INET, &f->server4, err);
	if (ret == 0)
		ret = read_ip(obj, "/ipv4/gateway", AF_INET, &f->gateway4, err);
	if (ret == 0)
		ret = read_routes(vmn_json_array(obj, "/ipv4/routes"), f, err);
	if (ret == 0)
		ret = read_cidr(obj, "/ipv6/address", AF_INET6, &f->ip6, err);
	if (ret == 0)
		ret = read_ip(obj, "/ipv6/gateway", AF_INET6, &f->gateway6, err);
	if (ret == 0)
		ret = read_ips(obj, "/dns", AF_UNSPEC, &f->dns, &f->n_dns, err);
	return ret;
}

int vmn_facts_read(struct json_object *obj, struct vmn_binding_facts *ret, struct vmn_err *err)
{
	const char *binding = vmn_json_str_or(obj, "/binding", "");
	const char *mac = vmn_json_str(obj, "/mac");
	int64_t mtu = vmn_json_int(obj, "/mtu", 0);
	int r;

	if (!vmn_binding_parse(binding, &ret->binding))
		return wrong(err, "/binding", binding);
	ret->has_mac = mac != NULL;
	if (mac && !vmn_mac_parse(mac, ret->mac))
		return wrong(err, "/mac", mac);
	if (mtu < 0 || mtu > UINT32_MAX)
		return wrong(err, "/mtu", vmn_json_text(vmn_json_get(obj, "/mtu")));
	ret->mtu = (uint32_t)mtu;
	read_str(obj, "/name", &ret->name);
	read_str(obj, "/interface", &ret->iface);
	read_str(obj, "/bridge", &ret->bridge);
	read_str(obj, "/tap", &ret->tap);
	read_str(obj, "/hostname", &ret->hostname);
	read_str(obj, "/subdomain", &ret->subdomain);
	vmn_json_each(item, vmn_json_array(obj, "/search"))
		vmn_strlist_add(&ret->search, vmn_json_str_or(item, "", ""));
	r = read_addresses(obj, ret, err);
	return r < 0 ? r : vmn_facts_dhcp_options(vmn_json_get(obj, "/dhcpOptions"), ret, err);
}

/* --- writing -------------------------------------------------------------------------- */

static void put_str(struct json_object *obj, const char *key, const char *value)
{
	if (!vmn_is_empty(value))
		vmn_json_set_str(obj, key, value);
}

static void put_ip(struct json_object *obj, const char *key, const struct vmn_ip *ip)
{
	char text[VMN_IP_TEXT_SIZE];

	put_str(obj, key, vmn_ip_text(ip, text));
}

static void put_cidr(struct json_object *obj, const char *key, const struct vmn_cidr *cidr)
{
	char text[VMN_CIDR_TEXT_SIZE];

	put_str(obj, key, vmn_cidr_text(cidr, text));
}

/* An empty @value is swallowed without being put. */
static void put_take(struct json_object *obj, const char *key, struct json_object *value)
{
	size_t n = json_object_is_type(value, json_type_array)
			   ? json_object_array_length(value)
			   : (size_t)json_object_object_length(value);

	if (n > 0)
		vmn_json_set_take(obj, key, value);
	else
		json_object_put(value);
}

static struct json_object *ips_json(const struct vmn_ip *ips, size_t n)
{
	struct json_object *array = json_object_new_array();
	char text[VMN_IP_TEXT_SIZE];

	for (size_t i = 0; i < n; i++)
		vmn_json_append_take(array, json_object_new_string(vmn_ip_text(&ips[i], text)));
	return array;
}

static struct json_object *routes_json(const struct vmn_binding_facts *f)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < f->n_routes4; i++) {
		struct json_object *route = json_object_new_object();

		put_cidr(route, "destination", &f->routes4[i].to);
		put_ip(route, "gateway", &f->routes4[i].gateway);
		vmn_json_append_take(array, route);
	}
	return array;
}

static struct json_object *dhcp_options_json(const struct vmn_binding_facts *f)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *private_options = json_object_new_array();

	put_take(obj, "ntpServers", ips_json(f->ntp, f->n_ntp));
	put_str(obj, "tftpServerName", f->tftp_server);
	put_str(obj, "bootFileName", f->boot_file);
	for (size_t i = 0; i < f->n_private_options; i++)
		vmn_json_append_take(private_options,
				     vmn_json_build("{\"option\": %d, \"value\": %s}",
						    f->private_options[i].code,
						    f->private_options[i].value));
	put_take(obj, "privateOptions", private_options);
	return obj;
}

struct json_object *vmn_facts_json(const struct vmn_binding_facts *facts)
{
	struct json_object *obj = json_object_new_object(), *ipv4 = json_object_new_object();
	struct json_object *ipv6 = json_object_new_object(), *search = json_object_new_array();
	char mac[VMN_MAC_TEXT_SIZE];

	put_str(obj, "name", facts->name);
	put_str(obj, "interface", facts->iface);
	put_str(obj, "binding", vmn_binding_word(facts->binding));
	put_str(obj, "bridge", facts->bridge);
	put_str(obj, "tap", facts->tap);
	if (facts->has_mac)
		put_str(obj, "mac", vmn_mac_text(facts->mac, mac));
	if (facts->mtu)
		vmn_json_set_int(obj, "mtu", facts->mtu);
	put_cidr(ipv4, "address", &facts->ip4);
	put_ip(ipv4, "server", &facts->server4);
	put_ip(ipv4, "gateway", &facts->gateway4);
	put_take(ipv4, "routes", routes_json(facts));
	put_take(obj, "ipv4", ipv4);
	put_cidr(ipv6, "address", &facts->ip6);
	put_ip(ipv6, "gateway", &facts->gateway6);
	put_take(obj, "ipv6", ipv6);
	put_str(obj, "hostname", facts->hostname);
	put_str(obj, "subdomain", facts->subdomain);
	put_take(obj, "dns", ips_json(facts->dns, facts->n_dns));
	for (size_t i = 0; i < facts->search.n; i++)
		vmn_json_append_take(search, json_object_new_string(facts->search.v[i]));
	put_take(obj, "search", search);
	put_take(obj, "dhcpOptions", dhcp_options_json(facts));
	return obj;
}

void vmn_facts_clear(struct vmn_binding_facts *f)
{
	free(f->name);
	free(f->iface);
	free(f->bridge);
	free(f->tap);
	free(f->routes4);
	free(f->hostname);
	free(f->subdomain);
	free(f->dns);
	vmn_strlist_clear(&f->search);
	free(f->ntp);
	free(f->tftp_server);
	free(f->boot_file);
	for (size_t i = 0; i < f->n_private_options; i++)
		free(f->private_options[i].value);
	free(f->private_options);
	*f = (struct vmn_binding_facts){0};
}

/* --- the document --------------------------------------------------------------------- */

struct vmn_binding_facts *vmn_facts_list_add(struct vmn_facts_list *list)
{
	list->v = vmn_xrealloc(list->v, list->n + 1, sizeof(*list->v));
	list->v[list->n] = (struct vmn_binding_facts){0};
	return &list->v[list->n++];
}

struct json_object *vmn_facts_list_json(const struct vmn_facts_list *list)
{
	struct json_object *doc = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i < list->n; i++)
		vmn_json_append_take(array, vmn_facts_json(&list->v[i]));
	vmn_json_set_int(doc, "version", 1);
	vmn_json_set_take(doc, "interfaces", array);
	return doc;
}

void vmn_facts_list_clear(struct vmn_facts_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		vmn_facts_clear(&list->v[i]);
	free(list->v);
	*list = (struct vmn_facts_list){0};
}
