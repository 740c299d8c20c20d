-- A store as the release of schema 1 left it, after two campaigns: sqlite3 .dump, with names of the machine replaced.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE store (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	id BLOB NOT NULL,
	epoch INTEGER NOT NULL
) STRICT;
INSERT INTO store VALUES(1,X'81c23330ebdda9595c004d7e28b38b0f',2);
CREATE TABLE campaign (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	uuid BLOB NOT NULL UNIQUE,
	name TEXT NOT NULL,
	number INTEGER NOT NULL,
	state TEXT NOT NULL,
	total INTEGER NOT NULL,
	submitted_at INTEGER NOT NULL,
	ended_at INTEGER,
	done INTEGER, failed INTEGER, skipped INTEGER, -- counted once when it ends
	file TEXT, changes TEXT, tree BLOB, directory TEXT,
	yaml TEXT NOT NULL,
	UNIQUE (name, number)
) STRICT;
INSERT INTO campaign VALUES(1,X'2f9a0b182844e8bc4f78d643e46b0597','kept',1,'done',8,1795371580330893647,1795371580508040625,8,4,0,'kept.yaml',NULL,NULL,'/home/ann/bench',replace('campaign: kept\nlabels: {of: before}\nmatrix: {size: [1, 2]}\nbenchmarks:\n  sum:\n    command: ''seq {size}0000 | sort -n | tail -n 1; echo took {size}''\n    metrics: {took: {pattern: ''took (?<value>[0-9.]+)'', unit: s, better: lower}}\n  fails: {command: ''echo no >&2; exit 3''}\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 2}\n','\n',char(10)));
INSERT INTO campaign VALUES(2,X'b303861ec78fb00a1b12ee2dd1470845','kept',2,'done',8,1795371580854781713,1795371580995690211,8,4,0,'kept.yaml',NULL,NULL,'/home/ann/bench',replace('campaign: kept\nlabels: {of: before}\nmatrix: {size: [1, 2]}\nbenchmarks:\n  sum:\n    command: ''seq {size}0000 | sort -n | tail -n 1; echo took {size}''\n    metrics: {took: {pattern: ''took (?<value>[0-9.]+)'', unit: s, better: lower}}\n  fails: {command: ''echo no >&2; exit 3''}\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 2}\n','\n',char(10)));
CREATE TABLE configuration (
	campaign INTEGER NOT NULL REFERENCES campaign (id),
	number INTEGER NOT NULL, -- from 0, in file order
	benchmark TEXT NOT NULL,
	parameters TEXT NOT NULL,
	PRIMARY KEY (campaign, number)
) STRICT, WITHOUT ROWID;
INSERT INTO configuration VALUES(1,0,'sum','{"size":1}');
INSERT INTO configuration VALUES(1,1,'sum','{"size":2}');
INSERT INTO configuration VALUES(1,2,'fails','{"size":1}');
INSERT INTO configuration VALUES(1,3,'fails','{"size":2}');
INSERT INTO configuration VALUES(2,0,'sum','{"size":1}');
INSERT INTO configuration VALUES(2,1,'sum','{"size":2}');
INSERT INTO configuration VALUES(2,2,'fails','{"size":1}');
INSERT INTO configuration VALUES(2,3,'fails','{"size":2}');
CREATE TABLE host (
	id INTEGER PRIMARY KEY,
	key TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	seen_at INTEGER,
	inventory INTEGER REFERENCES inventory (id) -- the last one
) STRICT;
INSERT INTO host VALUES(1,'9co2>?/(8fbttvi*Nx&hjsx9kxZ!S%Tl=()dEDBj','lab1',1795371580664234435,1);
CREATE TABLE inventory (
	id INTEGER PRIMARY KEY,
	host INTEGER NOT NULL REFERENCES host (id),
	seen_at INTEGER,
	json TEXT NOT NULL
) STRICT;
INSERT INTO inventory VALUES(1,1,1795371580203005800,'{"cpu":{"vendor":"GenuineIntel","model":"Intel(R) Xeon(R) Processor","family":6,"model_number":207,"stepping":2,"microcode":"0x1","codename":"Emerald Rapids","packages":1,"dies":1,"cores":2,"threads":2,"kinds":[{"kind":"performance","cpus":[0,1],"cores":2}]},"cores":2,"threads":2,"thread_steps":[1,2],"numa":1,"memory":25276502016,"kernel":"6.12.8-amd64","hypervisor":"kvm","governor":null,"turbo":null,"frequency":{"base":null},"power_limits":[],"energy":{"source":null,"why":"no energy counters: this is a virtual machine and its hypervisor passes none on; measure on the host","choices":[{"source":"powercap","state":"refused","why":"no energy counters: this is a virtual machine and its hypervisor passes none on; measure on the host"},{"source":"perf","state":"refused","why":"energy through perf: this machine shows no package''s counter to perf: it is a virtual machine; measure on the host"},{"source":"msr","state":"not tried","why":"only on request: `--source msr`, or `measure: {source: msr}`"}],"filtered":null,"zones":[{"name":"psys","domain":"psys","package":null,"die":null,"state":"static","range_uj":4294967295000000,"update_us":null,"jitter_us":null,"why":"its counter did not change while it was watched"}]},"caches":[{"level":1,"type":"data","size":49152,"count":2},{"level":1,"type":"instruction","size":32768,"count":2},{"level":2,"type":"unified","size":2097152,"count":2},{"level":3,"type":"unified","size":272629760,"count":1}],"labels":{},"fingerprint":"0490701ec7e39b46","overhead":null,"cgroup":"v2 without controllers"}');
CREATE TABLE lane (
	campaign INTEGER NOT NULL REFERENCES campaign (id),
	lane INTEGER NOT NULL,
	host INTEGER NOT NULL REFERENCES host (id),
	inventory INTEGER REFERENCES inventory (id), -- that the campaign was planned with
	PRIMARY KEY (campaign, lane),
	UNIQUE (campaign, host)
) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES(1,0,1,1);
INSERT INTO lane VALUES(2,0,1,1);
CREATE TABLE run (
	id INTEGER PRIMARY KEY, -- campaign << 24 | run
	campaign INTEGER NOT NULL REFERENCES campaign (id),
	run INTEGER NOT NULL CHECK (run BETWEEN 1 AND 16777215),
	block INTEGER NOT NULL,
	pass INTEGER NOT NULL,
	host INTEGER NOT NULL REFERENCES host (id),
	configuration INTEGER NOT NULL,
	state TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	result INTEGER, -- the attempt that the result is of
	reason TEXT,
	started_at INTEGER, ended_at INTEGER,
	exit_code INTEGER, signal INTEGER,
	flags TEXT NOT NULL DEFAULT '[]',
	cpus TEXT,
	uncertainty TEXT, deviation TEXT, -- JSON, metric: inner units
	stdout_total INTEGER, stderr_total INTEGER, stdout_head INTEGER, stderr_head INTEGER,
	thinned INTEGER, "time" INTEGER, "time_user" INTEGER, "time_system" INTEGER, "cores_effective" INTEGER, "memory_peak" INTEGER, "energy_package" INTEGER, "energy_package_net" INTEGER, "energy_core" INTEGER, "energy_uncore" INTEGER, "energy_dram" INTEGER, "energy_psys" INTEGER, "power_package" INTEGER, "power_package_idle" INTEGER, "edp_package" INTEGER, "frequency_busy" INTEGER, "frequency_uncore" INTEGER, "temperature_package_start" INTEGER, "temperature_package_max" INTEGER, "temperature_core_max" INTEGER, "throttle_core" INTEGER, "throttle_package" INTEGER, "throttle_power_limit" INTEGER, "instructions" INTEGER, "cycles" INTEGER, "context_switches_voluntary" INTEGER, "context_switches_involuntary" INTEGER, "migrations" INTEGER, "page_faults_minor" INTEGER, "page_faults_major" INTEGER, "placement_violations" INTEGER, "io_read" INTEGER, "io_written" INTEGER, "network_received" INTEGER, "network_sent" INTEGER, "pressure_cpu" INTEGER, "pressure_memory" INTEGER, "pressure_io" INTEGER, "agent_time" INTEGER, "agent_wakeups" INTEGER,
	FOREIGN KEY (campaign, configuration) REFERENCES configuration (campaign, number),
	CHECK (id = ((campaign << 24) | run))
) STRICT;
INSERT INTO run VALUES(16777217,1,1,1,0,1,1,'done',1,1,NULL,1795371580349886735,1795371580366281707,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,13212313,8354000,0,632288,2863104,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,48,45,0,649,0,NULL,NULL,NULL,0,0,11375000,0,0,68927,3);
INSERT INTO run VALUES(16777218,1,2,1,0,1,2,'failed',1,1,'exit status 3: no',1795371580367470240,1795371580375456171,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1044826,976000,0,934126,1593344,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,68,0,NULL,NULL,NULL,0,0,0,0,0,46660,1);
INSERT INTO run VALUES(16777219,1,3,1,0,1,0,'done',1,1,NULL,1795371580376510467,1795371580389658664,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,11941997,6220000,0,520850,2347008,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,20,16,0,521,0,NULL,NULL,NULL,0,0,8921000,0,0,96224,7);
INSERT INTO run VALUES(16777220,1,4,1,0,1,3,'failed',1,1,'exit status 3: no',1795371580391879050,1795371580394077476,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1159211,981000,0,846265,1617920,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,67,0,NULL,NULL,NULL,0,0,0,0,0,89960,6);
INSERT INTO run VALUES(16777221,1,5,2,1,1,1,'done',1,1,NULL,1795371580396710429,1795371580412942256,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,15095095,8207000,0,543686,2838528,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,34,26,0,651,0,NULL,NULL,NULL,0,0,13614000,0,0,246531,7);
INSERT INTO run VALUES(16777222,1,6,2,1,1,0,'done',1,1,NULL,1795371580414796685,1795371580433224686,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,17261096,6556000,0,379813,2199552,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,8,3,1,521,0,NULL,NULL,NULL,0,0,8015000,0,0,279963,7);
INSERT INTO run VALUES(16777223,1,7,2,1,1,2,'failed',1,1,'exit status 3: no',1795371580435892394,1795371580438373741,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1010305,987000,0,976932,1650688,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,66,0,NULL,NULL,NULL,0,0,0,0,0,22352,1);
INSERT INTO run VALUES(16777224,1,8,2,1,1,3,'failed',1,1,'exit status 3: no',1795371580439249806,1795371580507959976,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1080438,1012000,0,936657,1490944,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,1,0,64,0,NULL,NULL,NULL,0,0,0,0,0,50011,2);
INSERT INTO run VALUES(33554433,2,1,1,0,1,1,'done',1,1,NULL,1795371580864097270,1795371580889866592,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,23591845,8726000,0,369873,2871296,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,46,41,0,648,0,NULL,NULL,NULL,0,0,16217000,0,0,135565,7);
INSERT INTO run VALUES(33554434,2,2,1,0,1,2,'failed',1,1,'exit status 3: no',1795371580895971925,1795371580904831636,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1224245,988000,0,807028,1609728,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,67,0,NULL,NULL,NULL,0,0,0,0,0,100432,6);
INSERT INTO run VALUES(33554435,2,3,1,0,1,0,'done',1,1,NULL,1795371580905829582,1795371580915023041,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,7932867,6340000,0,799206,2265088,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,21,19,0,509,0,NULL,NULL,NULL,0,0,6363000,0,0,185850,8);
INSERT INTO run VALUES(33554436,2,4,1,0,1,3,'failed',1,1,'exit status 3: no',1795371580917644727,1795371580919843347,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1056850,1000000,0,946208,1589248,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,1,0,66,0,NULL,NULL,NULL,0,0,0,0,0,118358,7);
INSERT INTO run VALUES(33554437,2,5,2,1,1,1,'done',1,1,NULL,1795371580920742324,1795371580954444177,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,21510985,8239000,0,383013,2904064,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,48,41,0,648,0,NULL,NULL,NULL,0,0,19723000,0,0,207841,11);
INSERT INTO run VALUES(33554438,2,6,2,1,1,0,'done',1,1,NULL,1795371580955442775,1795371580970086735,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,12499271,0,6606000,528510,2342912,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,9,0,0,521,0,NULL,NULL,NULL,0,0,6308000,0,0,196137,7);
INSERT INTO run VALUES(33554439,2,7,2,1,1,2,'failed',1,1,'exit status 3: no',1795371580971026745,1795371580979799679,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1113211,1033000,0,927946,1585152,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,2,0,66,0,NULL,NULL,NULL,0,0,0,0,0,115182,7);
INSERT INTO run VALUES(33554440,2,8,2,1,1,3,'failed',1,1,'exit status 3: no',1795371580980688760,1795371580995629806,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1072183,1044000,0,973714,1593344,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,66,0,NULL,NULL,NULL,0,0,0,0,0,31476,1);
CREATE TABLE attempt (
	run INTEGER NOT NULL REFERENCES run (id),
	attempt INTEGER NOT NULL,
	state TEXT NOT NULL,
	started_at INTEGER, ended_at INTEGER,
	late TEXT, -- JSON of a result that came when the run had one or had ended
	PRIMARY KEY (run, attempt)
) STRICT, WITHOUT ROWID;
INSERT INTO attempt VALUES(16777217,1,'done',1795371580331258093,1795371580366281707,NULL);
INSERT INTO attempt VALUES(16777218,1,'failed',1795371580331419781,1795371580375456171,NULL);
INSERT INTO attempt VALUES(16777219,1,'done',1795371580366494687,1795371580389658664,NULL);
INSERT INTO attempt VALUES(16777220,1,'failed',1795371580375608744,1795371580394077476,NULL);
INSERT INTO attempt VALUES(16777221,1,'done',1795371580389715600,1795371580412942256,NULL);
INSERT INTO attempt VALUES(16777222,1,'done',1795371580394133934,1795371580433224686,NULL);
INSERT INTO attempt VALUES(16777223,1,'failed',1795371580413000520,1795371580438373741,NULL);
INSERT INTO attempt VALUES(16777224,1,'failed',1795371580433282377,1795371580507959976,NULL);
INSERT INTO attempt VALUES(33554433,1,'done',1795371580855156340,1795371580889866592,NULL);
INSERT INTO attempt VALUES(33554434,1,'failed',1795371580855323314,1795371580904831636,NULL);
INSERT INTO attempt VALUES(33554435,1,'done',1795371580890061418,1795371580915023041,NULL);
INSERT INTO attempt VALUES(33554436,1,'failed',1795371580904905013,1795371580919843347,NULL);
INSERT INTO attempt VALUES(33554437,1,'done',1795371580915080881,1795371580954444177,NULL);
INSERT INTO attempt VALUES(33554438,1,'done',1795371580919895826,1795371580970086735,NULL);
INSERT INTO attempt VALUES(33554439,1,'failed',1795371580954506013,1795371580979799679,NULL);
INSERT INTO attempt VALUES(33554440,1,'failed',1795371580970151466,1795371580995629806,NULL);
CREATE TABLE metric (
	run INTEGER NOT NULL REFERENCES run (id),
	place INTEGER NOT NULL,
	name TEXT NOT NULL,
	unit TEXT NOT NULL,
	better TEXT,
	value REAL, -- of the campaign's own metrics
	integer INTEGER, inner TEXT, divisor INTEGER, -- of standard ones: in inner units
	PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;
INSERT INTO metric VALUES(16777217,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(16777217,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777217,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777217,3,'environment.padding','B',NULL,NULL,2456,'B',1);
INSERT INTO metric VALUES(16777217,4,'took','s','lower',2.0,NULL,NULL,NULL);
INSERT INTO metric VALUES(16777218,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(16777218,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777218,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777218,3,'environment.padding','B',NULL,NULL,645,'B',1);
INSERT INTO metric VALUES(16777219,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(16777219,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777219,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777219,3,'environment.padding','B',NULL,NULL,2220,'B',1);
INSERT INTO metric VALUES(16777219,4,'took','s','lower',1.0,NULL,NULL,NULL);
INSERT INTO metric VALUES(16777220,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(16777220,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777220,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777220,3,'environment.padding','B',NULL,NULL,3970,'B',1);
INSERT INTO metric VALUES(16777221,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(16777221,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777221,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777221,3,'environment.padding','B',NULL,NULL,3137,'B',1);
INSERT INTO metric VALUES(16777221,4,'took','s','lower',2.0,NULL,NULL,NULL);
INSERT INTO metric VALUES(16777222,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(16777222,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777222,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777222,3,'environment.padding','B',NULL,NULL,2744,'B',1);
INSERT INTO metric VALUES(16777222,4,'took','s','lower',1.0,NULL,NULL,NULL);
INSERT INTO metric VALUES(16777223,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(16777223,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777223,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777223,3,'environment.padding','B',NULL,NULL,1612,'B',1);
INSERT INTO metric VALUES(16777224,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(16777224,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777224,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(16777224,3,'environment.padding','B',NULL,NULL,3578,'B',1);
INSERT INTO metric VALUES(33554433,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(33554433,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554433,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554433,3,'environment.padding','B',NULL,NULL,2604,'B',1);
INSERT INTO metric VALUES(33554433,4,'took','s','lower',2.0,NULL,NULL,NULL);
INSERT INTO metric VALUES(33554434,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(33554434,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554434,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554434,3,'environment.padding','B',NULL,NULL,1549,'B',1);
INSERT INTO metric VALUES(33554435,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(33554435,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554435,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554435,3,'environment.padding','B',NULL,NULL,219,'B',1);
INSERT INTO metric VALUES(33554435,4,'took','s','lower',1.0,NULL,NULL,NULL);
INSERT INTO metric VALUES(33554436,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(33554436,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554436,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554436,3,'environment.padding','B',NULL,NULL,2067,'B',1);
INSERT INTO metric VALUES(33554437,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(33554437,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554437,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554437,3,'environment.padding','B',NULL,NULL,96,'B',1);
INSERT INTO metric VALUES(33554437,4,'took','s','lower',2.0,NULL,NULL,NULL);
INSERT INTO metric VALUES(33554438,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(33554438,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554438,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554438,3,'environment.padding','B',NULL,NULL,928,'B',1);
INSERT INTO metric VALUES(33554438,4,'took','s','lower',1.0,NULL,NULL,NULL);
INSERT INTO metric VALUES(33554439,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(33554439,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554439,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554439,3,'environment.padding','B',NULL,NULL,1494,'B',1);
INSERT INTO metric VALUES(33554440,0,'smi','1',NULL,NULL,0,'1',1);
INSERT INTO metric VALUES(33554440,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554440,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000);
INSERT INTO metric VALUES(33554440,3,'environment.padding','B',NULL,NULL,1079,'B',1);
CREATE TABLE sample_chunk (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES run (id),
	attempt INTEGER NOT NULL,
	chunk INTEGER NOT NULL,
	data BLOB NOT NULL,
	UNIQUE (run, attempt, chunk)
) STRICT;
CREATE TABLE output (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES run (id),
	attempt INTEGER NOT NULL,
	stream TEXT NOT NULL,
	offset INTEGER NOT NULL,
	data BLOB NOT NULL,
	UNIQUE (run, attempt, stream, offset)
) STRICT;
INSERT INTO output VALUES(1,16777217,1,'stdout',0,X'32303030300a746f6f6b20320a');
INSERT INTO output VALUES(2,16777218,1,'stderr',0,X'6e6f0a');
INSERT INTO output VALUES(3,16777219,1,'stdout',0,X'31303030300a746f6f6b20310a');
INSERT INTO output VALUES(4,16777220,1,'stderr',0,X'6e6f0a');
INSERT INTO output VALUES(5,16777221,1,'stdout',0,X'32303030300a746f6f6b20320a');
INSERT INTO output VALUES(6,16777222,1,'stdout',0,X'31303030300a746f6f6b20310a');
INSERT INTO output VALUES(7,16777223,1,'stderr',0,X'6e6f0a');
INSERT INTO output VALUES(8,16777224,1,'stderr',0,X'6e6f0a');
INSERT INTO output VALUES(9,33554433,1,'stdout',0,X'32303030300a746f6f6b20320a');
INSERT INTO output VALUES(10,33554434,1,'stderr',0,X'6e6f0a');
INSERT INTO output VALUES(11,33554435,1,'stdout',0,X'31303030300a746f6f6b20310a');
INSERT INTO output VALUES(12,33554436,1,'stderr',0,X'6e6f0a');
INSERT INTO output VALUES(13,33554437,1,'stdout',0,X'32303030300a746f6f6b20320a');
INSERT INTO output VALUES(14,33554438,1,'stdout',0,X'31303030300a746f6f6b20310a');
INSERT INTO output VALUES(15,33554439,1,'stderr',0,X'6e6f0a');
INSERT INTO output VALUES(16,33554440,1,'stderr',0,X'6e6f0a');
CREATE TABLE event (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	campaign INTEGER REFERENCES campaign (id),
	host INTEGER REFERENCES host (id),
	run INTEGER, -- number in the campaign
	kind TEXT NOT NULL,
	text TEXT
) STRICT;
INSERT INTO event VALUES(1,1795371580330893647,1,NULL,NULL,'submitted','kept.yaml');
INSERT INTO event VALUES(2,1795371580508040625,1,NULL,NULL,'done',NULL);
INSERT INTO event VALUES(3,1795371580854781713,2,NULL,NULL,'submitted','kept.yaml');
INSERT INTO event VALUES(4,1795371580995690211,2,NULL,NULL,'done',NULL);
CREATE TABLE schedule (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	file TEXT, changes TEXT, tree BLOB,
	cron TEXT NOT NULL,
	timezone TEXT, missed TEXT, overlap TEXT,
	unless TEXT,
	next_at INTEGER,
	last INTEGER REFERENCES campaign (id),
	yaml TEXT NOT NULL
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('campaign',2);
CREATE INDEX event_of_campaign ON event (campaign);
CREATE VIEW v_run AS SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, r.state, r.attempt, strftime('%Y-%m-%dT%H:%M:%S', r.started_at / 1000000000, 'unixepoch') || printf('.%03dZ', r.started_at / 1000000 % 1000) AS started_at, r.exit_code, r.signal, r.flags, r.reason, r.cpus, r."time" * 1.0 / 1000000000 AS "time", r."time_user" * 1.0 / 1000000000 AS "time_user", r."time_system" * 1.0 / 1000000000 AS "time_system", r."cores_effective" * 1.0 / 1000000 AS "cores_effective", r."memory_peak" AS "memory_peak", r."energy_package" * 1.0 / 1000000 AS "energy_package", r."energy_package_net" * 1.0 / 1000000 AS "energy_package_net", r."energy_core" * 1.0 / 1000000 AS "energy_core", r."energy_uncore" * 1.0 / 1000000 AS "energy_uncore", r."energy_dram" * 1.0 / 1000000 AS "energy_dram", r."energy_psys" * 1.0 / 1000000 AS "energy_psys", r."power_package" * 1.0 / 1000000 AS "power_package", r."power_package_idle" * 1.0 / 1000000 AS "power_package_idle", r."edp_package" * 1.0 / 1000000 AS "edp_package", r."frequency_busy" AS "frequency_busy", r."frequency_uncore" AS "frequency_uncore", r."temperature_package_start" * 1.0 / 1000 AS "temperature_package_start", r."temperature_package_max" * 1.0 / 1000 AS "temperature_package_max", r."temperature_core_max" * 1.0 / 1000 AS "temperature_core_max", r."throttle_core" AS "throttle_core", r."throttle_package" AS "throttle_package", r."throttle_power_limit" AS "throttle_power_limit", r."instructions" AS "instructions", r."cycles" AS "cycles", r."context_switches_voluntary" AS "context_switches_voluntary", r."context_switches_involuntary" AS "context_switches_involuntary", r."migrations" AS "migrations", r."page_faults_minor" AS "page_faults_minor", r."page_faults_major" AS "page_faults_major", r."placement_violations" AS "placement_violations", r."io_read" AS "io_read", r."io_written" AS "io_written", r."network_received" AS "network_received", r."network_sent" AS "network_sent", r."pressure_cpu" * 1.0 / 1000000000 AS "pressure_cpu", r."pressure_memory" * 1.0 / 1000000000 AS "pressure_memory", r."pressure_io" * 1.0 / 1000000000 AS "pressure_io", r."agent_time" * 1.0 / 1000000000 AS "agent_time", r."agent_wakeups" AS "agent_wakeups" FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration;
CREATE VIEW v_metric AS SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'time' AS name, r."time" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."time"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."time"') * 1.0 / 1000000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."time" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'time.user' AS name, r."time_user" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."time.user"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."time.user"') * 1.0 / 1000000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."time_user" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'time.system' AS name, r."time_system" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."time.system"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."time.system"') * 1.0 / 1000000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."time_system" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'cores.effective' AS name, r."cores_effective" * 1.0 / 1000000 AS value, '1' AS unit, json_extract(r.uncertainty, '$."cores.effective"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."cores.effective"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."cores_effective" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'memory.peak' AS name, r."memory_peak" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."memory.peak"') AS uncertainty, json_extract(r.deviation, '$."memory.peak"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."memory_peak" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.package' AS name, r."energy_package" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.package"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.package"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_package" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.package.net' AS name, r."energy_package_net" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.package.net"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.package.net"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_package_net" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.core' AS name, r."energy_core" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.core"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.core"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_core" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.uncore' AS name, r."energy_uncore" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.uncore"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.uncore"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_uncore" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.dram' AS name, r."energy_dram" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.dram"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.dram"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_dram" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.psys' AS name, r."energy_psys" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.psys"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.psys"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_psys" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'power.package' AS name, r."power_package" * 1.0 / 1000000 AS value, 'W' AS unit, json_extract(r.uncertainty, '$."power.package"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."power.package"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."power_package" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'power.package.idle' AS name, r."power_package_idle" * 1.0 / 1000000 AS value, 'W' AS unit, json_extract(r.uncertainty, '$."power.package.idle"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."power.package.idle"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."power_package_idle" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'edp.package' AS name, r."edp_package" * 1.0 / 1000000 AS value, 'J·s' AS unit, json_extract(r.uncertainty, '$."edp.package"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."edp.package"') * 1.0 / 1000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."edp_package" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'frequency.busy' AS name, r."frequency_busy" AS value, 'Hz' AS unit, json_extract(r.uncertainty, '$."frequency.busy"') AS uncertainty, json_extract(r.deviation, '$."frequency.busy"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."frequency_busy" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'frequency.uncore' AS name, r."frequency_uncore" AS value, 'Hz' AS unit, json_extract(r.uncertainty, '$."frequency.uncore"') AS uncertainty, json_extract(r.deviation, '$."frequency.uncore"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."frequency_uncore" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'temperature.package.start' AS name, r."temperature_package_start" * 1.0 / 1000 AS value, '°C' AS unit, json_extract(r.uncertainty, '$."temperature.package.start"') * 1.0 / 1000 AS uncertainty, json_extract(r.deviation, '$."temperature.package.start"') * 1.0 / 1000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."temperature_package_start" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'temperature.package.max' AS name, r."temperature_package_max" * 1.0 / 1000 AS value, '°C' AS unit, json_extract(r.uncertainty, '$."temperature.package.max"') * 1.0 / 1000 AS uncertainty, json_extract(r.deviation, '$."temperature.package.max"') * 1.0 / 1000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."temperature_package_max" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'temperature.core.max' AS name, r."temperature_core_max" * 1.0 / 1000 AS value, '°C' AS unit, json_extract(r.uncertainty, '$."temperature.core.max"') * 1.0 / 1000 AS uncertainty, json_extract(r.deviation, '$."temperature.core.max"') * 1.0 / 1000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."temperature_core_max" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'throttle.core' AS name, r."throttle_core" AS value, '1' AS unit, json_extract(r.uncertainty, '$."throttle.core"') AS uncertainty, json_extract(r.deviation, '$."throttle.core"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."throttle_core" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'throttle.package' AS name, r."throttle_package" AS value, '1' AS unit, json_extract(r.uncertainty, '$."throttle.package"') AS uncertainty, json_extract(r.deviation, '$."throttle.package"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."throttle_package" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'throttle.power_limit' AS name, r."throttle_power_limit" AS value, '1' AS unit, json_extract(r.uncertainty, '$."throttle.power_limit"') AS uncertainty, json_extract(r.deviation, '$."throttle.power_limit"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."throttle_power_limit" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'instructions' AS name, r."instructions" AS value, '1' AS unit, json_extract(r.uncertainty, '$."instructions"') AS uncertainty, json_extract(r.deviation, '$."instructions"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."instructions" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'cycles' AS name, r."cycles" AS value, '1' AS unit, json_extract(r.uncertainty, '$."cycles"') AS uncertainty, json_extract(r.deviation, '$."cycles"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."cycles" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'context_switches.voluntary' AS name, r."context_switches_voluntary" AS value, '1' AS unit, json_extract(r.uncertainty, '$."context_switches.voluntary"') AS uncertainty, json_extract(r.deviation, '$."context_switches.voluntary"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."context_switches_voluntary" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'context_switches.involuntary' AS name, r."context_switches_involuntary" AS value, '1' AS unit, json_extract(r.uncertainty, '$."context_switches.involuntary"') AS uncertainty, json_extract(r.deviation, '$."context_switches.involuntary"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."context_switches_involuntary" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'migrations' AS name, r."migrations" AS value, '1' AS unit, json_extract(r.uncertainty, '$."migrations"') AS uncertainty, json_extract(r.deviation, '$."migrations"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."migrations" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'page_faults.minor' AS name, r."page_faults_minor" AS value, '1' AS unit, json_extract(r.uncertainty, '$."page_faults.minor"') AS uncertainty, json_extract(r.deviation, '$."page_faults.minor"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."page_faults_minor" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'page_faults.major' AS name, r."page_faults_major" AS value, '1' AS unit, json_extract(r.uncertainty, '$."page_faults.major"') AS uncertainty, json_extract(r.deviation, '$."page_faults.major"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."page_faults_major" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'placement.violations' AS name, r."placement_violations" AS value, '1' AS unit, json_extract(r.uncertainty, '$."placement.violations"') AS uncertainty, json_extract(r.deviation, '$."placement.violations"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."placement_violations" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'io.read' AS name, r."io_read" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."io.read"') AS uncertainty, json_extract(r.deviation, '$."io.read"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."io_read" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'io.written' AS name, r."io_written" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."io.written"') AS uncertainty, json_extract(r.deviation, '$."io.written"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."io_written" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'network.received' AS name, r."network_received" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."network.received"') AS uncertainty, json_extract(r.deviation, '$."network.received"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."network_received" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'network.sent' AS name, r."network_sent" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."network.sent"') AS uncertainty, json_extract(r.deviation, '$."network.sent"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."network_sent" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'pressure.cpu' AS name, r."pressure_cpu" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."pressure.cpu"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."pressure.cpu"') * 1.0 / 1000000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."pressure_cpu" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'pressure.memory' AS name, r."pressure_memory" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."pressure.memory"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."pressure.memory"') * 1.0 / 1000000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."pressure_memory" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'pressure.io' AS name, r."pressure_io" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."pressure.io"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."pressure.io"') * 1.0 / 1000000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."pressure_io" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'agent.time' AS name, r."agent_time" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."agent.time"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."agent.time"') * 1.0 / 1000000000 AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."agent_time" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'agent.wakeups' AS name, r."agent_wakeups" AS value, '1' AS unit, json_extract(r.uncertainty, '$."agent.wakeups"') AS uncertainty, json_extract(r.deviation, '$."agent.wakeups"') AS deviation FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."agent_wakeups" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, m.name, coalesce(m.value, m.integer * 1.0 / m.divisor), m.unit, json_extract(r.uncertainty, '$."' || m.name || '"') * 1.0 / m.divisor, json_extract(r.deviation, '$."' || m.name || '"') * 1.0 / m.divisor FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration JOIN metric m ON m.run = r.id;
COMMIT;
PRAGMA user_version = 1; PRAGMA application_id = 1246906695;
