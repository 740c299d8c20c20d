/* SIGHUP: look at this machine again, as an administrator who mended something wants. */
#include "agent/conversation.h"

#include "proto/log.h"

void conversation_probe(struct connection *c)
{
	/* It takes some time, and would be in what is measured. */
	if (!c->is_to_probe || runner_current(c->runner) != NULL ||
		runner_is_tearing_down(c->runner))
		return;
	c->is_to_probe = false;
	if (meters_look_again(c->meters))
		log_info("energy can be measured now");
	/* With the inventory as it is now; not at once, as a result that is not in the spool yet
	 * would not be among what it says that we hold. */
	c->is_to_say_hello |= c->is_welcome;
	log_info(
		"looked at this machine again%s", c->is_welcome ? "; the coordinator is told" : "");
}

void conversation_ask_probe(struct connection *c)
{
	c->is_to_probe = true;
	if (c->runner == NULL)
		return;
	if (runner_current(c->runner) != NULL)
		log_info("this machine is looked at again when the run under way has ended");
	else
		conversation_probe(c);
}
