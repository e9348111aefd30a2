/* pac/script/table.c - the functions by their names. */
#include "pac/script/functions.h"

#include <string.h>

#include "pac/script/value.h"

static void
tell(struct al_call *c)
{
	static const char nothing[] = "undefined";
	const struct al_value *text = al_call_arg(c, 0);

	if (al_value_is_text(text))
		c->host->alert(c->host->arg, text->text, text->len);
	else
		c->host->alert(c->host->arg, nothing, strlen(nothing));
}

static void
get_client_version(struct al_call *c)
{
	al_call_give_text(c, "1.0", strlen("1.0"));
}

const struct al_script_function al_script_functions[] = {
	{ "alert", tell, 1 },
	{ "convert_addr", al_script_convert_addr, 0 },
	{ "dateRange", al_script_date_range, ~0u },
	{ "dnsDomainIs", al_script_dns_domain_is, 0 },
	{ "dnsDomainLevels", al_script_dns_domain_levels, 0 },
	{ "dnsResolve", al_script_dns_resolve, 0 },
	{ "dnsResolveEx", al_script_dns_resolve_ex, 0 },
	{ "getClientVersion", get_client_version, 0 },
	{ "isInNet", al_script_is_in_net, 0 },
	{ "isInNetEx", al_script_is_in_net_ex, 0 },
	{ "isPlainHostName", al_script_is_plain_host_name, 0 },
	{ "isResolvable", al_script_is_resolvable, 0 },
	{ "isResolvableEx", al_script_is_resolvable_ex, 0 },
	{ "isValidIpAddress", al_script_is_valid_ip_address, 0 },
	{ "localHostOrDomainIs", al_script_local_host_or_domain_is, 0 },
	{ "myIpAddress", al_script_my_ip_address, 0 },
	{ "myIpAddressEx", al_script_my_ip_address_ex, 0 },
	{ "shExpMatch", al_script_sh_exp_match, 1 },
	{ "sortIpAddressList", al_script_sort_ip_address_list, 0 },
	{ "timeRange", al_script_time_range, 0 },
	{ "weekdayRange", al_script_weekday_range, 0 },
	{ NULL, NULL, 0 },
};
