/*
 * Draws the charts of a report. Each figure has a script element with its panels in Vega-Lite, without data, sizes and
 * colours, and a table: its data. Sizes follow the window, colours the theme. What goes wrong is said in the chart's place
 * and counted in the attributes data-charts, data-errors and data-warnings of the document's element, for tests.
 */
(function () {
'use strict';

const root = document.documentElement;
const figures = [];
let errors = 0, warnings = 0, charts = 0;

function tell() {
	root.dataset.charts = charts;
	root.dataset.errors = errors;
	root.dataset.warnings = warnings;
}

window.addEventListener('error', () => { errors++; tell(); });

/* ---- data ---- */

/* The rows of a figure's table as objects by the names of its fields; an empty cell is null. */
function rowsOf(table) {
	const fields = Array.from(table.tHead.rows[0].cells, (cell) =>
		({name: cell.dataset.field, isNumber: 'number' in cell.dataset}));

	return Array.from(table.tBodies[0].rows, (row) => {
		const out = {};
		fields.forEach((field, i) => {
			/* A line end stands before the next row's tag, in the last cell. */
			const text = row.cells[i].textContent.replace(/\n$/, '');
			out[field.name] = text === '' ? null : field.isNumber ? Number(text) : text;
		});
		return out;
	});
}

/* ---- looks ---- */

function color(name) {
	return getComputedStyle(root).getPropertyValue('--' + name).trim();
}

/* Whether the names of categories along x need more room than there is beside each other. */
function isCrowded(figure, panel, width) {
	const having = (panel.layer || []).concat([panel]).find((each) => each.encoding && each.encoding.x);
	const x = having === undefined ? {} : having.encoding.x;

	if (x.type !== 'nominal' && x.type !== 'ordinal')
		return false;
	const names = new Set(figure.rows.map((row) => String(row[x.field])));
	return Array.from(names).reduce((sum, name) => sum + 7 * name.length + 10, 0) > width - 60;
}

/* each is how wide one chart is where several stand side by side. */
function config(width, height, isCrowded, each) {
	const text = color('text'), dim = color('dim'), grid = color('grid'), isNarrow = width < 560;
	const font = 'system-ui, sans-serif';

	return {
		background: null,
		font: font,
		padding: 4,
		numberFormat: '.6~r',
		view: {stroke: null},
		axis: {labelColor: dim, titleColor: text, gridColor: grid, domainColor: dim, tickColor: dim, labelFontSize: 12,
			titleFontSize: 12, titleFontWeight: 'normal', titlePadding: 8, labelLimit: isNarrow ? 110 : 240,
			titleLimit: isNarrow ? 260 : 500, labelOverlap: true},
		axisX: {tickCount: Math.max(3, Math.min(10, Math.round(each / 60)))},
		axisXDiscrete: isCrowded ? {labelAngle: -40, labelLimit: 120, labelOverlap: 'greedy'} : {labelAngle: 0, labelOverlap: 'greedy'},
		/* Names of configurations end in what tells them apart, the host: they need their room, and the title stays beside them. */
		axisYDiscrete: {maxExtent: width, labelLimit: isNarrow ? Math.floor(width * 0.5) : Math.max(240, Math.floor(width * 0.4)),
			labelFontSize: isNarrow ? 10 : 12},
		axisY: {minExtent: 44, tickCount: Math.max(3, Math.round(height / 45))},
		legend: {labelColor: text, titleColor: dim, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', orient: 'top',
			direction: 'horizontal', columns: Math.max(1, Math.floor(width / 110)), labelLimit: 200, symbolLimit: 40,
			gradientLength: Math.min(240, width / 2), titleLimit: width - 40},
		header: {labelColor: text, titleColor: dim, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal', labelLimit: width - 40},
		title: {color: text, subtitleColor: dim, fontWeight: 'normal'},
		mark: {color: color('c1'), tooltip: null},
		line: {strokeWidth: 2, point: false},
		point: {filled: true, size: 40, opacity: 0.9},
		area: {opacity: 0.2},
		bar: {color: color('c1')},
		rule: {color: dim},
		tick: {color: text},
		text: {color: text, fontSize: 12},
		errorbar: {ticks: true},
		range: {
			category: ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8'].map(color),
			ramp: [color('ramp-low'), color('ramp-high')],
			heatmap: [color('ramp-low'), color('ramp-high')],
			ordinal: [color('ramp-low'), color('ramp-high')],
		},
	};
}

/* ---- one chart ---- */

const usualLogger = vega.logger(vega.Warn);
function logger() {
	const own = {
		level: function () { return arguments.length ? own : vega.Warn; },
		error: function () { errors++; usualLogger.error.apply(usualLogger, arguments); tell(); return own; },
		warn: function () { warnings++; usualLogger.warn.apply(usualLogger, arguments); tell(); return own; },
		info: () => own,
		debug: () => own,
	};
	return own;
}

function usualHeight(figure, width) {
	return figure.tall > 0 ? 24 * figure.tall + 70 : Math.round(Math.max(230, Math.min(360, width * 0.45)));
}

/* The ticks of a logarithmic axis: 1, 2 and 5 of each power of ten, 1 and 3 of more powers, of many those alone. Vega would
   draw a line at each of their multiples, and name what fits, which is never the same. Of less than a power of ten there
   may be none of these. */
function logTicks(figure, field) {
	const values = figure.rows.map((row) => row[field]).filter((value) => value > 0);
	const low = Math.min(...values), high = Math.max(...values), out = [];

	if (!(high >= 10 * low))
		return undefined;
	for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
		out.push(...(high < 100 * low ? [1, 2, 5] : high < 1000 * low ? [1, 3] : [1]).map((digit) => Number(digit + 'e' + power)));
	return out.filter((value) => value >= low && value <= high);
}

function setTicks(figure, panel, resolve, ticks = {}) {
	const apart = (resolve && resolve.scale) || {};

	['x', 'y'].forEach((name) => {
		const channel = (panel.encoding || {})[name];
		const scale = channel && channel.scale;
		if (!scale || scale.type !== 'log' || (scale.base || 10) !== 10 || channel.axis === null || apart[name] === 'independent')
			return;
		/* Layers have one axis: it is the first one's. */
		if (!(name in ticks))
			ticks[name] = logTicks(figure, channel.field);
		if (ticks[name] !== undefined)
			channel.axis = Object.assign({values: ticks[name]}, channel.axis);
	});
	(panel.layer || []).forEach((layer) => setTicks(figure, layer, resolve, ticks));
	return panel;
}

/* Titles of vertical axes in lines that are no longer than the axis: Vega would cut them off. */
function wrapTitles(panel, height) {
	const most = Math.max(12, Math.floor(height / 6.5));
	const y = panel.encoding === undefined ? undefined : panel.encoding.y;

	(panel.layer || []).forEach((layer) => wrapTitles(layer, height));
	if (!y || typeof y.title !== 'string' || y.title.length <= most)
		return panel;
	const lines = [''];
	y.title.split(' ').forEach((word) => {
		const last = lines[lines.length - 1];
		if (last !== '' && last.length + word.length >= most)
			lines.push(word);
		else
			lines[lines.length - 1] = last === '' ? word : last + ' ' + word;
	});
	y.title = lines;
	return panel;
}

function heightOf(panel, usual) {
	return typeof panel.height === 'number' ? panel.height : usual;
}

/* A panel as a whole chart of this width, its data in it. */
function single(figure, panel, width) {
	const usual = usualHeight(figure, width);
	const {resolve, ...chart} = panel;

	return Object.assign({height: usual}, wrapTitles(setTicks(figure, chart, resolve), heightOf(chart, usual)), {
		data: {values: figure.rows},
		width: width,
		autosize: {type: 'fit-x', contains: 'padding'},
		config: config(width, heightOf(panel, usual), isCrowded(figure, panel, width), width - 60),
	});
}

/* The same, once for each value of the facet's field, side by side; less is how much wider it came out than it should. */
function faceted(figure, panel, width, less) {
	const n = figure.facetValues.length;
	const most = Math.max(1, Math.min(n, 4, Math.floor(width / 250)));
	/* Six stand better as three and three than as four and two: Vega draws axes where no chart is. */
	const columns = Math.ceil(n / Math.ceil(n / most));
	const each = Math.max(80, Math.floor((width - 70) / columns - 20 - less / columns));
	const height = figure.tall > 0 ? usualHeight(figure, width) : Math.round(Math.max(150, Math.min(260, each * 0.8)));

	const {resolve, ...chart} = panel;

	return {
		data: {values: figure.rows},
		/* Below each other they are too far from the last one's axis. */
		resolve: columns > 1 ? resolve : Object.assign({}, resolve, {axis: {x: 'independent'}}),
		facet: {field: figure.facet, type: 'nominal', sort: figure.facetValues,
			/* A number alone says nothing; "bandwidth" does. */
			title: figure.facetValues.every((value) => !isNaN(value)) ? figure.facetTitle : null},
		columns: columns,
		spec: Object.assign({height: height}, wrapTitles(setTicks(figure, chart, resolve), heightOf(chart, height)), {width: each}),
		config: config(width, heightOf(panel, height), isCrowded(figure, panel, each), each),
	};
}

/* Vega works in promises, but waits for nothing outside: all is drawn before the next event, printing too. */
async function view(place, spec) {
	const log = logger();
	const compiled = vegaLite.compile(spec, {logger: log}).spec;
	const made = new vega.View(vega.parse(compiled), {renderer: 'svg', container: place, hover: false, logger: log});

	await made.runAsync();
	await made.runAsync(); /* a chart that found its own size is drawn again in it */
	return made;
}

function widthOf(place) {
	const svg = place.querySelector('svg');

	return svg === null ? 0 : Number(svg.getAttribute('width'));
}

async function drawPanel(figure, place, panel, width) {
	if (figure.facet === undefined)
		return view(place, single(figure, panel, width));
	const made = await view(place, faceted(figure, structuredClone(panel), width, 0));
	const less = widthOf(place) - width;
	if (Math.abs(less) <= 3)
		return made;
	/* Axes and legends take what they take: measured once, then made to fit. */
	made.finalize();
	place.replaceChildren();
	return view(place, faceted(figure, panel, width, less));
}

function say(place, error) {
	const text = document.createElement('p');

	errors++;
	text.className = 'chart-error';
	text.textContent = 'This chart cannot be drawn (' + error + '); its data are in the table below.';
	place.replaceChildren(text);
}

/* ---- figures ---- */

async function draw(figure, width) {
	figure.width = width;
	figure.views.forEach((made) => made.finalize());
	figure.views = [];
	for (const [i, place] of figure.places.entries()) {
		place.replaceChildren();
		try {
			figure.views.push(await drawPanel(figure, place, structuredClone(figure.panels[i]), width));
			if (widthOf(place) === 0)
				throw new Error('it is empty');
		} catch (error) {
			say(place, error);
		}
	}
	tell();
}

function read(element) {
	const chart = element.querySelector('.chart');
	const figure = JSON.parse(element.querySelector('script.charts').textContent);

	figure.rows = rowsOf(element.querySelector('table.data'));
	figure.chart = chart;
	figure.views = [];
	figure.places = figure.panels.map(() => chart.appendChild(document.createElement('div')));
	figure.details = element.querySelector('details');
	figure.isDrawn = false;
	charts += figure.panels.length;
	return figure;
}

function drawAll(isAlways) {
	return Promise.all(figures.map((figure) => {
		const width = Math.floor(figure.chart.clientWidth);

		return width > 0 && (isAlways || Math.abs(width - figure.width) > 1) ? draw(figure, width) : null;
	}));
}

/* ---- theme, window, paper ---- */

const system = matchMedia('(prefers-color-scheme: dark)');

function isDark() {
	return root.dataset.theme === undefined ? system.matches : root.dataset.theme === 'dark';
}

function themeButton() {
	const button = document.getElementById('theme');
	const label = () => { button.textContent = isDark() ? 'Light' : 'Dark'; };

	button.hidden = false;
	label();
	button.addEventListener('click', () => {
		root.dataset.theme = isDark() ? 'light' : 'dark';
		label();
		drawAll(true);
	});
	system.addEventListener('change', () => { label(); drawAll(true); });
}

const PAPER = 680;          /* pixels: the width of a page */
const SHORT = 40;           /* rows of a table that is printed with its figure */
let before = null;

function toPaper() {
	if (before !== null)
		return;
	const claims = Array.from(document.querySelectorAll('details.claim'));

	before = {theme: root.dataset.theme, open: figures.map((figure) => figure.details.open),
		claims: claims.filter((claim) => !claim.open)};
	before.claims.forEach((claim) => { claim.open = true; });
	root.dataset.theme = 'light';
	figures.forEach((figure) => {
		figure.details.open = figure.rows.length <= SHORT;
		draw(figure, PAPER);
	});
}

function fromPaper() {
	if (before === null)
		return;
	if (before.theme === undefined)
		delete root.dataset.theme;
	else
		root.dataset.theme = before.theme;
	figures.forEach((figure, i) => { figure.details.open = before.open[i]; });
	before.claims.forEach((claim) => { claim.open = false; });
	before = null;
	drawAll(true);
}

function start() {
	document.querySelectorAll('details.claim').forEach((claim) => { claim.open = false; });
	/* Open without this script, so that the tables can be read; now the charts are there. */
	document.querySelectorAll('figure').forEach((element) => {
		try {
			figures.push(read(element));
			element.querySelector('details').open = false;
		} catch (error) {
			say(element.querySelector('.chart'), error);
		}
	});
	drawAll(true).then(() => {
		tell();
		root.dataset.ready = 'yes';
	});
	themeButton();
	let pending = 0;
	addEventListener('resize', () => {
		clearTimeout(pending);
		pending = setTimeout(() => drawAll(false), 150);
	});
	addEventListener('beforeprint', toPaper);
	addEventListener('afterprint', fromPaper);
}

start();
})();
