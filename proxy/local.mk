# proxy: what is said to proxies, and what our own listeners hear
libalcore_la_SOURCES += \
	proxy/auth.c proxy/auth.h \
	proxy/challenge.c proxy/challenge.h \
	proxy/connect.c \
	proxy/digest.c proxy/digest.h \
	proxy/listen.c proxy/listen.h \
	proxy/login.c proxy/login.h \
	proxy/memory.c proxy/memory.h \
	proxy/md4.c proxy/md4.h \
	proxy/ntlm.c proxy/ntlm.h \
	proxy/ntlm_challenge.c proxy/ntlm_challenge.h \
	proxy/ntlmv2.c proxy/ntlmv2.h \
	proxy/proxy.c proxy/proxy.h \
	proxy/refusal.c proxy/refusal.h \
	proxy/route.c proxy/route.h \
	proxy/socks4.c \
	proxy/socks5.c \
	proxy/socks5_gss.c proxy/socks5_gss.h \
	proxy/utf16.c proxy/utf16.h
