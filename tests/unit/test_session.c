/* tests/unit/test_session.c - one session and a scripted peer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "connector/engine/session_int.h"
#include "tests/lib/script.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

enum start { FRESH, LIVE };

static const struct row {
	const char	*name;
	enum al_role	 role;
	enum start	 start;
	const char	*steps[28];
} rows[] = {
	/* --- greeting ----------------------------------------------------- */
	{ "opener", AL_OPENER, FRESH, { "> HELLO", ">", "< WELCOME 0", "!",
	    "> START 0", "< START 0", "! UP", ">", NULL } },
	{ "acceptor", AL_ACCEPTOR, FRESH, { "> WELCOME 0", ">", "!",
	    "< START 0", "! UP", "> START 0", ">", NULL } },
	{ "opener sends at once after START", AL_OPENER, FRESH, { "open",
	    "write a 5", "> HELLO", "< WELCOME 0",
	    "> START 0 / OPEN 1 49152 {}, DATA 1 5", "< START 0", "! UP",
	    NULL } },
	{ "acceptor waits for START", AL_ACCEPTOR, FRESH, { "open",
	    "write a 5", "> WELCOME 0", ">", "< START 0",
	    "> START 0 / OPEN 2 49152 {}, DATA 2 5", NULL } },
	{ "PING before our START waits", AL_ACCEPTOR, FRESH, { "< PING 5",
	    "> WELCOME 0", ">", "< START 0", "> START 0, PONG 5", NULL } },
	{ "resumed, not asked for", AL_OPENER, FRESH, { "> HELLO",
	    "<! a WELCOME that does not answer our HELLO = WELCOME 1",
	    NULL } },
	{ "other version", AL_OPENER, FRESH, { "> HELLO",
	    "<! a WELCOME that does not answer our HELLO = WELCOME 0 0 v2",
	    NULL } },
	{ "WELCOME knows bytes", AL_OPENER, FRESH, { "> HELLO",
	    "<! a WELCOME that does not answer our HELLO = WELCOME 0 1",
	    NULL } },
	{ "WELCOME twice", AL_OPENER, LIVE, {
	    "<! a second WELCOME = WELCOME 0", NULL } },
	{ "WELCOME to an acceptor", AL_ACCEPTOR, LIVE, {
	    "<! a second WELCOME = WELCOME 0", NULL } },
	{ "second HELLO", AL_ACCEPTOR, LIVE, { "<! a second HELLO = HELLO",
	    NULL } },
	{ "START before WELCOME", AL_OPENER, FRESH, { "> HELLO",
	    "<! the first frame is not WELCOME = START 0", NULL } },
	{ "data before WELCOME", AL_OPENER, FRESH, { "> HELLO",
	    "<! a channel's frame before START = OPEN 2 0 {}", NULL } },
	{ "data before START", AL_ACCEPTOR, FRESH, { "> WELCOME 0",
	    "<! a channel's frame before START = OPEN 1 0 {}", NULL } },
#define REJECT(n) \
	{ "WELCOME " #n, AL_OPENER, FRESH, { "open", "> HELLO", \
	    "< WELCOME " #n " 0 go away", "! REJECTED " #n " 7 go away", \
	    ">", "expiry 0", "!", NULL } }
	REJECT(2), REJECT(3), REJECT(4), REJECT(5), REJECT(6), REJECT(7),
	REJECT(8), REJECT(9), REJECT(10), REJECT(99),

	/* --- positions ---------------------------------------------------- */
	{ "START above what came", AL_ACCEPTOR, FRESH, { "> WELCOME 0",
	    "<! START at a position that leaves a gap = START 1", NULL } },
	{ "START back", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "<! START at a position that leaves a gap = START 17", NULL } },
	{ "START forward over a hole", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "<! START at a position that leaves a gap = START 19", NULL } },
	{ "START where we are", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {} | START 18 | DATA 1 3", "! OPEN a {}", "accept a",
	    "! DATA a",
	    NULL } },
	{ "ACK of what was sent", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "< ACK 18", "< ACK 3", "< ACK 18", ">",
	    NULL } },
	{ "ACK above what was sent", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}",
	    "<! ACK of bytes that were never sent = ACK 19", NULL } },
	{ "ACK of what is not sent yet", AL_OPENER, LIVE, { "open",
	    "<! ACK of bytes that were never sent = ACK 1", NULL } },

	/* --- types -------------------------------------------------------- */
	{ "unknown, may be skipped", AL_ACCEPTOR, LIVE, {
	    "< 0x20 128 5 9 | OPEN 1 0 {} | 0x60 128 7 0", "! OPEN a {}",
	    "time 5000", "> ACK 31 5000", NULL } },
	{ "unknown, must not", AL_ACCEPTOR, LIVE, {
	    "<! unknown frame type 0x20 = 0x20 0 5 9", NULL } },
	{ "unknown of the link", AL_ACCEPTOR, LIVE, {
	    "<! unknown frame type 0x60 = 0x60 0 5 0", NULL } },
	{ "skipped on the link before WELCOME", AL_OPENER, FRESH, {
	    "> HELLO", "< 0x60 128 5 0 | WELCOME 0", "> START 0", NULL } },
	{ "cut off", AL_ACCEPTOR, LIVE, {
	    "<! a frame is cut off at the end of its message = "
	    "CUT 5", NULL } },
	{ "datagram", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}", "! OPEN a {}",
	    "< DGRAM 1 9", "! RESET a 8 datagrams on a channel of bytes",
	    "free a", "> ACK 35 0, RESET 1 8 datagrams on a channel of "
	    "bytes", NULL } },

	/* --- ids ---------------------------------------------------------- */
	{ "even from the opener", AL_ACCEPTOR, LIVE, {
	    "<! a OPEN frame for channel 2: the id is not the next of its "
	    "side = OPEN 2 0 {}", NULL } },
	{ "odd from the acceptor", AL_OPENER, LIVE, {
	    "<! a OPEN frame for channel 1: the id is not the next of its "
	    "side = OPEN 1 0 {}", NULL } },
	{ "falling", AL_ACCEPTOR, LIVE, { "< OPEN 5 0 {}",
	    "<! a OPEN frame for channel 3: the id is not the next of its "
	    "side = OPEN 3 0 {}", NULL } },
	{ "twice", AL_ACCEPTOR, LIVE, { "< OPEN 5 0 {}",
	    "<! a OPEN frame for channel 5: the id is not the next of its "
	    "side = OPEN 5 0 {}", NULL } },
	{ "leaping", AL_ACCEPTOR, LIVE, { "< OPEN 5 0 {} | OPEN 99 0 {}",
	    "! OPEN a {}, OPEN b {}", NULL } },
	{ "never opened by them", AL_ACCEPTOR, LIVE, { "< OPEN 5 0 {}",
	    "<! a DATA frame for channel 7: it was never opened = DATA 7 1",
	    NULL } },
	{ "skipped by them", AL_ACCEPTOR, LIVE, { "< OPEN 5 0 {}",
	    "< DATA 3 1", "! OPEN a {}", NULL } },
	{ "never opened by us", AL_ACCEPTOR, LIVE, {
	    "<! a ACCEPT frame for channel 2: it was never opened = "
	    "ACCEPT 2 1 {}", NULL } },
	{ "not written yet", AL_OPENER, LIVE, { "open",
	    "<! a RESET frame for channel 1: it was never opened = RESET 1 3",
	    NULL } },
	{ "ids rise in the order of the stream", AL_OPENER, LIVE, { "open",
	    "open", "open", "reset b 1", "> OPEN 1 49152 {}, OPEN 3 49152 {}",
	    NULL } },

	/* --- opening ------------------------------------------------------ */
	{ "open, accepted, both ends", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "< ACCEPT 1 100 {\"x\":1} | DATA 1 4",
	    "! ACCEPT a {\"x\":1}, DATA a", "read a 4", "end a 7",
	    "> ACK 31 0, DATA 1 7 FIN", "< DATA 1 0 FIN", "! DATA a",
	    "free a", "time 5000", "> ACK 39 5000", NULL } },
	{ "accept, both ends", AL_ACCEPTOR, LIVE, { "< OPEN 1 5 {\"t\":2}",
	    "! OPEN a {\"t\":2}", "end a 3", ">", "accept a {}",
	    "> ACK 23 0, ACCEPT 1 49152 {}, DATA 1 3 FIN", "< DATA 1 4 FIN",
	    "! DATA a", "read a 4", "free a", "time 5000", "> ACK 35 5000",
	    NULL } },
	{ "data follows OPEN at once", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {} | DATA 1 3 FIN", "! OPEN a {}", "accept a",
	    "! DATA a", "> ACK 29 0, ACCEPT 1 0", NULL } },
	{ "data between OPEN and the answer", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {}", "! OPEN a {}", "< DATA 1 3", "! DATA a",
	    "accept a", "! DATA a", NULL } },
	{ "refused by them", AL_OPENER, LIVE, { "open", "write a 9",
	    "> OPEN 1 49152 {}, DATA 1 9", "< REFUSE 1 3 connection refused",
	    "! REFUSE a 3 connection refused", "write a 5", "free a",
	    "time 5000", "> ACK 28 5000", NULL } },
	{ "refused by us", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "! OPEN a {}", "refuse a 14 no such server",
	    "> ACK 18 0, REFUSE 1 14 no such server", "< DATA 1 5", "!",
	    NULL } },
	{ "data crosses REFUSE", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {} | DATA 1 9", "! OPEN a {}", "refuse a 1 no",
	    "< DATA 1 9 FIN", "!", "> ACK 52 0, REFUSE 1 1 no", NULL } },
	{ "ACCEPT nobody asked for", AL_OPENER, LIVE, { "< OPEN 2 0 {}",
	    "<! a ACCEPT frame for channel 2: nobody asked = ACCEPT 2 0 {}",
	    NULL } },
	{ "ACCEPT twice", AL_OPENER, LIVE, { "open", "> OPEN 1 49152 {}",
	    "< ACCEPT 1 0",
	    "<! a ACCEPT frame for channel 1: nobody asked = ACCEPT 1 0 {}",
	    NULL } },
	{ "REFUSE after ACCEPT", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "< ACCEPT 1 0",
	    "<! a REFUSE frame for channel 1: nobody asked = REFUSE 1 3",
	    NULL } },
	{ "REFUSE nobody asked for", AL_OPENER, LIVE, { "< OPEN 2 0 {}",
	    "<! a REFUSE frame for channel 2: nobody asked = REFUSE 2 3",
	    NULL } },
	{ "data before ACCEPT", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}",
	    "<! a DATA frame for channel 1: before ACCEPT = DATA 1 3",
	    NULL } },
	{ "data after FIN", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "< DATA 1 0 FIN",
	    "<! a DATA frame for channel 1: after its end = DATA 1 1",
	    NULL } },
	{ "empty data is no news", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "! OPEN a {}", "accept a", "< DATA 1 0", "!", NULL } },
	{ "an answer after the peer's RESET", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {}", "! OPEN a {}", "< RESET 1 11 gone",
	    "accept a {}", "! RESET a 11 gone", "free a", "time 5000",
	    "> ACK 32 5000", NULL } },
	{ "a refusal after the peer's RESET", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {}", "! OPEN a {}", "< RESET 1 11 gone",
	    "refuse a 3", "!", "time 5000", "> ACK 32 5000", NULL } },

	/* --- RESET -------------------------------------------------------- */
	{ "RESET by them", AL_OPENER, LIVE, { "open", "> OPEN 1 49152 {}",
	    "< ACCEPT 1 0 | DATA 1 5 | RESET 1 11 bye",
	    "! RESET a 11 bye", "free a", "< DATA 1 5", "!", NULL } },
	{ "RESET by us", AL_OPENER, LIVE, { "open", "> OPEN 1 49152 {}",
	    "< ACCEPT 1 0", "! ACCEPT a", "write a 100", "reset a 11 bye",
	    "> ACK 12 0, RESET 1 11 bye", "< DATA 1 5 | CREDIT 1 5 | "
	    "RESET 1 3", "!", NULL } },
	{ "RESETs cross", AL_OPENER, LIVE, { "open", "> OPEN 1 49152 {}",
	    "< ACCEPT 1 0", "! ACCEPT a", "reset a 11 bye",
	    "< RESET 1 11 hi", "!", "time 5000", "> ACK 24 5000", NULL } },
	{ "REFUSE crosses our RESET", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "reset a 4 late", "< REFUSE 1 3", "!",
	    "time 5000", "> ACK 10 5000", NULL } },
	{ "ACCEPT crosses our RESET", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "reset a 4 late", "< ACCEPT 1 3 | DATA 1 9",
	    "!", "> ACK 29 0, RESET 1 4 late", NULL } },
	{ "their RESET crosses our REFUSE", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {}", "! OPEN a {}", "refuse a 3", "< RESET 1 11", "!",
	    "time 5000", "> ACK 28 5000", NULL } },
	{ "RESET after our REFUSE", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "! OPEN a {}", "refuse a 3", "> ACK 18 0, REFUSE 1 3",
	    "< RESET 1 11", "!", NULL } },
	{ "reset before OPEN was written", AL_OPENER, LIVE, { "open",
	    "write a 5", "reset a 11", ">", "!", "open",
	    "> OPEN 1 49152 {}", NULL } },
	{ "OPEN taken back before it was told", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {} | DATA 1 5 | RESET 1 11", "!", "time 5000",
	    "> ACK 41 5000", NULL } },
	{ "killed before it was told", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {} | DGRAM 1 5", "!",
	    "> ACK 31 0, RESET 1 8 datagrams on a channel of bytes", NULL } },
	{ "killed, and refused before that was told", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {}", "! OPEN a {}", "< DGRAM 1 5", "refuse a 3", "!",
	    "> ACK 31 0, RESET 1 8 datagrams on a channel of bytes", NULL } },
	{ "free is a RESET when an end is open", AL_OPENER, LIVE, { "open",
	    "end a 1", "> OPEN 1 49152 {}, DATA 1 1 FIN", "< ACCEPT 1 0",
	    "! ACCEPT a", "free a", "> ACK 12 0, RESET 1 11", NULL } },
	{ "free is a RESET when bytes are unread", AL_OPENER, LIVE, { "open",
	    "end a 1", "> OPEN 1 49152 {}, DATA 1 1 FIN", "< ACCEPT 1 0 | "
	    "DATA 1 1 FIN", "! ACCEPT a, DATA a", "free a",
	    "> ACK 21 0, RESET 1 11", NULL } },
	{ "RESET behind bytes of the same message", AL_ACCEPTOR, LIVE, {
	    "< OPEN 1 0 {} | OPEN 3 0 {}", "! OPEN a {}, OPEN b {}",
	    "< DATA 1 9000 | RESET 1 11 | DATA 3 5", "! RESET a 11, DATA b",
	    "free a", "read b 5", NULL } },

	/* --- credit ------------------------------------------------------- */
	{ "data up to the credit", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "< DATA 1 16348 | DATA 1 36", "! OPEN a {}", NULL } },
	{ "data beyond the credit", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "! OPEN a {}", "< DATA 1 16348 | DATA 1 37",
	    "! RESET a 13 more data than credit", "free a",
	    "> ACK 16419 0, RESET 1 13 more data than credit", NULL } },
	{ "credit comes back at half", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "! OPEN a {}", "accept a", "> ACK 18 0, ACCEPT 1 49152",
	    "< DATA 1 16000", "< DATA 1 16000", "< DATA 1 1000", "! DATA a",
	    "read a 32767", ">", "read a 1",
	    "> ACK 33042 0, CREDIT 1 32768", NULL } },
	{ "no credit behind their end", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "! OPEN a {}", "accept a", "> ACK 18 0, ACCEPT 1 49152",
	    "< DATA 1 16000", "< DATA 1 16000", "< DATA 1 16000",
	    "read a 48000", "< DATA 1 5 FIN", "read a 5", "time 5000",
	    "> ACK 48055 5000",
	    NULL } },
	{ "sending stops without credit", AL_OPENER, LIVE, { "open",
	    "write a 20000", "> OPEN 1 49152 {}, DATA 1 16330",
	    "< CREDIT 1 5000", "! WRITABLE a", "> ACK 12 0, DATA 1 3670",
	    NULL } },
	{ "a rest of credit is not worth a read", AL_OPENER, LIVE, { "open",
	    "write a 12289", "> OPEN 1 49152 {}, DATA 1 12289", "write a 9",
	    ">", "< CREDIT 1 1", "! WRITABLE a",
	    "> ACK 12 0, DATA 1 9", NULL } },
	{ "credit of ACCEPT", AL_OPENER, LIVE, { "open", "write a 16330",
	    "> OPEN 1 49152 {}, DATA 1 16330", "write a 5", ">",
	    "< ACCEPT 1 4096", "! ACCEPT a, WRITABLE a",
	    "> ACK 12 0, DATA 1 5", NULL } },
	{ "credit without end", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "< CREDIT 1 1073741824",
	    "! RESET a 13 credit without end", "free a",
	    "> ACK 12 0, RESET 1 13 credit without end", NULL } },
	{ "credit without end, 32 bits", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "< CREDIT 1 4294967295",
	    "! RESET a 13 credit without end", NULL } },
	{ "end without credit waits", AL_OPENER, LIVE, { "open",
	    "end a 16384", "> OPEN 1 49152 {}, DATA 1 16330",
	    "< CREDIT 1 5000", "! WRITABLE a",
	    "> ACK 12 0, DATA 1 54 FIN", NULL } },

	/* --- the session -------------------------------------------------- */
	{ "GOAWAY by them", AL_OPENER, LIVE, { "open", "> OPEN 1 49152 {}",
	    "< GOAWAY 7 30 restart", "! GOAWAY 7 30 restart", "noopen",
	    "< ACCEPT 1 0", "! ACCEPT a", NULL } },
	{ "GOAWAY by us, stopping", AL_ACCEPTOR, LIVE, { "goaway 7 5 stop",
	    "noopen", "> GOAWAY 7 5 stop", "< OPEN 1 0 {}", "!",
	    "> ACK 18 0, REFUSE 1 7", NULL } },
	{ "GOAWAY by us, not stopping", AL_ACCEPTOR, LIVE, {
	    "goaway 16 300 other", "> GOAWAY 16 300 other", "< OPEN 1 0 {}",
	    "! OPEN a {}", NULL } },
	{ "CLOSE 0 waits for the ring", AL_OPENER, LIVE, { "open",
	    "end a 3", "> OPEN 1 49152 {}, DATA 1 3 FIN", "close 0 0 done", ">",
	    "< ACK 18", ">", "< ACK 29", "> CLOSE 0 0 done", ">",
	    "expiry 0", NULL } },
	{ "CLOSE 0 waits for a RESET", AL_OPENER, LIVE, { "open",
	    "> OPEN 1 49152 {}", "< ACK 18", "reset a 11", "close 0",
	    "> RESET 1 11", "< ACK 28", "> CLOSE 0 0", NULL } },
	{ "CLOSE 17 at once", AL_OPENER, LIVE, { "open", "write a 9999",
	    "> OPEN 1 49152 {}, DATA 1 9999", "write a 100",
	    "close 17 0 revoked", "> CLOSE 17 0 revoked", ">", NULL } },
	{ "CLOSE before START came", AL_ACCEPTOR, FRESH, { "> WELCOME 0",
	    "close 17", "> CLOSE 17 0", NULL } },
	{ "CLOSE right after WELCOME", AL_OPENER, FRESH, { "> HELLO",
	    "close 16", ">", "< WELCOME 0", "> START 0, CLOSE 16 0",
	    NULL } },
	{ "CLOSE by them", AL_OPENER, LIVE, { "open", "> OPEN 1 49152 {}",
	    "< ACCEPT 1 0 | DATA 1 5 FIN | CLOSE 16 0 superseded | PING 3",
	    "! ACCEPT a, DATA a, CLOSE 16 superseded", ">", "read a 5",
	    NULL } },
	{ "CLOSE before their START", AL_OPENER, FRESH, { "> HELLO",
	    "< WELCOME 0", "> START 0", "< CLOSE 17 0 no", "! CLOSE 17 no",
	    NULL } },
	{ "DETACH", AL_OPENER, LIVE, { "< DETACH 3 60 soon",
	    "! DETACH 3 60 soon", NULL } },

	/* --- time --------------------------------------------------------- */
	{ "ACK after 5 ms", AL_ACCEPTOR, LIVE, { "expiry 15000000",
	    "< OPEN 1 0 {}", "expiry 5000", ">", "time 4999", ">", "expired",
	    ">", "time 1", "expired", "expiry 14995000", "> ACK 18 5000",
	    "expiry 15000000", NULL } },
	{ "ACK after 64 KiB", AL_ACCEPTOR, LIVE, { "< OPEN 1 0 {}",
	    "! OPEN a {}", "accept a", "> ACK 18 0, ACCEPT 1 49152",
	    "< DATA 1 16000", "< DATA 1 16000", "< DATA 1 16000",
	    "< DATA 1 16000", ">", "< DATA 1 1504", "> ACK 65562 0",
	    NULL } },
	{ "ACK rides on data", AL_OPENER, LIVE, { "< OPEN 2 0 {}",
	    "! OPEN a {}", "accept a", "> ACK 18 0, ACCEPT 2 49152",
	    NULL } },
	{ "ACK rides on PONG", AL_OPENER, LIVE, { "< OPEN 2 0 {} | PING 9",
	    "> PONG 9, ACK 18 0", NULL } },
	{ "one PONG for many PINGs", AL_OPENER, LIVE, { "< PING 1 | PING 2",
	    "< PING 3", "> PONG 3", ">", NULL } },
	{ "PING after 15 s", AL_OPENER, LIVE, { "expiry 15000000",
	    "time 14999999", "expired", ">", "time 1", "expired",
	    "expiry 22500000", "> PING 1", "expiry 15000000", "time 200",
	    "< PONG 1", "! PONG 200", "time 14999800", "expired",
	    "> PING 2", NULL } },
	{ "PING again without PONG", AL_OPENER, LIVE, { "time 15000000",
	    "expired", "> PING 1", "< PING 7", "time 15000000", "expired",
	    "> PONG 7, PING 2", "< PONG 1", "!", "< PONG 2", "! PONG 0",
	    NULL } },
	{ "measured on demand", AL_OPENER, LIVE, { "ping", "> PING 1", "ping",
	    ">", "time 77", "< PONG 9", "!", "< PONG 1", "! PONG 77",
	    NULL } },
	{ "dead after 37.5 s", AL_OPENER, LIVE, { "time 37499999", "expired",
	    "> PING 1", "time 1",
	    "dead no byte has come for 37.5 s: the path is dead", NULL } },
	{ "any byte is life", AL_OPENER, LIVE, { "time 37499999",
	    "< PING 1", "time 1", "expired", "!", NULL } },
	{ "another interval", AL_OPENER, LIVE, { "keepalive 10000",
	    "expiry 10000000", "time 10000000", "expired", "> PING 1",
	    "< PONG 1", "time 24999999", "expired", "> PING 2", "time 1",
	    "dead no byte has come for 25.0 s: the path is dead", NULL } },
	{ "a short one", AL_OPENER, LIVE, { "keepalive 5000",
	    "expiry 5000000", "time 19999999", "expired", "> PING 1",
	    "time 1", "dead no byte has come for 20.0 s: the path is dead",
	    NULL } },
	{ "one that began already", AL_OPENER, LIVE, { "time 12000000",
	    "expired", ">", "keepalive 10000", "expired", "> PING 1",
	    NULL } },
	{ "back to the session's", AL_OPENER, LIVE, { "keepalive 60000",
	    "expiry 60000000", "keepalive 0", "expiry 15000000", NULL } },
	{ "no WELCOME", AL_OPENER, FRESH, { "> HELLO", "expiry 15000000",
	    "time 14999999", "expired", "time 1",
	    "dead no WELCOME within 15 s", NULL } },
	{ "no START to an opener", AL_OPENER, FRESH, { "> HELLO",
	    "< WELCOME 0", "> START 0", "time 15000000",
	    "dead no START within 15 s", NULL } },
	{ "no START to an acceptor", AL_ACCEPTOR, FRESH, { "> WELCOME 0",
	    "time 15000000", "dead no START within 15 s", NULL } },
};

/* --- the table ------------------------------------------------------------ */
static void
start(struct script *t, const struct row *r)
{
	script_init(t, r->name, r->role, NULL);
	if (r->start == LIVE)
		script_greet(t, r->role);
}

static void
every_row(void **state)
{
	const struct row *r;
	size_t i;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		struct script t;

		start(&t, r);
		for (i = 0; r->steps[i] != NULL; i++)
			script_step(&t, r->steps[i]);
		script_fini(&t);
	}
}

enum leave {
	SESSION,		/* free it as it is                         */
	LINK,			/* the link first                           */
	FREE,			/* every channel, then go on                */
	RESET,
	LEAVES
};

static void
leave_here(struct script *t, enum leave how)
{
	static char text[65536];
	size_t i;

	if (how == LINK)
		al_link_free(t->l, t->now_us);
	for (i = 0; i < t->n_chans && how >= FREE; i++) {
		if (t->chan[i] == NULL)
			continue;
		if (how == FREE)
			al_chan_free(t->chan[i]);
		else
			al_chan_reset(t->chan[i], 1, "x");
		t->chan[i] = NULL;
	}
	script_events(t, text, sizeof(text));
	if (how != LINK)
		script_take(t, text, sizeof(text));
	script_events(t, text, sizeof(text));
	script_fini(t);
}

/* The caller lets go after any step. */
static void
every_moment(void **state)
{
	const struct row *r;
	enum leave how;
	size_t n, i;

	(void)state;
	for (r = rows; r < rows + N(rows); r++) {
		for (n = 0; n == 0 || r->steps[n - 1] != NULL; n++) {
			for (how = 0; how < LEAVES; how++) {
				struct script t;

				start(&t, r);
				for (i = 0; i < n && r->steps[i] != NULL; i++)
					script_step(&t, r->steps[i]);
				leave_here(&t, how);
			}
		}
	}
}

/* --- limits --------------------------------------------------------------- */
static void
channel_limit(void **state)
{
	const struct al_session_opts o = { .max_channels = 2 };
	struct script t;

	(void)state;
	script_init(&t, "channel limit", AL_ACCEPTOR, &o);
	script_greet(&t, AL_ACCEPTOR);
	script_step(&t, "< OPEN 1 0 {} | OPEN 3 0 {} | OPEN 5 0 {}");
	script_step(&t, "! OPEN a {}, OPEN b {}");
	script_step(&t, "noopen");
	script_step(&t, "> ACK 54 0, REFUSE 5 6");
	script_step(&t, "refuse a 3");
	script_step(&t, "< OPEN 7 0 {}");	/* REFUSE 3 is not out */
	script_step(&t, "!");
	script_step(&t, "> ACK 72 0, REFUSE 1 3, REFUSE 7 6");
	script_step(&t, "< OPEN 9 0 {}");
	script_step(&t, "! OPEN c {}");
	script_fini(&t);
}

static void
refused_flood(void **state)
{
	const struct al_session_opts o = { .max_channels = 1 };
	struct script t;
	struct al_err err;
	enum al_code code = AL_OK;
	unsigned id;

	(void)state;
	script_init(&t, "refused flood", AL_ACCEPTOR, &o);
	script_greet(&t, AL_ACCEPTOR);
	for (id = 1; code == AL_OK && id < 20000; id += 2) {
		char text[32];

		(void)snprintf(text, sizeof(text), "OPEN %u 0 {}", id);
		code = script_feed(&t, text, &err);
	}
	assert_int_equal(code, AL_EPROTO);
	assert_true(al_session_channels(t.s) < 5000);
	script_fini(&t);
}

static void
pending_limit(void **state)
{
	const struct al_session_opts o = { .max_pending = 2 };
	struct script t;

	(void)state;
	script_init(&t, "pending limit", AL_OPENER, &o);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_step(&t, "open");
	script_step(&t, "open");
	script_step(&t, "open");
	script_step(&t, "write c 5");
	script_step(&t, "> OPEN 1 49152 {}, OPEN 3 49152 {}");
	script_step(&t, "< ACCEPT 3 0");
	script_step(&t, "! ACCEPT b");
	script_step(&t, "> ACK 12 0, OPEN 5 49152 {}, DATA 5 5");
	script_step(&t, "write b 7");	/* others go on */
	script_step(&t, "> DATA 3 7");
	script_step(&t, "reset a 4");
	script_step(&t, "> RESET 1 4, OPEN 7 49152 {}");
	script_fini(&t);
}

/* A peer that waits for no answer: what waits here has a bound too. */
static void
asked_limit(void **state)
{
	const struct al_session_opts o = { .max_pending = 2 };
	struct script t;

	(void)state;
	script_init(&t, "asked limit", AL_ACCEPTOR, &o);
	script_greet(&t, AL_ACCEPTOR);
	script_step(&t, "< OPEN 1 0 {} | OPEN 3 0 {} | OPEN 5 0 {}");
	script_step(&t, "! OPEN a {}, OPEN b {}");
	script_step(&t, "> ACK 54 0, REFUSE 5 6");
	script_step(&t, "accept a {}");
	script_step(&t, "< OPEN 7 0 {}");	/* a has its answer */
	script_step(&t, "! OPEN c {}");
	script_step(&t, "> ACK 72 0, ACCEPT 1 49152 {}");
	script_step(&t, "refuse b 3");
	script_step(&t, "> REFUSE 3 3");
	script_step(&t, "< OPEN 9 0 {} | RESET 9 11 | OPEN 11 0 {}");
	script_step(&t, "! OPEN d {}");		/* 9 was taken back */
	script_step(&t, "< OPEN 13 0 {}");
	script_step(&t, "!");
	script_fini(&t);
}

/* 64 are told, and CLOSE is told whatever came before. */
static void
note_flood(void **state)
{
	struct script t;
	struct al_event ev;
	size_t n = 0, i;

	(void)state;
	script_init(&t, "note flood", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	for (i = 0; i < 500; i++)
		script_step(&t, "< GOAWAY 7 1 x | DETACH 1 1 y");
	script_step(&t, "< CLOSE 18 0 z");
	while (al_session_next(t.s, &ev))
		n++;
	assert_int_equal(n, 65);
	assert_int_equal(ev.type, AL_EV_CLOSE);
	script_fini(&t);
}

static void
long_answer(void **state)
{
	char json[4098 + 9] = "accept a ";
	struct script t;

	(void)state;
	script_init(&t, "long answer", AL_ACCEPTOR, NULL);
	script_greet(&t, AL_ACCEPTOR);
	script_step(&t, "< OPEN 1 0 {} | OPEN 3 0 {}");
	script_step(&t, "! OPEN a {}, OPEN b {}");
	memset(json + 9, 'x', 4097);
	al_chan_accept(t.chan[0], json + 9);
	al_chan_accept(t.chan[1], "{}");
	script_step(&t, "! RESET a 9 the answer is too long");
	script_step(&t, "> ACK 36 0, RESET 1 9 the answer is too long, "
	    "ACCEPT 3 49152 {}");
	script_fini(&t);
}

/* --- budgets -------------------------------------------------------------- */
static void
window_budget(void **state)
{
	struct al_budget process = { .max = 100000 };
	const struct al_session_opts o = { .window_budget = 200000,
	    .process = &process };
	struct script t;

	(void)state;
	script_init(&t, "window budget", AL_OPENER, &o);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_step(&t, "open");
	script_step(&t, "open");
	script_step(&t, "open");
	/* the session gives half of its budget to OPENs: two */
	script_step(&t, "> OPEN 1 49152 {}, OPEN 3 49152 {}, OPEN 5 0 {}, "
	    "OPEN 7 0 {}");
	assert_int_equal(process.used, 98304);
	script_step(&t, "reset a 1");
	assert_int_equal(process.used, 49152);
	script_step(&t, "< REFUSE 3 1");
	assert_int_equal(process.used, 0);
	script_step(&t, "open");
	script_step(&t, "> ACK 10 0, RESET 1 1, OPEN 9 49152 {}");
	assert_int_equal(process.used, 49152);
	script_fini(&t);
	assert_int_equal(process.used, 0);
}

/* A channel whose peer has ended needs no window. */
static void
window_of_ended(void **state)
{
	struct al_budget process = { .max = 100000 };
	const struct al_session_opts o = { .process = &process };
	struct script t;

	(void)state;
	script_init(&t, "window of ended", AL_ACCEPTOR, &o);
	script_greet(&t, AL_ACCEPTOR);
	script_step(&t, "< OPEN 1 0 {} | OPEN 3 0 {}");
	script_step(&t, "! OPEN a {}, OPEN b {}");
	script_step(&t, "accept a");
	script_step(&t, "< DATA 3 4 FIN");
	script_step(&t, "accept b");
	script_step(&t, "> ACK 48 0, ACCEPT 1 49152, ACCEPT 3 0");
	assert_int_equal(process.used, 49152);
	script_step(&t, "< DATA 1 4 FIN");
	assert_int_equal(process.used, 49152);
	script_step(&t, "read a 4");
	assert_int_equal(process.used, 0);
	script_fini(&t);
}

/* As if the path were a fast and long one. */
static void
widen(struct script *t)
{
	memset(&t->s->flight, 0, sizeof(t->s->flight));
	al_flight_rate(&t->s->flight, 1000000000, t->now_us);
	al_flight_rtt(&t->s->flight, 100000, t->now_us);
}

/* The ring is full at 1 MiB of blocks; an ACK makes room. */
static void
full_ring(void **state)
{
	static char text[65536];
	struct script t;
	size_t sent = 0;
	char *p;

	(void)state;
	script_init(&t, "full ring", AL_OPENER, NULL);
	widen(&t);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_step(&t, "> OPEN 1 49152 {}");
	script_step(&t, "< ACCEPT 1 8000000");
	script_step(&t, "write a 4000000");
	script_take(&t, text, sizeof(text));
	for (p = text; (p = strstr(p, "DATA 1 ")) != NULL; p += 7)
		sent += strtoul(p + 7, NULL, 10);
	assert_in_range(sent, 1000000, 1050000);
	script_step(&t, ">");
	script_step(&t, "< PING 1");		/* link frames need no ring */
	script_step(&t, "> PONG 1");
	script_step(&t, "< ACK 16374");
	widen(&t);
	script_take(&t, text, sizeof(text));
	assert_memory_equal(text, "DATA 1 16348", 12);
	script_fini(&t);
}

/* On a path that nobody has measured, bulk has 256 KiB on its way. */
static void
bounded_flight(void **state)
{
	static char text[65536];
	struct script t;
	size_t sent = 0;
	char *p;

	(void)state;
	script_init(&t, "bounded flight", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_step(&t, "> OPEN 1 49152 {}");
	script_step(&t, "< ACCEPT 1 8000000");
	script_step(&t, "write a 4000000");
	script_take(&t, text, sizeof(text));
	for (p = text; (p = strstr(p, "DATA 1 ")) != NULL; p += 7)
		sent += strtoul(p + 7, NULL, 10);
	assert_in_range(sent, 262144, 262144 + 2 * 16348);
	script_step(&t, ">");
	script_step(&t, "open");		/* what is small goes all the same */
	script_take(&t, text, sizeof(text));
	assert_memory_equal(text, "OPEN 3", 6);
	script_step(&t, "< ACK 100000");
	script_take(&t, text, sizeof(text));
	assert_memory_equal(text, "DATA 1 16", 9);
	script_fini(&t);
}

/* Small records too, although their open one stays. */
static void
full_ring_of_small(void **state)
{
	static char text[65536];
	struct script t;
	size_t n;

	(void)state;
	script_init(&t, "full ring of small records", AL_OPENER, NULL);
	widen(&t);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_step(&t, "> OPEN 1 49152 {}");
	script_step(&t, "< ACCEPT 1 8000000");
	for (n = 0; n < 1000; n++) {
		struct al_msg msg;

		script_step(&t, "write a 3000");
		script_fill(&t);
		if (!al_link_take(t.l, t.now_us, &msg))
			break;
	}
	assert_in_range(n, 300, 350);
	script_take(&t, text, sizeof(text));
	assert_string_equal(text, "");
	script_fini(&t);
}

/* The last line: over 32 MiB of undelivered blocks the largest queue goes. */
static void
buffered_limit(void **state)
{
	struct script t;
	struct al_event ev;
	unsigned id, resets = 0;
	char text[64];

	(void)state;
	script_init(&t, "buffered limit", AL_ACCEPTOR, NULL);
	script_greet(&t, AL_ACCEPTOR);
	for (id = 1; id < 6000; id += 2) {
		(void)snprintf(text, sizeof(text), "< OPEN %u 0 {}", id);
		script_step(&t, text);
		assert_true(al_session_next(t.s, &ev));
		assert_int_equal(ev.type, AL_EV_OPEN);
		al_chan_accept(ev.chan, NULL);
		(void)snprintf(text, sizeof(text), "< DATA %u %u", id,
		    id == 501 ? 16384 - 36 : 16000);
		script_step(&t, text);
		while (al_session_next(t.s, &ev)) {
			if (ev.type != AL_EV_RESET)
				continue;
			assert_int_equal(ev.code, AL_CHAN_LIMIT);
			if (resets++ == 0)
				assert_int_equal(al_chan_id(ev.chan), 501);
			al_chan_free(ev.chan);
		}
		assert_true(t.s->buffered <= BUFFERED_MAX);
	}
	assert_in_range(resets, 900, 1000);
	script_fini(&t);
}

/* Over the bound of the process, a session with more than its share pays. */
static void
process_buffered_limit(void **state)
{
	struct al_budget process = { .max = 100000, .buffered_max = 40000 };
	const struct al_session_opts o = { .process = &process };
	struct script big, small;

	(void)state;
	script_init(&small, "small", AL_ACCEPTOR, &o);
	script_init(&big, "big", AL_ACCEPTOR, &o);
	script_greet(&small, AL_ACCEPTOR);
	script_greet(&big, AL_ACCEPTOR);
	script_step(&big, "< OPEN 1 0 {}");
	script_step(&big, "! OPEN a {}");
	script_step(&big, "accept a");
	script_step(&big, "< OPEN 3 0 {}");
	script_step(&big, "! OPEN b {}");
	script_step(&big, "accept b");
	script_step(&small, "< OPEN 1 0 {}");
	script_step(&small, "! OPEN a {}");
	script_step(&small, "accept a");
	script_step(&big, "< DATA 1 16000");
	script_step(&big, "! DATA a");
	script_step(&big, "< DATA 3 16348");
	script_step(&big, "! DATA b");
	script_step(&small, "< DATA 1 16000");	/* past it, within its share */
	script_step(&small, "! DATA a");
	script_step(&big, "< DATA 1 10");
	script_step(&big, "! DATA a, "
	    "RESET b 6 too many bytes wait for a slow reader");
	script_step(&small, "read a 16000");
	script_fini(&big);
	script_fini(&small);
	assert_int_equal(process.buffered, 0);
	assert_int_equal(process.sessions, 0);
}

/* A thousand frames without use a second, not more. */
static void
idle_flood(void **state)
{
	static const char *const frames[] = { "CREDIT 1 0", "DATA 1 0" };
	char ok[64], bad[128];
	struct script t;
	size_t i;
	unsigned n;

	(void)state;
	for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		script_init(&t, frames[i], AL_ACCEPTOR, NULL);
		script_greet(&t, AL_ACCEPTOR);
		(void)snprintf(ok, sizeof(ok), "< %s", frames[i]);
		(void)snprintf(bad, sizeof(bad), "<! a flood of frames that "
		    "carry nothing = %s", frames[i]);
		script_step(&t, "< OPEN 1 0 {}");
		script_step(&t, "! OPEN a {}");
		script_step(&t, "accept a");
		script_step(&t, "time 1000000");
		for (n = 0; n < 1000; n++)
			script_step(&t, ok);
		script_step(&t, "time 1000000");
		for (n = 0; n < 1000; n++)
			script_step(&t, ok);
		script_step(&t, bad);
		script_fini(&t);
	}
}

/* Round trip: from sent to acknowledged, less the delay. */
static void
round_trip(void **state)
{
	struct script t;

	(void)state;
	script_init(&t, "round trip", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	assert_int_equal(al_session_rtt_us(t.s), 0);
	script_step(&t, "open");
	script_step(&t, "> OPEN 1 49152 {}");
	script_step(&t, "time 20000");
	script_step(&t, "< ACK 18 5000");
	assert_int_equal(al_session_rtt_us(t.s), 15000);
	script_fini(&t);
}

/* An idle session and its channels own no buffer. */
static void
idle_owns_nothing(void **state)
{
	struct al_chan *c;
	struct script t;

	(void)state;
	script_init(&t, "idle", AL_OPENER, NULL);
	script_greet(&t, AL_OPENER);
	script_step(&t, "open");
	script_step(&t, "write a 20");
	script_step(&t, "> OPEN 1 49152 {}, DATA 1 20");
	script_step(&t, "< ACCEPT 1 0 {} | ACK 46 | DATA 1 5");
	script_step(&t, "! ACCEPT a {}, DATA a");
	script_step(&t, "read a 5");
	script_step(&t, "time 5000");
	script_step(&t, "> ACK 27 5000");
	c = t.chan[0];
	assert_int_equal(al_chan_queued(c), 0);
	assert_int_equal(al_chan_bytes_in(c), 5);
	assert_int_equal(al_chan_bytes_out(c), 20);
	assert_null(al_chan_take(c));
	assert_true(c->ev_text == NULL && c->out_text == NULL);
	assert_true(t.s->open == NULL && t.s->ring_head == NULL);
	assert_int_equal(t.s->buffered, 0);
	script_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(every_moment),
		cmocka_unit_test(channel_limit),
		cmocka_unit_test(refused_flood),
		cmocka_unit_test(pending_limit),
		cmocka_unit_test(asked_limit),
		cmocka_unit_test(note_flood),
		cmocka_unit_test(long_answer),
		cmocka_unit_test(window_budget),
		cmocka_unit_test(process_buffered_limit),
		cmocka_unit_test(idle_flood),
		cmocka_unit_test(window_of_ended),
		cmocka_unit_test(full_ring),
		cmocka_unit_test(bounded_flight),
		cmocka_unit_test(full_ring_of_small),
		cmocka_unit_test(buffered_limit),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(idle_owns_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
