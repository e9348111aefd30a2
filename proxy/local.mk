# proxy: what is said to proxies, and what our own listeners hear
libalcore_la_SOURCES += \
	proxy/auth.c proxy/auth.h \
	proxy/challenge.c proxy/challenge.h \
	proxy/connect.c \
	proxy/digest.c proxy/digest.h \
	proxy/listen.c proxy/listen.h \
	proxy/proxy.c proxy/proxy.h \
	proxy/refusal.c proxy/refusal.h \
	proxy/route.c proxy/route.h \
	proxy/socks4.c \
	proxy/socks5.c
