/* pac/script/functions.h - what table.c gives its JavaScript names. */
#ifndef AL_PAC_SCRIPT_FUNCTIONS_H
#define AL_PAC_SCRIPT_FUNCTIONS_H

#include "pac/script/script.h"

/* strings.c */
al_script_fn al_script_dns_domain_is;
al_script_fn al_script_dns_domain_levels;
al_script_fn al_script_is_plain_host_name;
al_script_fn al_script_local_host_or_domain_is;
al_script_fn al_script_sh_exp_match;

/* addresses.c */
al_script_fn al_script_convert_addr;
al_script_fn al_script_is_in_net;
al_script_fn al_script_is_in_net_ex;
al_script_fn al_script_is_valid_ip_address;
al_script_fn al_script_sort_ip_address_list;

/* hosts.c */
al_script_fn al_script_dns_resolve;
al_script_fn al_script_dns_resolve_ex;
al_script_fn al_script_is_resolvable;
al_script_fn al_script_is_resolvable_ex;
al_script_fn al_script_my_ip_address;
al_script_fn al_script_my_ip_address_ex;
/* The first IPv4 address of a name or a literal; false: none. */
bool al_script_resolve4(const struct al_call *c, const struct al_value *name,
    struct al_script_ip *ip);

/* ranges.c */
al_script_fn al_script_date_range;
al_script_fn al_script_time_range;
al_script_fn al_script_weekday_range;

#endif
