-- A store as the release of schema 2 left it, after two campaigns: sqlite3 .dump, with names of the machine replaced.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE store (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	id BLOB NOT NULL,
	epoch INTEGER NOT NULL
) STRICT;
INSERT INTO store VALUES(1,X'38f5935c7fe0beee3060d634f0000425',2);
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
INSERT INTO campaign VALUES(1,X'd9182cac09f64b2e0036b5873cb0615a','kept',1,'done',8,1795371581419895352,1795371581595791005,8,4,0,'kept.yaml',NULL,NULL,'/home/ann/bench',replace('campaign: kept\nlabels: {of: before}\nmatrix: {size: [1, 2]}\nbenchmarks:\n  sum:\n    command: ''seq {size}0000 | sort -n | tail -n 1; echo took {size}''\n    metrics: {took: {pattern: ''took (?<value>[0-9.]+)'', unit: s, better: lower}}\n  fails: {command: ''echo no >&2; exit 3''}\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 2}\n','\n',char(10)));
INSERT INTO campaign VALUES(2,X'9e154c3e8330d40376145b86720ab4d4','kept',2,'done',8,1795371581984234526,1795371582228761598,8,4,0,'kept.yaml',NULL,NULL,'/home/ann/bench',replace('campaign: kept\nlabels: {of: before}\nmatrix: {size: [1, 2]}\nbenchmarks:\n  sum:\n    command: ''seq {size}0000 | sort -n | tail -n 1; echo took {size}''\n    metrics: {took: {pattern: ''took (?<value>[0-9.]+)'', unit: s, better: lower}}\n  fails: {command: ''echo no >&2; exit 3''}\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 2}\n','\n',char(10)));
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
INSERT INTO host VALUES(1,'>-{1[ZNUV-(.4[):P<tYVno-92X9m3/a)-WtrUUw','lab1',1795371581885614316,1);
CREATE TABLE inventory (
	id INTEGER PRIMARY KEY,
	host INTEGER NOT NULL REFERENCES host (id),
	seen_at INTEGER,
	json TEXT NOT NULL
) STRICT;
INSERT INTO inventory VALUES(1,1,1795371581261354338,'{"cpu":{"vendor":"GenuineIntel","model":"Intel(R) Xeon(R) Processor","family":6,"model_number":207,"stepping":2,"microcode":"0x1","codename":"Emerald Rapids","packages":1,"dies":1,"cores":2,"threads":2,"kinds":[{"kind":"performance","cpus":[0,1],"cores":2}]},"cores":2,"threads":2,"thread_steps":[1,2],"numa":1,"memory":25276502016,"kernel":"6.12.8-amd64","hypervisor":"kvm","governor":null,"turbo":null,"frequency":{"base":null},"power_limits":[],"energy":{"source":null,"why":"no energy counters: this is a virtual machine and its hypervisor passes none on; measure on the host","choices":[{"source":"powercap","state":"refused","why":"no energy counters: this is a virtual machine and its hypervisor passes none on; measure on the host"},{"source":"perf","state":"refused","why":"energy through perf: this machine shows no package''s counter to perf: it is a virtual machine; measure on the host"},{"source":"msr","state":"not tried","why":"only on request: `--source msr`, or `measure: {source: msr}`"}],"filtered":null,"zones":[{"name":"psys","domain":"psys","package":null,"die":null,"state":"static","range_uj":4294967295000000,"update_us":null,"jitter_us":null,"why":"its counter did not change while it was watched"}]},"caches":[{"level":1,"type":"data","size":49152,"count":2},{"level":1,"type":"instruction","size":32768,"count":2},{"level":2,"type":"unified","size":2097152,"count":2},{"level":3,"type":"unified","size":272629760,"count":1}],"labels":{},"fingerprint":"0490701ec7e39b46","overhead":null,"cgroup":"v2 without controllers"}');
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
INSERT INTO run VALUES(16777217,1,1,1,0,1,1,'done',1,1,NULL,1795371581432388602,1795371581474038427,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,39649628,9641000,0,243154,2920448,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,12,4,0,649,0,NULL,NULL,NULL,0,0,20570000,0,0,167913,7);
INSERT INTO run VALUES(16777218,1,2,1,0,1,2,'failed',1,1,'exit status 3: no',1795371581481172436,1795371581503892213,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1066403,1005000,0,942420,1675264,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,67,0,NULL,NULL,NULL,0,0,0,0,0,163164,6);
INSERT INTO run VALUES(16777219,1,3,1,0,1,0,'done',1,1,NULL,1795371581503928381,1795371581519737963,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,13527532,0,7407000,547549,2355200,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,21,18,0,524,0,NULL,NULL,NULL,0,0,4940000,0,0,254155,10);
INSERT INTO run VALUES(16777220,1,4,1,0,1,3,'failed',1,1,'exit status 3: no',1795371581520908717,1795371581524495674,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1066822,980000,0,918616,1486848,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,64,0,NULL,NULL,NULL,0,0,0,0,0,170512,4);
INSERT INTO run VALUES(16777221,1,5,2,1,1,1,'done',1,1,NULL,1795371581525319808,1795371581545405181,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,18379814,4217000,4243000,460287,2904064,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,49,43,0,655,0,NULL,NULL,NULL,0,0,16429000,0,0,129103,7);
INSERT INTO run VALUES(16777222,1,6,2,1,1,0,'done',1,1,NULL,1795371581554589065,1795371581579822416,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,17305466,3198000,3223000,371038,2248704,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,15,10,0,513,0,NULL,NULL,NULL,0,0,15872000,0,0,156136,7);
INSERT INTO run VALUES(16777223,1,7,2,1,1,2,'failed',1,1,'exit status 3: no',1795371581580610666,1795371581591778309,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1012904,983000,0,970476,1646592,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,65,0,NULL,NULL,NULL,0,0,0,0,0,100981,6);
INSERT INTO run VALUES(16777224,1,8,2,1,1,3,'failed',1,1,'exit status 3: no',1795371581592441184,1795371581595668412,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1051478,1021000,0,971014,1462272,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,64,0,NULL,NULL,NULL,0,0,0,0,0,121077,2);
INSERT INTO run VALUES(33554433,2,1,1,0,1,1,'done',1,1,NULL,1795371581987263551,1795371582039374657,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,50500759,9203000,0,182234,2871296,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,23,24,0,652,0,NULL,NULL,NULL,0,0,46702000,0,0,193932,5);
INSERT INTO run VALUES(33554434,2,2,1,0,1,2,'failed',1,1,'exit status 3: no',1795371582044199165,1795371582046479193,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1234928,1049000,0,849442,1490944,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,2,0,63,0,NULL,NULL,NULL,0,0,0,0,0,181654,6);
INSERT INTO run VALUES(33554435,2,3,1,0,1,0,'done',1,1,NULL,1795371582047855729,1795371582078178966,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,25438714,0,7424000,291838,2347008,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,5,6,0,518,0,NULL,NULL,NULL,0,0,19395000,0,0,201501,11);
INSERT INTO run VALUES(33554436,2,4,1,0,1,3,'failed',1,1,'exit status 3: no',1795371582079284559,1795371582083338413,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,1486025,1041000,0,700526,1499136,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,2,0,64,0,NULL,NULL,NULL,0,0,0,0,0,181559,6);
INSERT INTO run VALUES(33554437,2,5,2,1,1,1,'done',1,1,NULL,1795371582084159951,1795371582132017807,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,43685099,0,8421000,192765,2772992,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,25,18,0,649,0,NULL,NULL,NULL,0,0,39646000,0,0,268845,12);
INSERT INTO run VALUES(33554438,2,6,2,1,1,0,'done',1,1,NULL,1795371582134479040,1795371582180775736,0,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,13,0,13,0,0,39227573,0,6905000,176024,2453504,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,18,23,0,521,0,NULL,NULL,NULL,0,0,37433000,0,0,149010,11);
INSERT INTO run VALUES(33554439,2,7,2,1,1,2,'failed',1,1,'exit status 3: no',1795371582188069008,1795371582221537215,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,7649119,1378000,0,180151,1576960,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,2,0,66,0,NULL,NULL,NULL,0,0,5039000,0,0,64720,2);
INSERT INTO run VALUES(33554440,2,8,2,1,1,3,'failed',1,1,'exit status 3: no',1795371582224010284,1795371582228637346,3,NULL,'["shared_cpu","shared_energy"]','1,0',NULL,NULL,0,3,0,3,0,988700,963000,0,974006,1593344,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,65,0,NULL,NULL,NULL,0,0,0,0,0,27505,1);
CREATE TABLE attempt (
	run INTEGER NOT NULL REFERENCES run (id),
	attempt INTEGER NOT NULL,
	state TEXT NOT NULL,
	started_at INTEGER, ended_at INTEGER,
	late TEXT, -- JSON of a result that came when the run had one or had ended
	PRIMARY KEY (run, attempt)
) STRICT, WITHOUT ROWID;
INSERT INTO attempt VALUES(16777217,1,'done',1795371581420318007,1795371581474038427,NULL);
INSERT INTO attempt VALUES(16777218,1,'failed',1795371581420579613,1795371581503892213,NULL);
INSERT INTO attempt VALUES(16777219,1,'done',1795371581474346903,1795371581519737963,NULL);
INSERT INTO attempt VALUES(16777220,1,'failed',1795371581503999219,1795371581524495674,NULL);
INSERT INTO attempt VALUES(16777221,1,'done',1795371581519830914,1795371581545405181,NULL);
INSERT INTO attempt VALUES(16777222,1,'done',1795371581524575854,1795371581579822416,NULL);
INSERT INTO attempt VALUES(16777223,1,'failed',1795371581545539974,1795371581591778309,NULL);
INSERT INTO attempt VALUES(16777224,1,'failed',1795371581579886507,1795371581595668412,NULL);
INSERT INTO attempt VALUES(33554433,1,'done',1795371581984525223,1795371582039374657,NULL);
INSERT INTO attempt VALUES(33554434,1,'failed',1795371581984697249,1795371582046479193,NULL);
INSERT INTO attempt VALUES(33554435,1,'done',1795371582039662329,1795371582078178966,NULL);
INSERT INTO attempt VALUES(33554436,1,'failed',1795371582046562750,1795371582083338413,NULL);
INSERT INTO attempt VALUES(33554437,1,'done',1795371582078245090,1795371582132017807,NULL);
INSERT INTO attempt VALUES(33554438,1,'done',1795371582083393779,1795371582180775736,NULL);
INSERT INTO attempt VALUES(33554439,1,'failed',1795371582132082923,1795371582221537215,NULL);
INSERT INTO attempt VALUES(33554440,1,'failed',1795371582180842623,1795371582228637346,NULL);
CREATE TABLE metric (
	run INTEGER NOT NULL REFERENCES run (id),
	place INTEGER NOT NULL,
	name TEXT NOT NULL,
	unit TEXT NOT NULL,
	better TEXT,
	value REAL, -- of the campaign's own metrics
	integer INTEGER, inner TEXT, divisor INTEGER, text TEXT, series TEXT, -- of standard ones: in inner units
	PRIMARY KEY (run, place)
) STRICT, WITHOUT ROWID;
INSERT INTO metric VALUES(16777217,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(16777217,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777217,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777217,3,'environment.padding','B',NULL,NULL,2583,'B',1,NULL,NULL);
INSERT INTO metric VALUES(16777217,4,'took','s','lower',2.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO metric VALUES(16777218,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(16777218,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777218,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777218,3,'environment.padding','B',NULL,NULL,2121,'B',1,NULL,NULL);
INSERT INTO metric VALUES(16777219,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(16777219,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777219,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777219,3,'environment.padding','B',NULL,NULL,3431,'B',1,NULL,NULL);
INSERT INTO metric VALUES(16777219,4,'took','s','lower',1.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO metric VALUES(16777220,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(16777220,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777220,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777220,3,'environment.padding','B',NULL,NULL,3190,'B',1,NULL,NULL);
INSERT INTO metric VALUES(16777221,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(16777221,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777221,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777221,3,'environment.padding','B',NULL,NULL,2688,'B',1,NULL,NULL);
INSERT INTO metric VALUES(16777221,4,'took','s','lower',2.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO metric VALUES(16777222,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(16777222,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777222,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777222,3,'environment.padding','B',NULL,NULL,1498,'B',1,NULL,NULL);
INSERT INTO metric VALUES(16777222,4,'took','s','lower',1.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO metric VALUES(16777223,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(16777223,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777223,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777223,3,'environment.padding','B',NULL,NULL,533,'B',1,NULL,NULL);
INSERT INTO metric VALUES(16777224,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(16777224,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777224,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(16777224,3,'environment.padding','B',NULL,NULL,3275,'B',1,NULL,NULL);
INSERT INTO metric VALUES(33554433,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(33554433,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554433,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554433,3,'environment.padding','B',NULL,NULL,3184,'B',1,NULL,NULL);
INSERT INTO metric VALUES(33554433,4,'took','s','lower',2.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO metric VALUES(33554434,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(33554434,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554434,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554434,3,'environment.padding','B',NULL,NULL,2356,'B',1,NULL,NULL);
INSERT INTO metric VALUES(33554435,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(33554435,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554435,2,'cstate.haltpoll_idle','s',NULL,NULL,1815000,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554435,3,'environment.padding','B',NULL,NULL,973,'B',1,NULL,NULL);
INSERT INTO metric VALUES(33554435,4,'took','s','lower',1.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO metric VALUES(33554436,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(33554436,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554436,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554436,3,'environment.padding','B',NULL,NULL,1555,'B',1,NULL,NULL);
INSERT INTO metric VALUES(33554437,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(33554437,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554437,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554437,3,'environment.padding','B',NULL,NULL,2057,'B',1,NULL,NULL);
INSERT INTO metric VALUES(33554437,4,'took','s','lower',2.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO metric VALUES(33554438,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(33554438,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554438,2,'cstate.haltpoll_idle','s',NULL,NULL,1071000,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554438,3,'environment.padding','B',NULL,NULL,3492,'B',1,NULL,NULL);
INSERT INTO metric VALUES(33554438,4,'took','s','lower',1.0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO metric VALUES(33554439,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(33554439,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554439,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554439,3,'environment.padding','B',NULL,NULL,3986,'B',1,NULL,NULL);
INSERT INTO metric VALUES(33554440,0,'smi','1',NULL,NULL,0,'1',1,NULL,NULL);
INSERT INTO metric VALUES(33554440,1,'cstate.poll','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554440,2,'cstate.haltpoll_idle','s',NULL,NULL,0,'ns',1000000000,NULL,NULL);
INSERT INTO metric VALUES(33554440,3,'environment.padding','B',NULL,NULL,647,'B',1,NULL,NULL);
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
INSERT INTO event VALUES(1,1795371581419895352,1,NULL,NULL,'submitted','kept.yaml');
INSERT INTO event VALUES(2,1795371581595791005,1,NULL,NULL,'done',NULL);
INSERT INTO event VALUES(3,1795371581984234526,2,NULL,NULL,'submitted','kept.yaml');
INSERT INTO event VALUES(4,1795371582228761598,2,NULL,NULL,'done',NULL);
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
CREATE VIEW v_metric AS SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'time' AS name, r."time" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."time"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."time"') * 1.0 / 1000000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."time" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'time.user' AS name, r."time_user" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."time.user"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."time.user"') * 1.0 / 1000000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."time_user" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'time.system' AS name, r."time_system" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."time.system"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."time.system"') * 1.0 / 1000000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."time_system" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'cores.effective' AS name, r."cores_effective" * 1.0 / 1000000 AS value, '1' AS unit, json_extract(r.uncertainty, '$."cores.effective"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."cores.effective"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."cores_effective" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'memory.peak' AS name, r."memory_peak" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."memory.peak"') AS uncertainty, json_extract(r.deviation, '$."memory.peak"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."memory_peak" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.package' AS name, r."energy_package" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.package"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.package"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_package" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.package.net' AS name, r."energy_package_net" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.package.net"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.package.net"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_package_net" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.core' AS name, r."energy_core" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.core"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.core"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_core" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.uncore' AS name, r."energy_uncore" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.uncore"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.uncore"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_uncore" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.dram' AS name, r."energy_dram" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.dram"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.dram"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_dram" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'energy.psys' AS name, r."energy_psys" * 1.0 / 1000000 AS value, 'J' AS unit, json_extract(r.uncertainty, '$."energy.psys"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."energy.psys"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."energy_psys" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'power.package' AS name, r."power_package" * 1.0 / 1000000 AS value, 'W' AS unit, json_extract(r.uncertainty, '$."power.package"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."power.package"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."power_package" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'power.package.idle' AS name, r."power_package_idle" * 1.0 / 1000000 AS value, 'W' AS unit, json_extract(r.uncertainty, '$."power.package.idle"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."power.package.idle"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."power_package_idle" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'edp.package' AS name, r."edp_package" * 1.0 / 1000000 AS value, 'J·s' AS unit, json_extract(r.uncertainty, '$."edp.package"') * 1.0 / 1000000 AS uncertainty, json_extract(r.deviation, '$."edp.package"') * 1.0 / 1000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."edp_package" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'frequency.busy' AS name, r."frequency_busy" AS value, 'Hz' AS unit, json_extract(r.uncertainty, '$."frequency.busy"') AS uncertainty, json_extract(r.deviation, '$."frequency.busy"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."frequency_busy" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'frequency.uncore' AS name, r."frequency_uncore" AS value, 'Hz' AS unit, json_extract(r.uncertainty, '$."frequency.uncore"') AS uncertainty, json_extract(r.deviation, '$."frequency.uncore"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."frequency_uncore" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'temperature.package.start' AS name, r."temperature_package_start" * 1.0 / 1000 AS value, '°C' AS unit, json_extract(r.uncertainty, '$."temperature.package.start"') * 1.0 / 1000 AS uncertainty, json_extract(r.deviation, '$."temperature.package.start"') * 1.0 / 1000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."temperature_package_start" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'temperature.package.max' AS name, r."temperature_package_max" * 1.0 / 1000 AS value, '°C' AS unit, json_extract(r.uncertainty, '$."temperature.package.max"') * 1.0 / 1000 AS uncertainty, json_extract(r.deviation, '$."temperature.package.max"') * 1.0 / 1000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."temperature_package_max" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'temperature.core.max' AS name, r."temperature_core_max" * 1.0 / 1000 AS value, '°C' AS unit, json_extract(r.uncertainty, '$."temperature.core.max"') * 1.0 / 1000 AS uncertainty, json_extract(r.deviation, '$."temperature.core.max"') * 1.0 / 1000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."temperature_core_max" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'throttle.core' AS name, r."throttle_core" AS value, '1' AS unit, json_extract(r.uncertainty, '$."throttle.core"') AS uncertainty, json_extract(r.deviation, '$."throttle.core"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."throttle_core" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'throttle.package' AS name, r."throttle_package" AS value, '1' AS unit, json_extract(r.uncertainty, '$."throttle.package"') AS uncertainty, json_extract(r.deviation, '$."throttle.package"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."throttle_package" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'throttle.power_limit' AS name, r."throttle_power_limit" AS value, '1' AS unit, json_extract(r.uncertainty, '$."throttle.power_limit"') AS uncertainty, json_extract(r.deviation, '$."throttle.power_limit"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."throttle_power_limit" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'instructions' AS name, r."instructions" AS value, '1' AS unit, json_extract(r.uncertainty, '$."instructions"') AS uncertainty, json_extract(r.deviation, '$."instructions"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."instructions" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'cycles' AS name, r."cycles" AS value, '1' AS unit, json_extract(r.uncertainty, '$."cycles"') AS uncertainty, json_extract(r.deviation, '$."cycles"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."cycles" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'context_switches.voluntary' AS name, r."context_switches_voluntary" AS value, '1' AS unit, json_extract(r.uncertainty, '$."context_switches.voluntary"') AS uncertainty, json_extract(r.deviation, '$."context_switches.voluntary"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."context_switches_voluntary" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'context_switches.involuntary' AS name, r."context_switches_involuntary" AS value, '1' AS unit, json_extract(r.uncertainty, '$."context_switches.involuntary"') AS uncertainty, json_extract(r.deviation, '$."context_switches.involuntary"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."context_switches_involuntary" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'migrations' AS name, r."migrations" AS value, '1' AS unit, json_extract(r.uncertainty, '$."migrations"') AS uncertainty, json_extract(r.deviation, '$."migrations"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."migrations" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'page_faults.minor' AS name, r."page_faults_minor" AS value, '1' AS unit, json_extract(r.uncertainty, '$."page_faults.minor"') AS uncertainty, json_extract(r.deviation, '$."page_faults.minor"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."page_faults_minor" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'page_faults.major' AS name, r."page_faults_major" AS value, '1' AS unit, json_extract(r.uncertainty, '$."page_faults.major"') AS uncertainty, json_extract(r.deviation, '$."page_faults.major"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."page_faults_major" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'placement.violations' AS name, r."placement_violations" AS value, '1' AS unit, json_extract(r.uncertainty, '$."placement.violations"') AS uncertainty, json_extract(r.deviation, '$."placement.violations"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."placement_violations" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'io.read' AS name, r."io_read" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."io.read"') AS uncertainty, json_extract(r.deviation, '$."io.read"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."io_read" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'io.written' AS name, r."io_written" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."io.written"') AS uncertainty, json_extract(r.deviation, '$."io.written"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."io_written" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'network.received' AS name, r."network_received" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."network.received"') AS uncertainty, json_extract(r.deviation, '$."network.received"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."network_received" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'network.sent' AS name, r."network_sent" AS value, 'B' AS unit, json_extract(r.uncertainty, '$."network.sent"') AS uncertainty, json_extract(r.deviation, '$."network.sent"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."network_sent" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'pressure.cpu' AS name, r."pressure_cpu" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."pressure.cpu"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."pressure.cpu"') * 1.0 / 1000000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."pressure_cpu" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'pressure.memory' AS name, r."pressure_memory" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."pressure.memory"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."pressure.memory"') * 1.0 / 1000000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."pressure_memory" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'pressure.io' AS name, r."pressure_io" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."pressure.io"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."pressure.io"') * 1.0 / 1000000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."pressure_io" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'agent.time' AS name, r."agent_time" * 1.0 / 1000000000 AS value, 's' AS unit, json_extract(r.uncertainty, '$."agent.time"') * 1.0 / 1000000000 AS uncertainty, json_extract(r.deviation, '$."agent.time"') * 1.0 / 1000000000 AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."agent_time" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, 'agent.wakeups' AS name, r."agent_wakeups" AS value, '1' AS unit, json_extract(r.uncertainty, '$."agent.wakeups"') AS uncertainty, json_extract(r.deviation, '$."agent.wakeups"') AS deviation, NULL AS text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration WHERE r."agent_wakeups" IS NOT NULL UNION ALL SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, m.name, coalesce(m.value, m.integer * 1.0 / m.divisor), m.unit, json_extract(r.uncertainty, '$."' || m.name || '"') * 1.0 / m.divisor, json_extract(r.deviation, '$."' || m.name || '"') * 1.0 / m.divisor, m.text FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration JOIN metric m ON m.run = r.id;
CREATE VIEW v_series AS SELECT c.name || '.' || c.number AS campaign, r.run, r.block, h.name AS host, f.benchmark, f.parameters, m.name, j.key + 1 AS place, CAST(j.value AS REAL) AS value, m.unit FROM run r JOIN campaign c ON c.id = r.campaign JOIN host h ON h.id = r.host JOIN configuration f ON f.campaign = r.campaign AND f.number = r.configuration JOIN metric m ON m.run = r.id JOIN json_each(m.series) j WHERE m.series IS NOT NULL;
COMMIT;
PRAGMA user_version = 2; PRAGMA application_id = 1246906695;
