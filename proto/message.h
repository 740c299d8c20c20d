/*
 * message.h - the messages of the wire, as C structs, and their coding
 *
 * A message is one frame: the msgpack array [version, type, sequence, epoch, body]; body is a map
 * with the keys of the tables in message.c (PROTOCOL.md shows them; a test holds both together).
 * Decoding checks the frame against hard limits first, ignores keys that it does not know, and
 * refuses a message that misses a required one. Adding an optional key is a minor change of the
 * protocol, everything else a major one.
 *
 * In the structs: const char * is text without NUL (NULL: absent), struct blob is bytes (data NULL:
 * absent), int64_t is a number (ABSENT: absent), struct list is an array of structs or of const
 * char *. A decoded body lives as long as its struct message; one to be sent only has to live until
 * message_encode() returns.
 */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include "proto/base.h"
#include "proto/error.h"

#define PROTOCOL_MAJOR 1
#ifndef PROTOCOL_MINOR /* a test builds programs that say another */
#define PROTOCOL_MINOR 4
#endif
#define JOULERIG_VERSION "0.1.0"
/* A campaign's priority is between this and its negative. */
#define PRIORITY_MAX 100

/* Limits that PROTOCOL.md states. */
#define MESSAGE_MAX_FRAME   (4 * 1024 * 1024)
#define MESSAGE_MAX_OBJECTS 200000
#define MESSAGE_MAX_TEXT    (1024 * 1024) /* bytes of one text field */
#define MESSAGE_MAX_LIST    65536         /* elements of one list */
#define MESSAGE_MAX_METRICS 1024          /* of one RESULT */
#define MESSAGE_MAX_ANSWER  (64 * 1024)   /* bytes kept of what `requires` printed */
#define MESSAGE_CHUNK       (256 * 1024) /* bytes in one FILE_CHUNK, OUTPUT or ROWS at most, about */

/* How a heartbeat works: every interval a PING; silent after this many missed. */
#define HEARTBEAT_NS     (5 * NS_PER_S)
#define HEARTBEAT_MISSED 3
#define LEASE_NS         (60 * NS_PER_S)

enum message_type {
	MESSAGE_HELLO = 1,
	MESSAGE_WELCOME = 2,
	MESSAGE_PING = 3,
	MESSAGE_PONG = 4,
	MESSAGE_ASSIGN = 5,
	MESSAGE_ACCEPT = 6,
	MESSAGE_REFUSE = 7,
	MESSAGE_STARTED = 8,
	MESSAGE_SAMPLES = 9,
	MESSAGE_OUTPUT = 10,
	MESSAGE_RESULT = 11,
	MESSAGE_COMMITTED = 12,
	MESSAGE_CANCEL = 13,
	MESSAGE_DRAIN = 14,
	MESSAGE_WANT_FILES = 15,
	MESSAGE_FILE_CHUNK = 16,
	MESSAGE_CREDIT = 17,
	MESSAGE_BYE = 18,
	MESSAGE_ERROR = 19,
	MESSAGE_FINISH = 20,
	MESSAGE_FINISHED = 21,
	MESSAGE_READY = 22,
	MESSAGE_GO = 23,
	MESSAGE_ENDED = 24,
	MESSAGE_STOP = 25,
	MESSAGE_SUBMIT = 32,
	MESSAGE_SUBMITTED = 33,
	MESSAGE_STATUS = 34,
	MESSAGE_REPORT = 35,
	MESSAGE_WATCH = 36,
	MESSAGE_EVENT = 37,
	MESSAGE_QUERY = 38,
	MESSAGE_ROWS = 39,
	MESSAGE_STEER = 40,
};

struct blob {
	const void *data;
	size_t len;
};

/* An array of n structs (or of const char *), whichever the field's comment says. */
struct list {
	const void *items;
	size_t n;
};
/* for (...) over a list: LIST_AT(l, struct message_pair, i) */
#define LIST_AT(list, type, i) (&((type const *)(list)->items)[i])

struct message_pair {
	const char *key;
	const char *value;
};

/* Which try of which run; the first three fields of all that speak of one. */
struct attempt_id {
	struct id16 campaign;
	int64_t run;     /* from 1 */
	int64_t attempt; /* from 1 */
};

/* What an agent holds when it says HELLO. */
struct message_held {
	struct attempt_id id;
	const char *state; /* "accepted", "running", or "spooled" (its RESULT will be sent) */
};

struct message_hello {       /* first on each connection */
	const char *program; /* "joulerig-agent" or "joulerig" */
	const char *version; /* of the program */
	int64_t minor;       /* of the protocol; the major is the frame's */
	struct id16 session; /* random, new for each process */
	struct id16 store;   /* agent: the store that it last worked for; zeroes where none */
	const char *
		inventory; /* agent: JSON of `joulerig-agent inventory`; NULL for users' programs */
	struct list labels; /* struct message_pair */
	struct list held;   /* struct message_held */
};

struct message_welcome {
	const char *version;
	int64_t minor;
	const char *name; /* by which the coordinator knows this key */
	const char *role; /* "agent", "user", "viewer" */
	struct id16 store;
	int64_t heartbeat_ns; /* PING at least this often */
	int64_t lease_ns;
	int64_t credit; /* bytes of SAMPLES that may be under way without a CREDIT */
};

struct message_ping {
	int64_t t1;     /* sender's CLOCK_MONOTONIC_RAW, ns */
	int64_t offset; /* agent: the last estimate of coordinator minus agent clock, ns; ABSENT
			   before the first */
	int64_t delay;  /* agent: round trip of that estimate, ns */
	const char *trouble; /* agent: why it can take no runs now, "spool: /var/lib/...: no space
				left on device"; absent: nothing */
};

struct message_pong {
	int64_t t1; /* of the PING */
	int64_t t2; /* receiver's clock when the PING came */
	int64_t t3; /* and when this PONG went */
};

struct message_step {
	struct list command; /* const char *; argv, no shell */
	int64_t timeout_ns;
};

/* Texts of an assignment may hold these marks, which only the agent can fill. */
#define MARK_TMP      "\002tmp\003"      /* the run's own empty directory */
#define MARK_CPU_LIST "\002cpu_list\003" /* the CPUs, as 0-3,8 */
/* Where the host of a role is reached, "\002address ROLE\003": GO tells it. */
#define MARK_ADDRESS "\002address "

struct message_assign {
	struct attempt_id id;
	const char *label; /* "quickstart.1" */
	const char *benchmark;
	const char *parameters; /* JSON object, for messages and logs */
	int64_t block;          /* 0: warm-up */
	int64_t lease_ns;
	struct list command; /* const char *; argv */
	struct list
		env; /* struct message_pair: the campaign's, over the agent's basic environment */
	const char *workdir; /* below the campaign's directory (relative, NULL: the directory
				itself), or absolute */
	struct blob tree; /* 32 bytes: BLAKE2b of the manifest of `files`; absent where the campaign
			     has none */
	struct list setup;  /* struct message_step, done once for a tree and these commands */
	int64_t cpus;       /* how many; ABSENT: all that the agent may use */
	const char *policy; /* "close" */
	int64_t timeout_ns;
	int64_t output_limit; /* bytes a stream; head and tail kept */
	const char *energy;   /* "auto", "require", "off" */
	int64_t every_ns;     /* sampling period */

	/* placement beside cpus and policy; absent: the first word of each */
	const char *smt;       /* "allow", "avoid", "only" */
	const char *core_kind; /* "any", "performance", "efficiency", "lowpower" */
	const char *list;      /* CPUs of the policy explicit, in thread order: "0,2,4-7" */
	int64_t packages;      /* how many packages at most */
	const char *memory;    /* "any", "local", "interleave" */
	const char *threads;   /* "any", "each" */
	int64_t oversubscribe; /* 1: more threads than CPUs are fine */

	/* measurement beside energy and every_ns */
	const char *source;   /* "auto", "powercap", "perf", "msr" */
	struct list counters; /* const char *; names of hardware events */
	int64_t idle_ns;      /* idle baseline before a block's first run; ABSENT or 0: none */
	const char *stream;   /* "live", "after" */

	/* state that the machine must have, and what follows where it has not */
	int64_t guard_temperature; /* m°C above the block's start at most */
	int64_t guard_load;        /* busy CPUs, u1, at most before a run */
	int64_t guard_timeout_ns;  /* how long to wait for these two */
	const char *guard_governor;
	int64_t guard_turbo;      /* 0 off, 1 on */
	const char *on_violation; /* "mark", "wait", "rerun", "fail" */
	int64_t reruns;           /* times at most that a violated run is run again at once */

	/* state that the machine is put into: struct message_pair; keys governor, turbo ("on",
	 * "off"), epp, frequency.min, frequency.max and uncore (Hz; or "min", "max": what the
	 * hardware can), power_limit (uW) */
	struct list tune;

	/* limits beside timeout and output */
	int64_t memory_limit; /* bytes */
	int64_t processes_limit;
	const char *user; /* who runs it; absent: the agent's own user */

	/* what is done around a run; each in the campaign's directory */
	struct list requires; /* struct message_step, one or none: before setup, once for a work
				 directory and this command; where it fails, the run is skipped */
	struct list
		prepare; /* struct message_step; before each run, not measured; {tmp} is there */
	struct list cleanup; /* struct message_step; after each run, also a failed one */
	struct list
		collect; /* struct message_pair: name, and path of a file (as workdir is) that
			    is sent as OUTPUT of the stream "file:NAME" when the run has ended */

	/* without a coordinator: what has been accepted goes on ("finish", also when absent), or
	 * what runs is ended and the rest dropped when the lease is over ("stop") */
	const char *on_disconnect;

	/* one program of several that run together, on a host each; absent: it is alone. The agent
	 * prepares it, says READY "prepared", and starts it when GO comes */
	const char *role;          /* its name */
	int64_t is_main;           /* 1: its start and end bound what is measured, on all hosts */
	const char *ready_pattern; /* READY "ready" when a line of its stdout or stderr matches
				      (pattern.h) */
	int64_t ready_port;        /* or when something listens on this TCP port of the host */
	int64_t ready_timeout_ns;  /* the run has failed where that does not come in time */

	struct list committed; /* struct attempt_id; as COMMITTED would say */
};

/* The campaign has no more runs for this agent. */
struct message_finish {
	struct id16 campaign;
	const char *label;
	struct list teardown; /* struct message_step: in each directory in which it ran */
};

/* The answer, when that is done. */
struct message_finished {
	struct id16 campaign;
	const char *reason; /* what failed; absent: nothing */
};

/* A part of a run of several has come to a point. */
struct message_ready {
	struct attempt_id id;
	const char *point;   /* "prepared": it waits for GO; "ready": its program runs, and the next
				role may start */
	const char *address; /* by which the other hosts reach this one */
};

/* To a part: start the program; or, where it runs already, begin what is measured. */
struct message_go {
	struct attempt_id id;
	const char *what;      /* "start", "measure" (main: both at once) */
	int64_t at;            /* the agent's CLOCK_MONOTONIC_RAW, ns; ABSENT, or over: at once */
	struct list addresses; /* struct message_pair: role, address; for the marks
				  MARK_ADDRESS */
};

/* Main has ended. */
struct message_ended {
	struct attempt_id id;
	int64_t raw_ns; /* the agent's CLOCK_MONOTONIC_RAW then */
};

/* To a part that is not main: what is measured is over; end the program, by SIGTERM first. */
struct message_stop {
	struct attempt_id id;
};

struct message_accept {
	struct attempt_id id;
};

struct message_refuse {
	struct attempt_id id;
	const char *reason;
};

struct message_started {
	struct attempt_id id;
	int64_t started_at; /* CLOCK_REALTIME, ns */
	int64_t raw_ns;     /* the agent's CLOCK_MONOTONIC_RAW at the same instant */
};

struct message_samples {
	struct attempt_id id;
	int64_t chunk;    /* from 0 within the attempt */
	struct blob data; /* the chunk as sampler.h of the agent packs it; the coordinator keeps it
			     as it is */
};

struct message_output { /* a piece of a stream that is too long for RESULT */
	struct attempt_id id;
	const char *stream; /* "stdout", "stderr", or "file:NAME" of what is collected */
	int64_t offset;     /* of this piece within what was kept */
	struct blob data;
};

struct message_metric {
	const char *name; /* "energy.package-0" */
	const char *unit; /* inner unit: "uJ" (units.h) */
	int64_t value;
	int64_t uncertainty; /* half-width of a hard bound; ABSENT where none is known */
	int64_t deviation;   /* standard deviation; ABSENT where none is known */
};

/* What `requires` said of this machine. */
struct message_requirement {
	struct list command; /* const char *; argv as the ASSIGN had it, with its marks */
	int64_t asked_at;    /* CLOCK_REALTIME, ns: when it was started */
	const char *reason;  /* why the machine is not as required; absent: it is */
	struct blob output;  /* stdout and stderr as they came; absent: it printed nothing */
	int64_t total;       /* bytes that it printed */
	int64_t head;        /* bytes of head in output; the tail follows where there was more */
};

struct message_result {
	struct attempt_id id;
	const char *state; /* "done", "failed", "timeout", "skipped" or "cancelled" */
	const char
		*reason; /* why, where it is not done; also a note, such as why energy is missing */
	int64_t started_at;      /* CLOCK_REALTIME, ns; ABSENT: never started */
	int64_t exit_code;       /* ABSENT where signalled or never started */
	int64_t signal;          /* ABSENT where it exited */
	struct list metrics;     /* struct message_metric */
	struct list flags;       /* const char * */
	const char *cpus;        /* the run's CPUs as read back, in thread order: "0-3,8", "4,0" */
	int64_t chunks;          /* SAMPLES sent for this attempt */
	int64_t thinned;         /* samples left out because the link was slow */
	struct blob stdout_data; /* the stream, where it is short; else absent and sent before as
				    OUTPUT */
	struct blob stderr_data;
	int64_t stdout_kept; /* bytes kept: of stdout_data, or of all OUTPUT */
	int64_t stderr_kept;
	int64_t stdout_total; /* bytes that the program wrote */
	int64_t stderr_total;
	int64_t stdout_head; /* bytes of head in what was kept; the tail follows where kept < total
			      */
	int64_t stderr_head;
	struct list requirement; /* struct message_requirement, one or none: until the coordinator
				    has committed it once */
	const char *role;        /* of the ASSIGN */
};

struct message_committed {
	struct attempt_id id;
	struct list more; /* struct attempt_id: these as well */
};

struct message_cancel {
	struct attempt_id id;
};

struct message_drain {
	int64_t unused; /* optional; a body is never empty for the sake of the tables */
};

/* A range of a content that the sender lacks. */
struct message_want_files {
	struct blob hash; /* 32 bytes */
	int64_t offset;
	int64_t length; /* bytes wanted at most; answered by FILE_CHUNKs of at most MESSAGE_CHUNK */
};

struct message_file_chunk {
	struct blob hash;
	int64_t offset;
	int64_t size; /* of the whole content */
	struct blob data;
};

struct message_credit {
	int64_t bytes; /* more bytes of SAMPLES that may be sent */
};

struct message_bye {
	const char *reason;
};

struct message_error {
	const char *code; /* "refused" (role), "version", "protocol", "campaign", "unavailable",
			     "internal", "unknown" */
	const char *text;
};

struct message_submit {
	const char *campaign; /* the YAML text */
	const char *file;     /* its name, for messages */
	const char *changes;  /* JSON object of what --set, --only, --blocks, --seed change; NULL
				 where nothing */
	struct blob tree; /* manifest hash; absent where there are no files. The coordinator asks
			     for what it lacks */
	const char *directory; /* where a campaign without files starts its commands; only heeded
				  for an embedded agent */
	int64_t priority;      /* -100 to 100, the higher before the lower; ABSENT: 0 */
	int64_t schedule;    /* 1: keep it as a schedule, which its `schedule` says when to submit;
				SUBMITTED has its name and, as a note, when it comes next */
	const char *again;   /* label of a submission here, whose file, changes and contents it has;
				campaign is "" then, and changes come on top */
	const char *against; /* label of another one of the same file, whose contents run
				interleaved with these: axis `content`, its values the labels */
};

struct message_submitted {
	struct id16 id;
	const char *label;
	const char *notes; /* lines for the user, NULL where none */
};

struct message_status {
	const char *label; /* NULL: all campaigns that have not ended, and the last ended one */
};

struct message_campaign {
	const char *label;
	const char *state; /* "queued", "running", "paused", "done", "cancelled" */
	int64_t total;     /* runs, warm-up too */
	int64_t done;      /* ended in whatever way */
	int64_t failed;    /* failed or timed out, warm-up not counted */
	int64_t skipped;
	int64_t running;
	int64_t hosts;
	int64_t submitted_at; /* CLOCK_REALTIME ns */
	int64_t ended_at;     /* ABSENT while it has not */
	int64_t left_ns;      /* estimate; ABSENT where there is none yet */
	int64_t at_most;      /* 1: it may end sooner, as intervals or a budget say; else ABSENT */
	int64_t priority;     /* ABSENT: 0 */
	const char *without;  /* "waits for lab05 (drained)", "goes on without lab05 (aside)"; NULL:
				 all its hosts are there */
};

struct message_host {
	const char *name;
	const char *state; /* "idle", "running", "silent", "offline" */
	const char *public_key;
	const char *inventory; /* JSON */
	const char *doing;     /* "quickstart.1 run 17 attempt 1", NULL where idle */
	int64_t seen_at;       /* CLOCK_REALTIME ns of the last message; ABSENT where never seen */
	int64_t offset;        /* clock offset, ns; ABSENT */
	int64_t delay;         /* round trip of that estimate, ns; ABSENT */
	const char *admission; /* "draining", "drained", "aside": it gets no runs; NULL: it does */
	const char *reason;    /* of admission, or the agent's own trouble; NULL */
	int64_t admission_at;  /* CLOCK_REALTIME ns since when admission is so; ABSENT */
};

struct message_report {
	struct list campaigns; /* struct message_campaign */
	struct list hosts;     /* struct message_host */
	const char *trouble;   /* why the coordinator can store nothing now; NULL: it can */
};

/* What a user wants of a campaign or a host; answered by a REPORT of it, or an ERROR. */
struct message_steer {
	const char *verb;   /* "pause", "resume", "rerun", "extend", "label" a campaign; "drain",
			       "admit" a host; "unschedule", "sweep" a schedule */
	const char *label;  /* of the campaign, or name of the schedule */
	const char *host;   /* name */
	int64_t now;        /* 1: what runs is ended, to be run again; else it is let end */
	const char *reason; /* for people; NULL */
	int64_t blocks;     /* of "extend": how many more */
	struct list labels; /* of "label": struct message_pair; an empty value takes one away */
};

struct message_watch {
	const char *label;
};

struct message_event {
	const char *kind; /* "progress" or "end": both carry the campaign; "run": one run has ended;
			     "note": text alone */
	struct list campaign; /* struct message_campaign, one or none */
	const char *host;
	int64_t run;
	const char *benchmark;
	const char *parameters;
	const char *state;
	const char *text; /* for people: a run's reason; of progress: the hosts that it waits for */
};

struct message_query {
	const char *what;  /* a query of store.h: "runs", "metrics", ... */
	const char *label; /* campaign, where the query is about one */
	int64_t after;     /* rows with a key above this one; 0 from the start */
	int64_t limit;     /* rows at most */
};

/* A cell is one of int, real (a decimal text that strtod reads back exactly), text, blob, or
 * nothing. */
struct message_cell {
	int64_t integer;
	const char *real;
	const char *text;
	struct blob blob;
};

struct message_row {
	int64_t key;       /* for the next query's after */
	struct list cells; /* struct message_cell, in the columns' order */
};

struct message_rows {
	struct list columns; /* const char * */
	struct list rows;    /* struct message_row */
	int64_t more;        /* 1: ask again with after = the last key */
};

struct message {
	int64_t version; /* protocol major of the frame */
	enum message_type type;
	int64_t sequence; /* of the sender, growing by one a message on a connection */
	int64_t epoch;    /* of the coordinator's store; 0 where not known yet */
	union {
		struct message_hello hello;
		struct message_welcome welcome;
		struct message_ping ping;
		struct message_pong pong;
		struct message_assign assign;
		struct message_accept accept;
		struct message_refuse refuse;
		struct message_started started;
		struct message_samples samples;
		struct message_output output;
		struct message_result result;
		struct message_committed committed;
		struct message_cancel cancel;
		struct message_drain drain;
		struct message_want_files want_files;
		struct message_file_chunk file_chunk;
		struct message_credit credit;
		struct message_bye bye;
		struct message_error error;
		struct message_finish finish;
		struct message_finished finished;
		struct message_ready ready;
		struct message_go go;
		struct message_ended ended;
		struct message_stop stop;
		struct message_submit submit;
		struct message_submitted submitted;
		struct message_status status;
		struct message_report report;
		struct message_watch watch;
		struct message_event event;
		struct message_query query;
		struct message_rows rows;
		struct message_steer steer;
	};
	void *arena; /* memory of a decoded body; NULL in a message made for sending */
	void *frame; /* freed with the message: set it to let a decoded message own the bytes that
			its blobs point into */
};

/* Name as in PROTOCOL.md, "HELLO"; "?" for a number that is none. */
const char *message_type_name(enum message_type t);

/* A message of this type with every field absent, ready to be filled and encoded. */
void message_init(struct message *m, enum message_type type);

/* Append the frame of m to out. Fields marked required must be there (asserted: a bug otherwise).
 */
void message_encode(const struct message *m, struct buf *out);

/*
 * A message that is said many times and differs in a few fields: those that do not are packed once.
 * A field stands in the part that gives it: numbers that are not ABSENT, identities that are not
 * zero, lists that are not empty. No field may be in both, and the required ones must be in either;
 * neither is checked.
 */
struct message_part {
	size_t fields;
	char *data; /* owned: free() */
	size_t len;
};
void message_encode_part(const struct message *m, struct message_part *out);
/* Append the frame of m, with the fields that rest has. */
void message_encode_with(const struct message *m, const struct message_part *rest, struct buf *out);

/*
 * Decode a frame. Returns 0, or ERR_PROTOCOL with a text that says what is wrong; another major
 * version is -EPROTONOSUPPORT, with m->version and m->type set and nothing else. Release with
 * message_done(). Texts are copied; blobs point into data.
 */
int message_decode(struct message *m, const void *data, size_t len, struct error *err);
void message_done(struct message *m); /* also fine for one that was never decoded */

/* The tables, for the test that holds PROTOCOL.md to them: "key kind required" lines of a type, or
 * NULL past the last key. */
const char *message_describe_key(enum message_type type, size_t i, char out[128]);

/* Whether a text field was given and not empty. */
static inline bool text_is_set(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* Whether a text field was given and is this word. */
static inline bool text_is(const char *s, const char *word)
{
	return s != NULL && strcmp(s, word) == 0;
}

#endif
