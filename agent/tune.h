/*
 * tune.h - putting the machine into the state that a campaign asks for, and back
 *
 * Settings: governor, turbo, epp, frequency.min, frequency.max, uncore, power_limit, written below
 * the machine's root where they are read (tune_settings.h has the files). What was found is
 * journalled in STATE/tune.journal and made durable before the first write, and put back by
 * tune_restore(): at the end of the campaign, when the agent ends, and at the start of the next
 * agent where this one was killed.
 *
 * Needs the right to write these files (root). A setting that this machine has not, or that did not
 * take (read back), makes the run `skipped`, with the reason.
 *
 * One agent of a machine tunes at a time: another one's settings are refused until what this one
 * found is back.
 *
 * The journal is text, a line "PATH<TAB>VALUE" for each file, PATH below the machine's root. Lines
 * that name anything but a file of a setting are refused, and nothing is written then.
 */
#ifndef AGENT_TUNE_H
#define AGENT_TUNE_H

#include "agent/machine.h"
#include "agent/topology.h"
#include "proto/message.h"

struct tune;

/*
 * Puts back what a killed agent left behind; a failure of that is *err and negative. *out is set
 * all the same: tune_apply() tries again before anything else, and refuses where it cannot. m and t
 * stay the caller's and outlive it; state is the agent's folder, which is there.
 */
int tune_open(struct tune **out, const struct machine *m, const struct topology *t,
	const char *state, struct error *err);
/* Restores first; what then cannot be put back stays in the journal for the next agent. NULL is
 * fine. */
void tune_close(struct tune *t);
/* Make the machine's state exactly these settings (list of struct message_pair) over what was
 * found: settings of before that are not among them are put back. An empty list restores. The same
 * settings again are read back alone, and written where somebody else has changed them meanwhile.
 * Returns 0, or negative with what could not be set and why; the state is then as it was found. */
int tune_apply(struct tune *t, const struct list *settings, struct error *err);
/* Put back what was found, last written first. Returns 0, or negative with the first file that
 * could not be; the journal stays then, but for files that are gone. */
int tune_restore(struct tune *t, struct error *err);
bool tune_is_active(const struct tune *t);
/* Whether a key is one of the settings; for checks before a run. */
bool tune_knows(const char *key);

#endif
