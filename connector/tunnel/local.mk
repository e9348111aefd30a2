# connector/tunnel: the operators' command
bin_PROGRAMS += alpacon-tunnel
alpacon_tunnel_SOURCES = \
	connector/tunnel/dial.c \
	connector/tunnel/forward.c \
	connector/tunnel/forward.h \
	connector/tunnel/listener.c \
	connector/tunnel/main.c \
	connector/tunnel/route.c \
	connector/tunnel/tunnel.h
alpacon_tunnel_LDADD = libaldaemon.la
