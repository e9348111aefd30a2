/* connector/engine/session_int.h - what the files of the session share. */
#ifndef AL_ENGINE_SESSION_INT_H
#define AL_ENGINE_SESSION_INT_H

#include <sys/queue.h>

#include "connector/engine/flight.h"
#include "connector/engine/session.h"

#define MAX_CHANNELS	16384u
#define MAX_PENDING	2048u
#define WINDOW_MIN	16384u		/* credit both ways from the start   */
#define WINDOW_OPEN	49152u		/* on top, in OPEN and ACCEPT        */
#define WINDOW_MAX	(1024u * 1024)
#define WINDOW_BUDGET	(16u << 20)
#define BUFFERED_MAX	(32u << 20)	/* undelivered bytes of a session    */
#define CREDIT_MAX	(1u << 30)	/* more is a mistake of the peer     */
#define CREDIT_MIN	4096u		/* less is not worth a read          */
#define RING_MIN	(1u << 20)
#define RING_MAX	(8u << 20)
#define ACK_BYTES	65536u
#define ACK_US		5000u
#define PING_MS		15000u
#define PING_MAX_MS	600000u
#define DEAD_MIN_US	20000000u
#define WELCOME_US	15000000u
#define START_US	15000000u	/* after HELLO                       */
#define SWITCH_US	10000000u	/* a resuming opener, after its START */
#define OLD_US		2000000u	/* what a link that was left may say */
#define OPENER_GRACE_US	40000000u	/* longer than the acceptor's        */
#define DETACH_TEXT_MAX	100u		/* other frames share its message    */
#define IDLE_FRAMES_S	1000u		/* frames without use a second       */
#define ID_MAX		0x7ffffff0u

/* Bits of a channel. */
#define C_OURS		0x0001u	/* we opened it                           */
#define C_ACCEPTED	0x0002u
#define C_PENDING	0x0004u	/* our OPEN is out, no answer yet         */
#define C_READABLE	0x0008u	/* the source has bytes                   */
#define C_FIN_SENT	0x0010u
#define C_FIN_RCVD	0x0020u
#define C_DEAD		0x0040u	/* REFUSE or RESET went or came           */
#define C_LEFT		0x0080u	/* the caller has freed it                */
#define C_STARVED	0x0100u	/* told nobody about credit since it was out */
#define C_BULK		0x0200u
#define C_ON_CTL	0x0400u
#define C_ON_EV		0x0800u
#define C_ON_SCHED	0x1000u
#define C_COUNTED	0x2000u	/* in the table of ids                    */
#define C_ASKED		0x4000u	/* the peer's OPEN, not answered yet      */

/* Control frames that are due: bits until the scheduler writes them. */
#define DUE_OPEN	0x01u
#define DUE_ACCEPT	0x02u
#define DUE_REFUSE	0x04u
#define DUE_RESET	0x08u
#define DUE_CREDIT	0x10u

/* Events that wait to be told; the order of the bits is theirs. */
#define TELL_OPEN	0x01u
#define TELL_ACCEPT	0x02u
#define TELL_DATA	0x04u
#define TELL_WRITABLE	0x08u
#define TELL_REFUSE	0x10u
#define TELL_RESET	0x20u

struct al_chan {
	struct al_session	*s;
	void			*user;
	struct al_chan		*next_id;	/* in a slot of the table   */
	TAILQ_ENTRY(al_chan)	 ctl, ev, sched, all;
	uint32_t		 id;		/* 0: OPEN is not out yet   */
	uint16_t		 bits;
	uint8_t			 due, tell;
	uint8_t			 kind;
	uint16_t		 out_code, ev_code;
	uint32_t		 send_credit;
	uint32_t		 recv_credit;	/* the peer may still send  */
	uint32_t		 window;	/* recv_credit when all is
						 * consumed and returned    */
	uint32_t		 owed;		/* consumed, not returned   */
	uint32_t		 deficit;	/* of the round robin       */
	uint32_t		 queued;	/* received, not consumed   */
	uint32_t		 class_bytes, grow_bytes;
	uint64_t		 class_us, grow_us;
	uint64_t		 bytes_in, bytes_out;
	struct al_block		*head, *tail;	/* received                 */
	char			*out_text;	/* of OPEN, ACCEPT, ...     */
	char			*ev_text;
};

TAILQ_HEAD(al_chan_list, al_chan);

/* Uncommitted up to L_START. */
enum link_state {
	L_HELLO,	/* opener: WELCOME has not come                     */
	L_START,	/* the peer's START has not come                    */
	L_LIVE,
	L_OLD,		/* another is committed: what it still brings       */
	L_OVER		/* CLOSE, WELCOME said no, or a deadline            */
};

struct al_link {
	TAILQ_ENTRY(al_link)	 entry;
	struct al_session	*s;
	enum link_state		 state;
	bool			 hello_due, welcome_due, start_due, pong_due;
	bool			 ping_due, ping_out;
	bool			 resumes;	/* a session that exists    */
	bool			 may_send;	/* our START is out         */
	uint8_t			 pong[8], ping[8];
	uint64_t		 recv_at;	/* of the next frame here   */
	struct al_block		*next;		/* to be sent next          */
	struct al_block		*busy;		/* in the caller's hands    */
	uint64_t		 born_us, in_us, out_us, deadline_us;
	uint64_t		 ping_us_sent;

	/* liveness */
	uint32_t		 ping_ms, ping_us;	/* the interval, the next */
	uint64_t		 dead_us;
	bool			 asked;		/* what has to be answered,
						 * and nothing came since   */
	bool			 was_live, silent;
	uint64_t		 gap_us;	/* nothing had come for, when
						 * that was sent            */
	uint64_t		 survived_us;

	/* how it ended, until that is told */
	bool			 over_due;
	enum al_ev_type		 over_type;
	uint16_t		 over_code;
	uint64_t		 over_value;
	char			 over_text[AL_FRAME_TEXT_MAX + 1];

	/* DETACH: the peer has to leave until then; 0: it may stay */
	uint64_t		 leave_us;
	bool			 detach_due;
	uint16_t		 leave_s, leave_reason;
	const char		*leave_text;
};
TAILQ_HEAD(al_link_list, al_link);

/* One event that is not a channel's. */
struct note {
	TAILQ_ENTRY(note)	 entry;
	enum al_ev_type		 type;
	uint16_t		 code;
	uint64_t		 value;
	char			 text[AL_FRAME_TEXT_MAX + 1];
};
TAILQ_HEAD(note_list, note);
#define NOTES_MAX	64u

struct al_session {
	enum al_role		 role;
	struct al_hello		 hello;		/* opener                   */
	struct al_welcome	 welcome;	/* acceptor                 */
	uint8_t			 id[AL_SESSION_ID_LEN];
	uint8_t			 key[AL_RESUME_KEY_LEN];
	uint32_t		 max_channels, max_pending, peer_max_channels;
	uint32_t		 ping_ms, jitter;
	uint64_t		 dead_us;	/* 0: of each link's PINGs  */
	struct al_link_list	 links;		/* the newest first         */
	struct al_link		*link;		/* records go on this one   */
	uint64_t		 grace_us, detached_us;	/* 0: not detached  */
	uint32_t		 max_age_s;	/* of a link, by WELCOME     */
	uint32_t		 epoch;		/* acceptor: highest taken  */
	bool			 known;		/* it may be resumed        */
	bool			 settled;	/* a link has been live     */
	bool			 moved;		/* to another, not told yet */
	bool			 over;		/* CLOSE came, or lost      */
	bool			 bad_seen;	/* a malformed position ... */
	uint64_t		 bad_pos;	/* ... that came last       */

	/* sending: records from acked to sealed, then the open one */
	struct al_block		*ring_head, *ring_tail, *open;
	size_t			 ring_bytes, ring_max;	/* allocated        */
	uint64_t		 acked, sent, sealed;	/* positions        */
	uint64_t		 rate_us, rate_acked, rate;	/* bytes/s  */
	uint64_t		 rtt_us;
	struct al_flight	 flight;

	/* receiving */
	uint64_t		 recv_pos;
	uint64_t		 ack_told, recv_us, ack_due_us;
	bool			 ack_ripe;	/* expiry has told of it    */
	size_t			 buffered;	/* allocated, in queues     */

	/* channels */
	struct al_chan		**slots;
	size_t			 n_slots, n_channels, n_pending, n_asked;
	uint32_t		 last_id, peer_last_id;
	struct al_chan_list	 all, ev, interactive, bulk;
	struct al_chan_list	 ctl, opens;	/* frames due; OPEN due     */
	size_t			 window_used, window_budget;
	struct al_budget	*process;
	uint64_t		 fair_us, fair_bytes, fair_interactive;

	/* the session as a whole */
	bool			 goaway_due, goaway_sent, goaway_got;
	bool			 close_due, close_sent;
	uint16_t		 goaway_code, close_code;
	uint32_t		 goaway_retry_s;
	char			 goaway_text[AL_FRAME_TEXT_MAX + 1];
	char			 close_text[AL_FRAME_TEXT_MAX + 1];
	bool			 ping_due;	/* asked for by the caller  */
	uint64_t		 ping_id;
	uint64_t		 skipped;	/* frames nobody wanted     */
	uint64_t		 idle_us;	/* this second of ...       */
	uint32_t		 idle_frames;	/* ... frames without use   */
	struct note_list	 notes;
	struct note		 told;		/* the event given last     */
	char			*told_text;	/* of a channel's           */
	size_t			 n_notes;
	enum {
		TOLD_NOTHING, TOLD_UP, TOLD_DETACHED
	}			 told_links;	/* by the event last told   */
	bool			 end_due;
	struct note		 end;		/* CLOSE or LOST            */
};

/* chan.c */
struct al_chan *al_chan_new(struct al_session *s);
void al_chan_destroy(struct al_chan *c);
struct al_chan *al_chan_find(const struct al_session *s, uint32_t id);
enum al_code al_chan_count(struct al_chan *c, struct al_err *err);
void al_chan_set_due(struct al_chan *c, unsigned due);
void al_chan_tell(struct al_chan *c, unsigned tell);
void al_chan_drop_due(struct al_chan *c);
void al_chan_reschedule(struct al_chan *c);
void al_chan_end(struct al_chan *c, unsigned due, uint16_t code,
    const char *text);

/* chan_in.c: one frame of a channel that has arrived */
enum al_code al_chan_feed(struct al_session *s, const struct al_frame *f,
    struct al_block **blk, struct al_err *err);
/* We end it: the peer by RESET, the caller by an event. */
void al_chan_kill(struct al_chan *c, uint16_t code, const char *text);

/* window.c */
uint32_t al_window_open(struct al_chan *c);
void al_window_release(struct al_chan *c);
void al_window_consumed(struct al_chan *c, size_t n, uint64_t now_us);

/* ring.c */
bool al_ring_is_full(struct al_session *s);
bool al_ring_begin(struct al_session *s);
void al_ring_seal(struct al_session *s);
void al_ring_rest(struct al_session *s);
void al_ring_append(struct al_session *s, struct al_block *b);
void al_ring_trim(struct al_session *s);
/* The oldest record that is not wholly acknowledged; NULL: all are. */
struct al_block *al_ring_oldest(const struct al_session *s);
/* pos is above s->acked and not above s->sent; measure comes first. */
void al_ring_acked(struct al_session *s, uint64_t pos);
void al_ring_measure(struct al_session *s, uint64_t pos, uint32_t delay_us,
    uint64_t now_us);
/* Another link, another path: what was measured holds no more. */
void al_ring_new_path(struct al_session *s);

/* link_life.c */
/* When the next PING is due. */
void al_link_draw_ping(struct al_link *l);
/* Something has gone out that the peer will answer. */
void al_link_asked(struct al_link *l, uint64_t now_us);

/* detach.c */
void al_link_put_detach(struct al_link *l, struct al_msg *msg);
uint64_t al_link_leave_at(const struct al_link *l);	/* UINT64_MAX: never */
void al_link_leave_expired(struct al_link *l, uint64_t now_us);

/* link_switch.c */
bool al_session_has_live(const struct al_session *s);
/* The link that acknowledges; NULL: none can. */
struct al_link *al_session_acker(const struct al_session *s);
/* Records go on l from now on: START is due or out. */
void al_link_commit(struct al_link *l, uint64_t now_us);
/* Both STARTs: what is older ends soon. */
void al_link_settle(struct al_link *l, uint64_t now_us);
/* It carries nothing any more; the caller still has to free it. */
void al_link_leave(struct al_link *l, uint64_t now_us);
/* The same, and the caller is told to close it. */
void al_link_end(struct al_link *l, enum al_code code, const char *why,
    uint64_t now_us);
void al_link_end_uncommitted(struct al_session *s, const struct al_link *but,
    const char *why, uint64_t now_us);
/* No link matters any more. */
void al_session_over(struct al_session *s);
void al_session_lose(struct al_session *s, uint16_t code, uint64_t value,
    const char *why);
/* UINT64_MAX: it is not detached, or a link is being made. */
uint64_t al_session_lost_at(const struct al_session *s);

/* session.c */
/* n allocated bytes have come into a queue, have left it. */
void al_session_buffered(struct al_session *s, size_t n);
void al_session_unbuffered(struct al_session *s, size_t n);
/* false: the peer floods with frames that carry nothing. */
bool al_session_idle_frame(struct al_session *s, uint64_t now_us);
enum al_code al_session_note(struct al_session *s, enum al_ev_type type,
    uint16_t code, uint64_t value, const char *text, struct al_err *err);
void al_session_note_end(struct al_session *s, enum al_ev_type type,
    uint16_t code, uint64_t value, const char *text);

#endif
