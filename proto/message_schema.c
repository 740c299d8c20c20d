#include "proto/message_schema.h"

#define REQUIRED true
#define OPTIONAL false
#define FIELD(type, member, kind, required)                                                        \
	{                                                                                          \
#member, kind, offsetof(struct message_##type, member), required, NULL             \
	}
#define LIST(type, member, element, required)                                                      \
	{                                                                                          \
#member, FIELD_LIST, offsetof(struct message_##type, member), required,            \
			&element##_schema                                                          \
	}
#define ATTEMPT(type)                                                                              \
	{                                                                                          \
		"id", FIELD_STRUCT, offsetof(struct message_##type, id), REQUIRED, &attempt_schema \
	}
/* clang-format off */
#define END {NULL, FIELD_INT, 0, OPTIONAL, NULL}
#define SCHEMA(type, NAME, ...)                                                                    \
	static const struct field type##_fields[] = {__VA_ARGS__, END};                            \
	static const struct schema type##_schema = {NAME, sizeof(struct message_##type), type##_fields}

/* Campaign, run and attempt stand first in the map of each message that speaks of an attempt. */
static const struct field attempt_fields[] = {
	{"campaign", FIELD_ID, offsetof(struct attempt_id, campaign), REQUIRED, NULL},
	{"run", FIELD_INT, offsetof(struct attempt_id, run), REQUIRED, NULL},
	{"attempt", FIELD_INT, offsetof(struct attempt_id, attempt), REQUIRED, NULL},
	END,
};
static const struct schema attempt_schema = {"attempt", sizeof(struct attempt_id), attempt_fields};

/* Elements of lists. */
SCHEMA(pair, "pair",
	FIELD(pair, key, FIELD_TEXT, REQUIRED),
	FIELD(pair, value, FIELD_TEXT, REQUIRED));
SCHEMA(held, "held",
	ATTEMPT(held),
	FIELD(held, state, FIELD_TEXT, REQUIRED));
SCHEMA(step, "step",
	FIELD(step, command, FIELD_TEXTS, REQUIRED),
	FIELD(step, timeout_ns, FIELD_INT, REQUIRED));
SCHEMA(metric, "metric",
	FIELD(metric, name, FIELD_TEXT, REQUIRED),
	FIELD(metric, unit, FIELD_TEXT, REQUIRED),
	FIELD(metric, value, FIELD_INT, REQUIRED),
	FIELD(metric, uncertainty, FIELD_INT, OPTIONAL),
	FIELD(metric, deviation, FIELD_INT, OPTIONAL));
SCHEMA(requirement, "requirement",
	FIELD(requirement, command, FIELD_TEXTS, REQUIRED),
	FIELD(requirement, asked_at, FIELD_INT, REQUIRED),
	FIELD(requirement, reason, FIELD_TEXT, OPTIONAL),
	FIELD(requirement, output, FIELD_BLOB, OPTIONAL),
	FIELD(requirement, total, FIELD_INT, OPTIONAL),
	FIELD(requirement, head, FIELD_INT, OPTIONAL));
SCHEMA(campaign, "campaign",
	FIELD(campaign, label, FIELD_TEXT, REQUIRED),
	FIELD(campaign, state, FIELD_TEXT, REQUIRED),
	FIELD(campaign, total, FIELD_INT, REQUIRED),
	FIELD(campaign, done, FIELD_INT, REQUIRED),
	FIELD(campaign, failed, FIELD_INT, REQUIRED),
	FIELD(campaign, skipped, FIELD_INT, OPTIONAL),
	FIELD(campaign, running, FIELD_INT, OPTIONAL),
	FIELD(campaign, hosts, FIELD_INT, OPTIONAL),
	FIELD(campaign, submitted_at, FIELD_INT, OPTIONAL),
	FIELD(campaign, ended_at, FIELD_INT, OPTIONAL),
	FIELD(campaign, left_ns, FIELD_INT, OPTIONAL),
	FIELD(campaign, at_most, FIELD_INT, OPTIONAL),
	FIELD(campaign, priority, FIELD_INT, OPTIONAL),
	FIELD(campaign, without, FIELD_TEXT, OPTIONAL));
SCHEMA(host, "host",
	FIELD(host, name, FIELD_TEXT, REQUIRED),
	FIELD(host, state, FIELD_TEXT, REQUIRED),
	FIELD(host, public_key, FIELD_TEXT, OPTIONAL),
	FIELD(host, inventory, FIELD_TEXT, OPTIONAL),
	FIELD(host, doing, FIELD_TEXT, OPTIONAL),
	FIELD(host, seen_at, FIELD_INT, OPTIONAL),
	FIELD(host, offset, FIELD_INT, OPTIONAL),
	FIELD(host, delay, FIELD_INT, OPTIONAL),
	FIELD(host, admission, FIELD_TEXT, OPTIONAL),
	FIELD(host, reason, FIELD_TEXT, OPTIONAL),
	FIELD(host, admission_at, FIELD_INT, OPTIONAL));
SCHEMA(cell, "cell",
	FIELD(cell, integer, FIELD_INT, OPTIONAL),
	FIELD(cell, real, FIELD_TEXT, OPTIONAL),
	FIELD(cell, text, FIELD_TEXT, OPTIONAL),
	FIELD(cell, blob, FIELD_BLOB, OPTIONAL));
SCHEMA(row, "row",
	FIELD(row, key, FIELD_INT, REQUIRED),
	LIST(row, cells, cell, REQUIRED));

/* Messages. */
SCHEMA(hello, "HELLO",
	FIELD(hello, program, FIELD_TEXT, REQUIRED),
	FIELD(hello, version, FIELD_TEXT, REQUIRED),
	FIELD(hello, minor, FIELD_INT, REQUIRED),
	FIELD(hello, session, FIELD_ID, REQUIRED),
	FIELD(hello, store, FIELD_ID, OPTIONAL),
	FIELD(hello, inventory, FIELD_TEXT, OPTIONAL),
	LIST(hello, labels, pair, OPTIONAL),
	LIST(hello, held, held, OPTIONAL));
SCHEMA(welcome, "WELCOME",
	FIELD(welcome, version, FIELD_TEXT, REQUIRED),
	FIELD(welcome, minor, FIELD_INT, REQUIRED),
	FIELD(welcome, name, FIELD_TEXT, REQUIRED),
	FIELD(welcome, role, FIELD_TEXT, REQUIRED),
	FIELD(welcome, store, FIELD_ID, REQUIRED),
	FIELD(welcome, heartbeat_ns, FIELD_INT, REQUIRED),
	FIELD(welcome, lease_ns, FIELD_INT, REQUIRED),
	FIELD(welcome, credit, FIELD_INT, REQUIRED));
SCHEMA(ping, "PING",
	FIELD(ping, t1, FIELD_INT, REQUIRED),
	FIELD(ping, offset, FIELD_INT, OPTIONAL),
	FIELD(ping, delay, FIELD_INT, OPTIONAL),
	FIELD(ping, trouble, FIELD_TEXT, OPTIONAL));
SCHEMA(pong, "PONG",
	FIELD(pong, t1, FIELD_INT, REQUIRED),
	FIELD(pong, t2, FIELD_INT, REQUIRED),
	FIELD(pong, t3, FIELD_INT, REQUIRED));
SCHEMA(assign, "ASSIGN",
	ATTEMPT(assign),
	FIELD(assign, label, FIELD_TEXT, REQUIRED),
	FIELD(assign, benchmark, FIELD_TEXT, REQUIRED),
	FIELD(assign, parameters, FIELD_TEXT, REQUIRED),
	FIELD(assign, block, FIELD_INT, REQUIRED),
	FIELD(assign, lease_ns, FIELD_INT, REQUIRED),
	FIELD(assign, command, FIELD_TEXTS, REQUIRED),
	LIST(assign, env, pair, OPTIONAL),
	FIELD(assign, workdir, FIELD_TEXT, OPTIONAL),
	FIELD(assign, tree, FIELD_BLOB, OPTIONAL),
	LIST(assign, setup, step, OPTIONAL),
	FIELD(assign, cpus, FIELD_INT, OPTIONAL),
	FIELD(assign, policy, FIELD_TEXT, OPTIONAL),
	FIELD(assign, timeout_ns, FIELD_INT, REQUIRED),
	FIELD(assign, output_limit, FIELD_INT, REQUIRED),
	FIELD(assign, energy, FIELD_TEXT, REQUIRED),
	FIELD(assign, every_ns, FIELD_INT, REQUIRED),
	FIELD(assign, smt, FIELD_TEXT, OPTIONAL),
	FIELD(assign, core_kind, FIELD_TEXT, OPTIONAL),
	FIELD(assign, list, FIELD_TEXT, OPTIONAL),
	FIELD(assign, packages, FIELD_INT, OPTIONAL),
	FIELD(assign, memory, FIELD_TEXT, OPTIONAL),
	FIELD(assign, threads, FIELD_TEXT, OPTIONAL),
	FIELD(assign, oversubscribe, FIELD_INT, OPTIONAL),
	FIELD(assign, source, FIELD_TEXT, OPTIONAL),
	FIELD(assign, counters, FIELD_TEXTS, OPTIONAL),
	FIELD(assign, idle_ns, FIELD_INT, OPTIONAL),
	FIELD(assign, stream, FIELD_TEXT, OPTIONAL),
	FIELD(assign, guard_temperature, FIELD_INT, OPTIONAL),
	FIELD(assign, guard_load, FIELD_INT, OPTIONAL),
	FIELD(assign, guard_timeout_ns, FIELD_INT, OPTIONAL),
	FIELD(assign, guard_governor, FIELD_TEXT, OPTIONAL),
	FIELD(assign, guard_turbo, FIELD_INT, OPTIONAL),
	FIELD(assign, on_violation, FIELD_TEXT, OPTIONAL),
	FIELD(assign, reruns, FIELD_INT, OPTIONAL),
	LIST(assign, tune, pair, OPTIONAL),
	FIELD(assign, memory_limit, FIELD_INT, OPTIONAL),
	FIELD(assign, processes_limit, FIELD_INT, OPTIONAL),
	FIELD(assign, user, FIELD_TEXT, OPTIONAL),
	LIST(assign, requires, step, OPTIONAL),
	LIST(assign, prepare, step, OPTIONAL),
	LIST(assign, cleanup, step, OPTIONAL),
	LIST(assign, collect, pair, OPTIONAL),
	FIELD(assign, on_disconnect, FIELD_TEXT, OPTIONAL),
	FIELD(assign, role, FIELD_TEXT, OPTIONAL),
	FIELD(assign, is_main, FIELD_INT, OPTIONAL),
	FIELD(assign, ready_pattern, FIELD_TEXT, OPTIONAL),
	FIELD(assign, ready_port, FIELD_INT, OPTIONAL),
	FIELD(assign, ready_timeout_ns, FIELD_INT, OPTIONAL),
	LIST(assign, committed, attempt, OPTIONAL));
SCHEMA(finish, "FINISH",
	FIELD(finish, campaign, FIELD_ID, REQUIRED),
	FIELD(finish, label, FIELD_TEXT, REQUIRED),
	LIST(finish, teardown, step, OPTIONAL));
SCHEMA(finished, "FINISHED",
	FIELD(finished, campaign, FIELD_ID, REQUIRED),
	FIELD(finished, reason, FIELD_TEXT, OPTIONAL));
SCHEMA(ready, "READY",
	ATTEMPT(ready),
	FIELD(ready, point, FIELD_TEXT, REQUIRED),
	FIELD(ready, address, FIELD_TEXT, OPTIONAL));
SCHEMA(go, "GO",
	ATTEMPT(go),
	FIELD(go, what, FIELD_TEXT, REQUIRED),
	FIELD(go, at, FIELD_INT, OPTIONAL),
	LIST(go, addresses, pair, OPTIONAL));
SCHEMA(ended, "ENDED",
	ATTEMPT(ended),
	FIELD(ended, raw_ns, FIELD_INT, REQUIRED));
SCHEMA(stop, "STOP", ATTEMPT(stop));
SCHEMA(accept, "ACCEPT", ATTEMPT(accept));
SCHEMA(refuse, "REFUSE",
	ATTEMPT(refuse),
	FIELD(refuse, reason, FIELD_TEXT, REQUIRED));
SCHEMA(started, "STARTED",
	ATTEMPT(started),
	FIELD(started, started_at, FIELD_INT, REQUIRED),
	FIELD(started, raw_ns, FIELD_INT, REQUIRED));
SCHEMA(samples, "SAMPLES",
	ATTEMPT(samples),
	FIELD(samples, chunk, FIELD_INT, REQUIRED),
	FIELD(samples, data, FIELD_BLOB, REQUIRED));
SCHEMA(output, "OUTPUT",
	ATTEMPT(output),
	FIELD(output, stream, FIELD_TEXT, REQUIRED),
	FIELD(output, offset, FIELD_INT, REQUIRED),
	FIELD(output, data, FIELD_BLOB, REQUIRED));
SCHEMA(result, "RESULT",
	ATTEMPT(result),
	FIELD(result, state, FIELD_TEXT, REQUIRED),
	FIELD(result, reason, FIELD_TEXT, OPTIONAL),
	FIELD(result, started_at, FIELD_INT, OPTIONAL),
	FIELD(result, exit_code, FIELD_INT, OPTIONAL),
	FIELD(result, signal, FIELD_INT, OPTIONAL),
	LIST(result, metrics, metric, OPTIONAL),
	FIELD(result, flags, FIELD_TEXTS, OPTIONAL),
	FIELD(result, cpus, FIELD_TEXT, OPTIONAL),
	FIELD(result, chunks, FIELD_INT, OPTIONAL),
	FIELD(result, thinned, FIELD_INT, OPTIONAL),
	FIELD(result, stdout_data, FIELD_BLOB, OPTIONAL),
	FIELD(result, stderr_data, FIELD_BLOB, OPTIONAL),
	FIELD(result, stdout_kept, FIELD_INT, OPTIONAL),
	FIELD(result, stderr_kept, FIELD_INT, OPTIONAL),
	FIELD(result, stdout_total, FIELD_INT, OPTIONAL),
	FIELD(result, stderr_total, FIELD_INT, OPTIONAL),
	FIELD(result, stdout_head, FIELD_INT, OPTIONAL),
	FIELD(result, stderr_head, FIELD_INT, OPTIONAL),
	LIST(result, requirement, requirement, OPTIONAL),
	FIELD(result, role, FIELD_TEXT, OPTIONAL));
SCHEMA(committed, "COMMITTED",
	ATTEMPT(committed),
	LIST(committed, more, attempt, OPTIONAL));
SCHEMA(cancel, "CANCEL", ATTEMPT(cancel));
SCHEMA(drain, "DRAIN", FIELD(drain, unused, FIELD_INT, OPTIONAL));
SCHEMA(want_files, "WANT_FILES",
	FIELD(want_files, hash, FIELD_BLOB, REQUIRED),
	FIELD(want_files, offset, FIELD_INT, REQUIRED),
	FIELD(want_files, length, FIELD_INT, REQUIRED));
SCHEMA(file_chunk, "FILE_CHUNK",
	FIELD(file_chunk, hash, FIELD_BLOB, REQUIRED),
	FIELD(file_chunk, offset, FIELD_INT, REQUIRED),
	FIELD(file_chunk, size, FIELD_INT, REQUIRED),
	FIELD(file_chunk, data, FIELD_BLOB, REQUIRED));
SCHEMA(credit, "CREDIT", FIELD(credit, bytes, FIELD_INT, REQUIRED));
SCHEMA(bye, "BYE", FIELD(bye, reason, FIELD_TEXT, OPTIONAL));
SCHEMA(error, "ERROR",
	FIELD(error, code, FIELD_TEXT, REQUIRED),
	FIELD(error, text, FIELD_TEXT, REQUIRED));
SCHEMA(submit, "SUBMIT",
	FIELD(submit, campaign, FIELD_TEXT, REQUIRED),
	FIELD(submit, file, FIELD_TEXT, REQUIRED),
	FIELD(submit, changes, FIELD_TEXT, OPTIONAL),
	FIELD(submit, tree, FIELD_BLOB, OPTIONAL),
	FIELD(submit, directory, FIELD_TEXT, OPTIONAL),
	FIELD(submit, priority, FIELD_INT, OPTIONAL),
	FIELD(submit, schedule, FIELD_INT, OPTIONAL),
	FIELD(submit, again, FIELD_TEXT, OPTIONAL),
	FIELD(submit, against, FIELD_TEXT, OPTIONAL));
SCHEMA(submitted, "SUBMITTED",
	FIELD(submitted, id, FIELD_ID, REQUIRED),
	FIELD(submitted, label, FIELD_TEXT, REQUIRED),
	FIELD(submitted, notes, FIELD_TEXT, OPTIONAL));
SCHEMA(status, "STATUS", FIELD(status, label, FIELD_TEXT, OPTIONAL));
SCHEMA(report, "REPORT",
	LIST(report, campaigns, campaign, OPTIONAL),
	LIST(report, hosts, host, OPTIONAL),
	FIELD(report, trouble, FIELD_TEXT, OPTIONAL));
SCHEMA(watch, "WATCH", FIELD(watch, label, FIELD_TEXT, REQUIRED));
SCHEMA(event, "EVENT",
	FIELD(event, kind, FIELD_TEXT, REQUIRED),
	LIST(event, campaign, campaign, OPTIONAL),
	FIELD(event, host, FIELD_TEXT, OPTIONAL),
	FIELD(event, run, FIELD_INT, OPTIONAL),
	FIELD(event, benchmark, FIELD_TEXT, OPTIONAL),
	FIELD(event, parameters, FIELD_TEXT, OPTIONAL),
	FIELD(event, state, FIELD_TEXT, OPTIONAL),
	FIELD(event, text, FIELD_TEXT, OPTIONAL));
SCHEMA(query, "QUERY",
	FIELD(query, what, FIELD_TEXT, REQUIRED),
	FIELD(query, label, FIELD_TEXT, OPTIONAL),
	FIELD(query, after, FIELD_INT, REQUIRED),
	FIELD(query, limit, FIELD_INT, REQUIRED));
SCHEMA(rows, "ROWS",
	FIELD(rows, columns, FIELD_TEXTS, OPTIONAL),
	LIST(rows, rows, row, OPTIONAL),
	FIELD(rows, more, FIELD_INT, REQUIRED));
SCHEMA(steer, "STEER",
	FIELD(steer, verb, FIELD_TEXT, REQUIRED),
	FIELD(steer, label, FIELD_TEXT, OPTIONAL),
	FIELD(steer, host, FIELD_TEXT, OPTIONAL),
	FIELD(steer, now, FIELD_INT, OPTIONAL),
	FIELD(steer, reason, FIELD_TEXT, OPTIONAL),
	FIELD(steer, blocks, FIELD_INT, OPTIONAL),
	LIST(steer, labels, pair, OPTIONAL));
/* clang-format on */

static const struct schema *const schemas[] = {
	[MESSAGE_HELLO] = &hello_schema,
	[MESSAGE_WELCOME] = &welcome_schema,
	[MESSAGE_PING] = &ping_schema,
	[MESSAGE_PONG] = &pong_schema,
	[MESSAGE_ASSIGN] = &assign_schema,
	[MESSAGE_ACCEPT] = &accept_schema,
	[MESSAGE_REFUSE] = &refuse_schema,
	[MESSAGE_STARTED] = &started_schema,
	[MESSAGE_SAMPLES] = &samples_schema,
	[MESSAGE_OUTPUT] = &output_schema,
	[MESSAGE_RESULT] = &result_schema,
	[MESSAGE_COMMITTED] = &committed_schema,
	[MESSAGE_CANCEL] = &cancel_schema,
	[MESSAGE_DRAIN] = &drain_schema,
	[MESSAGE_WANT_FILES] = &want_files_schema,
	[MESSAGE_FILE_CHUNK] = &file_chunk_schema,
	[MESSAGE_CREDIT] = &credit_schema,
	[MESSAGE_BYE] = &bye_schema,
	[MESSAGE_ERROR] = &error_schema,
	[MESSAGE_FINISH] = &finish_schema,
	[MESSAGE_FINISHED] = &finished_schema,
	[MESSAGE_READY] = &ready_schema,
	[MESSAGE_GO] = &go_schema,
	[MESSAGE_ENDED] = &ended_schema,
	[MESSAGE_STOP] = &stop_schema,
	[MESSAGE_SUBMIT] = &submit_schema,
	[MESSAGE_SUBMITTED] = &submitted_schema,
	[MESSAGE_STATUS] = &status_schema,
	[MESSAGE_REPORT] = &report_schema,
	[MESSAGE_WATCH] = &watch_schema,
	[MESSAGE_EVENT] = &event_schema,
	[MESSAGE_QUERY] = &query_schema,
	[MESSAGE_ROWS] = &rows_schema,
	[MESSAGE_STEER] = &steer_schema,
};

const struct schema *message_schema(enum message_type type)
{
	return (size_t)type < ARRAY_SIZE(schemas) ? schemas[type] : NULL;
}
