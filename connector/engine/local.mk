# connector/engine: state without I/O, bytes and now in, bytes and events out
libalcore_la_SOURCES += \
	connector/engine/backoff.c connector/engine/backoff.h \
	connector/engine/block.c connector/engine/block.h \
	connector/engine/chan.c \
	connector/engine/chan_in.c \
	connector/engine/detach.c \
	connector/engine/expiry.c \
	connector/engine/flight.c connector/engine/flight.h \
	connector/engine/life.h \
	connector/engine/link.c \
	connector/engine/link_in.c \
	connector/engine/link_life.c \
	connector/engine/link_out.c \
	connector/engine/link_switch.c \
	connector/engine/ring.c \
	connector/engine/sched.c \
	connector/engine/session.c connector/engine/session.h \
	connector/engine/session_int.h \
	connector/engine/upgrade.c connector/engine/upgrade.h \
	connector/engine/upgrade_server.c \
	connector/engine/window.c \
	connector/engine/ws.c connector/engine/ws.h
