/* connector/netcheck/causes.c - causes, remedies, texts (NETCHECK.md 2). */
#include "connector/netcheck/causes.h"

#include <string.h>

#define ASK_HOST	"Please allow outbound TCP to {host}, port {port} " \
	"(HTTPS, long-lived WebSocket connections)."
#define ASK_PROXY	"Please allow CONNECT to {host}, port {port}, " \
	"through {proxy}, without a time limit and without TLS inspection " \
	"(HTTPS, long-lived WebSocket connections)."
#define ASK_INSPECT	"Please exempt {host}, port {port}, from TLS " \
	"inspection: it carries WebSocket connections that inspection breaks."

static const struct al_cause causes[] = {
	{ 101, 0, AL_CERTAIN, "A name does not resolve.",
	    "Check the spelling, /etc/resolv.conf, and whether this network "
	    "resolves public names at all; if it does not, name its proxy "
	    "(--proxy http://...), which resolves {host} itself.", NULL },
	{ 102, 0, AL_LIKELY, "Resolvers give different answers for {host} "
	    "(split horizon).", "Ask which answer is meant to be used here.",
	    "Please make {host} resolve to the same public addresses on all "
	    "resolvers." },
	{ 103, 0, AL_LIKELY, "The resolver answers for {host} with a made-up "
	    "address (a sinkhole).", "Ask for {host} to be taken off the DNS "
	    "block list.", "Please take {host} off the DNS block list." },
	{ 104, 0, AL_LIKELY, "IPv6 is announced here but leads nowhere.",
	    "Connections work by IPv4 after a delay; have IPv6 repaired or "
	    "switched off.", NULL },
	{ 110, 0, AL_LIKELY, "No direct connection to {host}, port {port}, "
	    "and no proxy is known.", "If this network has a proxy, name it: "
	    "--proxy http://PROXY:PORT, or proxy = in the configuration. If "
	    "it has none, have the port opened.", ASK_HOST },
	{ 111, 0, AL_CERTAIN, "The PAC file cannot be had or used.",
	    "Check its URL and what is there, or name the proxy itself.",
	    NULL },
	{ 112, 0, AL_CERTAIN, "The PAC file names a proxy that does not "
	    "answer.", "Have the PAC file corrected, or name a proxy that "
	    "works.", "The PAC file names {proxy}, which does not answer." },
	{ 113, 0, AL_CERTAIN, "The PAC file says that {host} is reached "
	    "directly, but it is not.", "Have the PAC file corrected, or name "
	    "the proxy.", ASK_HOST },
	{ 114, 0, AL_LIKELY, "no_proxy keeps {host} away from the proxy, and "
	    "directly it is not reached.", "Take the entry that matches out "
	    "of no_proxy, or name the proxy with --proxy.", NULL },
	{ 115, 0, AL_CERTAIN, "A setting for the proxy is wrong.",
	    "Correct it where the sentence says, or give --proxy, which wins "
	    "over the others.", NULL },
	{ 120, 0, AL_CERTAIN, "The proxy cannot be connected to, or does not "
	    "answer.", "Check its host and port, and that this machine may "
	    "reach it.", "The proxy {proxy} does not answer this machine. "
	    "Please check that it runs and admits us." },
	{ 121, 0, AL_CERTAIN, "What answers is not a proxy of this kind.",
	    "Check the port and the scheme: http://, https://, socks5h:// "
	    "and socks4a:// are different protocols.", NULL },
	{ 130, 14, AL_CERTAIN, "The proxy demands a login.",
	    "Give a user and a password: --proxy-user NAME "
	    "--proxy-password-file FILE.", "Please let this machine through "
	    "{proxy} without login to {host}, port {port}, or give it a "
	    "login." },
	{ 131, 14, AL_CERTAIN, "The proxy refuses this user or password.",
	    "Check user and password file; several failures may lock the "
	    "account.", NULL },
	{ 132, 14, AL_CERTAIN, "The proxy takes only kinds of login that are "
	    "not supported.", "Ask for one that is, or for an exception "
	    "without login.", "Please let this machine through {proxy} "
	    "without login to {host}, port {port}, or enable Basic, Digest "
	    "or NTLM authentication for it." },
	{ 133, 14, AL_CERTAIN, "There is no Kerberos ticket.",
	    "Get one with kinit, or name a keytab.", NULL },
	{ 134, 14, AL_CERTAIN, "The KDC does not know the proxy's service "
	    "name.", "Name the proxy by the name that it is registered "
	    "under, or name its service: proxy_spn = SERVICE@HOST.",
	    "The service {service} is not known to the KDC." },
	{ 135, 14, AL_CERTAIN, "The clocks differ too much for Kerberos.",
	    "Set this machine's clock (NTP).", NULL },
	{ 140, 15, AL_LIKELY, "The proxy denies this port.",
	    "Have port {port} allowed for CONNECT.", ASK_PROXY },
	{ 141, 15, AL_LIKELY, "The proxy denies this host.",
	    "Have {host} put on its allow-list.", ASK_PROXY },
	{ 142, 0, AL_LIKELY, "The proxy does not do CONNECT.",
	    "Check that this is the proxy's address and port, or have CONNECT "
	    "allowed.", ASK_PROXY },
	{ 143, 0, AL_LIKELY, "The proxy itself cannot resolve or reach "
	    "{host}.", "Check the spelling of the host; then ask whether the "
	    "proxy may reach it.", "The proxy {proxy} cannot resolve or reach "
	    "{host}, port {port}. Please check its DNS and its way out." },
	{ 144, 15, AL_CERTAIN, "The proxy demands a login in a browser.",
	    "A program can't do that: have {host} exempted.", ASK_PROXY },
	{ 146, 15, AL_LIKELY, "The proxy filters by User-Agent.",
	    "Give one that it lets through, as proxy_user_agent in the "
	    "configuration, or have ours or {host} allowed.", ASK_PROXY },
	{ 150, 0, AL_CERTAIN, "The SOCKS proxy refuses or fails.",
	    "The sentence above says what it answered; ask who runs it.",
	    ASK_PROXY },
	{ 160, 0, AL_LIKELY, "TLS to {host} is opened and inspected on the "
	    "way; the inspector's CA is trusted here.", "It works, but "
	    "inspectors cut or delay long connections, and the agent's own "
	    "WebSockets do not know this CA: have {host} exempted.",
	    ASK_INSPECT },
	{ 161, 0, AL_LIKELY, "The certificate of {host} comes from a CA that "
	    "is not trusted here.", "If this network inspects TLS, have "
	    "{host} exempted, or give the inspector's CA with --ca (the "
	    "agent's own WebSockets ignore ca_cert). If the workspace has a "
	    "private CA, give that. Never trust a CA you can't account for.",
	    ASK_INSPECT },
	{ 162, 0, AL_CERTAIN, "There are no CA certificates to verify with.",
	    "Install ca-certificates, or give --ca FILE (a readable PEM "
	    "file).", NULL },
	{ 163, 0, AL_CERTAIN, "A certificate has expired or is not yet "
	    "valid.", "Check this machine's clock (date) first; then tell "
	    "whoever runs {host}.", NULL },
	{ 164, 0, AL_CERTAIN, "The certificate is for another name.",
	    "Check the URL; if it is right, something else answers in the "
	    "host's place.", NULL },
	{ 165, 0, AL_LIKELY, "TLS is cut at the hello: something on the way "
	    "filters by host name.", "Have {host} put on the allow-list.",
	    ASK_HOST },
	{ 166, 0, AL_CERTAIN, "No TLS version or cipher in common.",
	    "Something on the way, or the host, does not speak TLS 1.3; "
	    "tls_min = 1.2 may help.", NULL },
	{ 167, 0, AL_CERTAIN, "TLS with the proxy itself fails.",
	    "The sentence above says why. Check that it is an https proxy, "
	    "give its CA with --proxy-ca, or our certificate with "
	    "--proxy-cert if it demands one.", NULL },
	{ 170, 0, AL_LIKELY, "Something on the way strips the WebSocket "
	    "upgrade.", "Have {host} exempted from HTTP filtering and "
	    "inspection.", "Please let WebSocket upgrades to {host}, port "
	    "{port}, pass (Connection: Upgrade), or exempt it from "
	    "inspection." },
	{ 171, 0, AL_LIKELY, "A proxy on the way collects data before it "
	    "passes it on.", "Have {host} exempted from inspection.",
	    ASK_INSPECT },
	{ 172, 0, AL_LIKELY, "A web page answers in place of the gateway: a "
	    "captive portal, or a wrong address.", "Log in to the network "
	    "with a browser, or check the URL.", ASK_HOST },
	{ 180, 0, AL_LIKELY, "Idle connections are cut.", "Set a keepalive "
	    "shorter than the limit.", "Please raise the idle limit for "
	    "{host}, port {port}." },
	{ 181, 0, AL_LIKELY, "Connections are cut after a fixed time.",
	    "The connector reconnects; ask for the limit to be lifted.",
	    "Please lift the time limit on connections to {host}, port "
	    "{port}." },
	{ 182, 0, AL_LIKELY, "Large packets are lost (MTU black hole).",
	    "Lower the MTU, or have ICMP \"fragmentation needed\" allowed.",
	    "Please let ICMP type 3 code 4 (ICMPv6 type 2) pass." },
	{ 183, 0, AL_LIKELY, "The link loses packets or is very slow.",
	    "Try again at another time; compare with a direct connection.",
	    NULL },
	{ 184, 0, AL_LIKELY, "Connections are cut after an amount of data.",
	    "Ask for the quota to be lifted.", "Please lift the byte quota "
	    "on connections to {host}, port {port}." },
	{ 190, 19, AL_CERTAIN, "The gateway says no.", "The network is fine. "
	    "Check the token (or id and key), and that it has not been "
	    "revoked.", NULL },
	{ 191, 20, AL_LIKELY, "The connection was cut in mid-stream.",
	    "Run it again; if it is always cut, a firewall or proxy on the "
	    "way does it.", ASK_HOST },
	{ 199, 0, AL_GUESS, "No known cause.", "The sentence above and the "
	    "raw values of --json are what there is; keep them for a "
	    "report.", NULL },
};

#define N_CAUSES	(sizeof(causes) / sizeof(causes[0]))

const struct al_cause *
al_cause_at(size_t i)
{
	return i < N_CAUSES ? &causes[i] : NULL;
}

const struct al_cause *
al_cause_find(int code)
{
	size_t i;

	for (i = 0; i < N_CAUSES - 1 && causes[i].code != code; i++)
		;
	return &causes[i];	/* NC-199 is the last */
}

const char *
al_confidence_name(enum al_confidence c)
{
	return c == AL_CERTAIN ? "certain" : c == AL_LIKELY ? "likely" :
	    "guess";
}

/* The value for a text that begins with "{name}"; *len is its length. */
static const char *
value_at(const char *p, const struct al_cause_names *n, size_t *len)
{
	const struct {
		const char *name, *value;
	} v[] = {
		{ "{host}", n->host }, { "{port}", n->port },
		{ "{proxy}", n->proxy }, { "{service}", n->service },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		*len = strlen(v[i].name);
		if (strncmp(p, v[i].name, *len) == 0)
			return v[i].value;
	}
	return NULL;
}

char *
al_cause_expand(char *out, size_t cap, const char *text,
    const struct al_cause_names *n)
{
	const char *p, *value;
	size_t len = 0, skip;

	for (p = text; *p != '\0' && len + 1 < cap;) {
		value = *p == '{' ? value_at(p, n, &skip) : NULL;
		if (value == NULL) {
			out[len++] = *p++;
			continue;
		}
		(void)snprintf(out + len, cap - len, "%s", value);
		len += strlen(out + len);
		p += skip;
	}
	out[len] = '\0';
	return out;
}

const char *
al_inspector(const char *issuer)
{
	static const struct {
		const char *part, *product;
	} known[] = {
		{ "zscaler", "Zscaler" }, { "netskope", "Netskope" },
		{ "goskope", "Netskope" }, { "palo alto", "Palo Alto" },
		{ "fortinet", "Fortinet" }, { "fortigate", "Fortinet" },
		{ "check point", "Check Point" },
		{ "cisco umbrella", "Cisco Umbrella" },
		{ "cisco s", "Cisco" }, { "blue coat", "Blue Coat" },
		{ "bluecoat", "Blue Coat" }, { "symantec web", "Symantec" },
		{ "skyhigh", "Skyhigh" }, { "mcafee", "McAfee" },
		{ "forcepoint", "Forcepoint" }, { "websense", "Forcepoint" },
		{ "sophos", "Sophos" }, { "barracuda", "Barracuda" },
		{ "gateway ca - cloudflare", "Cloudflare Gateway" },
		{ "cloudflare for teams", "Cloudflare Gateway" },
		{ "iboss", "iboss" }, { "menlo sec", "Menlo" },
		{ "squid", "Squid" }, { "mitmproxy", "mitmproxy" },
		{ "kaspersky", "Kaspersky" }, { "eset ssl", "ESET" },
		{ "avast", "Avast" }, { "bitdefender", "Bitdefender" },
		{ "sonicwall", "SonicWall" }, { "watchguard", "WatchGuard" },
		{ "untangle", "Untangle" }, { "smoothwall", "Smoothwall" },
		{ "lightspeed", "Lightspeed" }, { "contentkeeper",
		    "ContentKeeper" }, { "f5 ssl", "F5" },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasestr(issuer, known[i].part) != NULL)
			return known[i].product;
	return NULL;
}
