#include "coordinator/campaign/sandbox.h"

#include "coordinator/campaign/host_fields.h"
#include "coordinator/campaign/sandbox_words.h"
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

struct sandbox {
	lua_State *lua;
	size_t used, limit; /* bytes */
	bool (*lookup)(void *arg, const char *name, double *value);
	void *lookup_arg;
	/* of the call that runs */
	const void *key;
	const char *code;
	const struct sandbox_value *args;
	size_t n;
	struct sandbox_value *out;
	const char *host_name;
	const json_t *inventory;
};

/* ---- bounds ---- */

static void *allocate(void *arg, void *p, size_t old, size_t size)
{
	struct sandbox *s = arg;

	if (!p)
		old = 0; /* Lua says there what the memory is for */
	if (size == 0) {
		free(p);
		s->used -= old;
		return NULL;
	}
	if (size > old && (s->used > s->limit || size - old > s->limit - s->used))
		return NULL;
	p = xrealloc(p, size);
	s->used += size - old;
	return p;
}

static void stop_instructions(lua_State *lua, lua_Debug *at)
{
	(void)at;
	lua_pushliteral(lua, "it needs more than 100,000 instructions");
	lua_error(lua);
}

static struct sandbox *of(lua_State *lua)
{
	void *s;

	lua_getallocf(lua, &s);
	return s;
}

/* ---- functions ---- */

static int one_of(lua_State *lua)
{
	int n = lua_gettop(lua);
	bool found = false;

	for (int i = 2; i <= n && !found; i++)
		found = lua_rawequal(lua, 1, i);
	lua_pushboolean(lua, found);
	return 1;
}

/* The texts of both arguments. Returns whether there is anything to look in: nothing is in nil. */
static bool two_texts(lua_State *lua, const char *name, const char *texts[2], size_t lens[2])
{
	for (int i = 0; i < 2; i++) {
		int type = lua_type(lua, i + 1);

		if (i == 0 && type == LUA_TNIL)
			return false;
		if (type != LUA_TSTRING && type != LUA_TNUMBER) {
			lua_pushfstring(lua, "%s takes texts, not %s", name,
				sandbox_type_word(lua_typename(lua, type)));
			lua_error(lua);
		}
		texts[i] = lua_tolstring(lua, i + 1, &lens[i]);
	}
	return true;
}

static int contains(lua_State *lua)
{
	const char *texts[2];
	size_t lens[2];

	lua_pushboolean(lua, two_texts(lua, "contains", texts, lens) &&
				     memmem(texts[0], lens[0], texts[1], lens[1]) != NULL);
	return 1;
}

static int starts_with(lua_State *lua)
{
	const char *texts[2];
	size_t lens[2];

	lua_pushboolean(lua, two_texts(lua, "starts_with", texts, lens) && lens[0] >= lens[1] &&
				     memcmp(texts[0], texts[1], lens[1]) == 0);
	return 1;
}

/* metric[NAME]: the number, or nil. */
static int metric_index(lua_State *lua)
{
	struct sandbox *s = of(lua);
	double value;

	if (lua_type(lua, 2) == LUA_TSTRING && s->lookup &&
		s->lookup(s->lookup_arg, lua_tostring(lua, 2), &value))
		lua_pushnumber(lua, value);
	else
		lua_pushnil(lua);
	return 1;
}

/* A table, with only this to say what it has not; upvalue 1 of it is a text. On the stack. */
static void push_table(lua_State *lua, lua_CFunction index, const char *path)
{
	lua_newtable(lua);
	lua_newtable(lua);
	lua_pushstring(lua, path);
	lua_pushcclosure(lua, index, 1);
	lua_setfield(lua, -2, "__index");
	lua_setmetatable(lua, -2);
}

/* ---- host ---- */

/* A field that the host's tables have not: nil where the host does not tell of it. */
static int host_index(lua_State *lua)
{
	const char *group = lua_tostring(lua, lua_upvalueindex(1));
	const char *key = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : "?";
	const char *path = lua_pushfstring(lua, "%s.%s", group, key);
	char nearest[96];

	if (host_field_is_known(path)) {
		lua_pushnil(lua);
		return 1;
	}
	host_field_nearest(nearest, path);
	if (strcmp(group, "host.cpu.kinds") == 0)
		lua_pushfstring(lua,
			"'%s' is no kind of cores, expected performance, efficiency or "
			"lowpower",
			luaL_tolstring(lua, 2, NULL));
	else
		lua_pushfstring(lua, "unknown name '%s'%s", path, nearest);
	return lua_error(lua);
}

static void push_json(lua_State *lua, const json_t *value)
{
	if (json_is_string(value))
		lua_pushlstring(lua, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		lua_pushinteger(lua, json_integer_value(value));
	else if (json_is_real(value))
		lua_pushnumber(lua, json_real_value(value));
	else if (json_is_boolean(value))
		lua_pushboolean(lua, json_is_true(value));
	else
		lua_pushnil(lua);
}

/* Set a path below the table on top of the stack, whose own is "host". */
static void set_path(lua_State *lua, const char *path, const json_t *value, int64_t count)
{
	int top = lua_gettop(lua);
	const char *at = path + strlen("host."), *dot;

	while ((dot = strchr(at, '.'))) {
		lua_pushlstring(lua, at, (size_t)(dot - at));
		lua_pushvalue(lua, -1);
		if (lua_rawget(lua, -3) == LUA_TNIL) {
			_cleanup_free_ char *group = xstrndup(path, (size_t)(dot - path));

			lua_pop(lua, 1);
			push_table(lua, host_index, group);
			lua_pushvalue(lua, -2);
			lua_pushvalue(lua, -2);
			lua_rawset(lua, -5);
		}
		lua_remove(lua, -2);
		at = dot + 1;
	}
	lua_pushstring(lua, at);
	if (count != ABSENT)
		lua_pushinteger(lua, count);
	else
		push_json(lua, value);
	lua_rawset(lua, -3);
	lua_settop(lua, top);
}

static void set_kinds(lua_State *lua, const json_t *inventory)
{
	static const char *const ends[] = {"cores", "cpus"};
	char path[96];
	int64_t count;

	for (size_t i = 0; i < 2 * host_kinds_n; i++) {
		snprintf(path, sizeof path, "%s%s.%s", HOST_KINDS, host_kinds[i / 2], ends[i % 2]);
		host_field(inventory, path, &count);
		set_path(lua, path, NULL, count);
	}
}

static int build_host(lua_State *lua)
{
	struct sandbox *s = of(lua);
	size_t n;
	const char *const *fields = host_fields(&n);
	const char *label;
	json_t *value;

	push_table(lua, host_index, "host");
	for (size_t i = 0; i < n; i++) {
		int64_t count;

		set_path(lua, fields[i], host_field(s->inventory, fields[i], &count), ABSENT);
	}
	lua_pushstring(lua, s->host_name);
	lua_setfield(lua, -2, "name");
	set_kinds(lua, s->inventory);
	lua_newtable(lua); /* labels: one that is absent is nil */
	json_object_foreach(json_object_get(s->inventory, "labels"), label, value)
	{
		push_json(lua, value);
		lua_setfield(lua, -2, label);
	}
	lua_setfield(lua, -2, "labels");
	lua_setglobal(lua, "host");
	return 0;
}

/* ---- opening ---- */

static int build(lua_State *lua)
{
	luaL_requiref(lua, "math", luaopen_math, 0);
	lua_pushnil(lua);
	lua_setfield(lua, -2, "random");
	lua_pushnil(lua);
	lua_setfield(lua, -2, "randomseed");
	lua_setglobal(lua, "math");
	lua_pushcfunction(lua, one_of);
	lua_setglobal(lua, "one_of");
	lua_pushcfunction(lua, contains);
	lua_setglobal(lua, "contains");
	lua_pushcfunction(lua, starts_with);
	lua_setglobal(lua, "starts_with");
	push_table(lua, metric_index, "metric");
	lua_setglobal(lua, "metric");
	return 0;
}

struct sandbox *sandbox_open(void)
{
	struct sandbox *s = xcalloc(1, sizeof *s);

	/* Without a limit, memory never fails: nothing here can. */
	s->limit = SIZE_MAX;
	s->lua = lua_newstate(allocate, s);
	lua_pushcfunction(s->lua, build);
	lua_pcall(s->lua, 0, 0, 0);
	return s;
}

void sandbox_close(struct sandbox *s)
{
	if (!s)
		return;
	lua_close(s->lua);
	free(s);
}

/* ---- running ---- */

static void push_value(lua_State *lua, const struct sandbox_value *v)
{
	switch (v->type) {
	case SANDBOX_NIL:
		lua_pushnil(lua);
		break;
	case SANDBOX_BOOL:
		lua_pushboolean(lua, v->truth);
		break;
	case SANDBOX_INTEGER:
		lua_pushinteger(lua, v->integer);
		break;
	case SANDBOX_FLOAT:
		lua_pushnumber(lua, v->number);
		break;
	case SANDBOX_NUMERAL:
		if (lua_stringtonumber(lua, v->text) != 0)
			break;
		/* fall through */
	case SANDBOX_TEXT:
		lua_pushlstring(lua, v->text, v->len);
		break;
	}
}

static void load(lua_State *lua, const char *code)
{
	if (luaL_loadbufferx(lua, code, strlen(code), "=expression", "t") != LUA_OK)
		lua_error(lua);
}

static void take_value(lua_State *lua, struct sandbox_value *out)
{
	int is_integer = lua_isinteger(lua, -1);

	*out = (struct sandbox_value){.truth = lua_toboolean(lua, -1)};
	switch (lua_type(lua, -1)) {
	case LUA_TNIL:
		out->type = SANDBOX_NIL;
		break;
	case LUA_TBOOLEAN:
		out->type = SANDBOX_BOOL;
		break;
	case LUA_TNUMBER:
		out->type = is_integer ? SANDBOX_INTEGER : SANDBOX_FLOAT;
		out->integer = lua_tointeger(lua, -1);
		out->number = lua_tonumber(lua, -1);
		break;
	case LUA_TSTRING:
		out->type = SANDBOX_TEXT;
		out->text = lua_tolstring(lua, -1, &out->len);
		break;
	default:
		lua_pushliteral(lua, "it gives no text, number, true, false or nil");
		lua_error(lua);
	}
}

/* The result stays on the stack, for its text. */
static int run(lua_State *lua)
{
	struct sandbox *s = of(lua);

	luaL_checkstack(lua, (int)s->n + 8, NULL);
	if (lua_rawgetp(lua, LUA_REGISTRYINDEX, s->key) != LUA_TFUNCTION) {
		lua_pop(lua, 1);
		load(lua, s->code);
		lua_pushvalue(lua, -1);
		lua_rawsetp(lua, LUA_REGISTRYINDEX, s->key);
	}
	for (size_t i = 0; i < s->n; i++)
		push_value(lua, &s->args[i]);
	/* Compiling takes what the text is long. */
	s->limit = s->used + SANDBOX_BYTES;
	lua_sethook(lua, stop_instructions, LUA_MASKCOUNT, SANDBOX_INSTRUCTIONS);
	lua_call(lua, (int)s->n, 1);
	take_value(lua, s->out);
	return 1;
}

/* Call a function of ours, protected. What it returns stays on the stack until the next call. */
static int protected(struct sandbox *s, lua_CFunction f, int results, struct error *err)
{
	int rc;

	lua_settop(s->lua, 0);
	lua_pushcfunction(s->lua, f);
	rc = lua_pcall(s->lua, 0, results, 0);
	lua_sethook(s->lua, NULL, 0, 0);
	s->limit = SIZE_MAX;
	if (rc == LUA_OK)
		return 0;
	sandbox_failure(rc == LUA_ERRMEM, lua_tostring(s->lua, -1), err);
	return -EINVAL;
}

int sandbox_run(struct sandbox *s, const void *key, const char *code,
	const struct sandbox_value *args, size_t n, struct sandbox_value *out, struct error *err)
{
	s->key = key;
	s->code = code;
	s->args = args;
	s->n = n;
	s->out = out;
	return protected(s, run, 1, err);
}

int sandbox_set_host(
	struct sandbox *s, const char *name, const json_t *inventory, struct error *err)
{
	s->host_name = name;
	s->inventory = inventory;
	return protected(s, build_host, 0, err);
}

void sandbox_set_metrics(
	struct sandbox *s, bool (*lookup)(void *arg, const char *name, double *value), void *arg)
{
	s->lookup = lookup;
	s->lookup_arg = arg;
}

static int check(lua_State *lua)
{
	load(lua, of(lua)->code);
	return 0;
}

int sandbox_check(const char *code, struct error *err)
{
	struct sandbox s = {.limit = SIZE_MAX, .code = code};
	int rc;

	s.lua = lua_newstate(allocate, &s);
	rc = protected(&s, check, 0, err);
	lua_close(s.lua);
	return rc;
}
