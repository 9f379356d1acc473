// Makes the page's time charts live where the chart library is at hand: one cursor over all charts
// of a report, zoom, values at the cursor in the legend's table. Everything it shows stands on the
// page without it too. Names from a scenario are only ever set as text.
(function () {
  'use strict';
  if (typeof window.Dygraph !== 'function') return;

  // The legend's place is the page's own table; its plug-in would set styles that the page's policy
  // forbids.
  window.Dygraph.PLUGINS = window.Dygraph.PLUGINS.filter(function (plugin) {
    return plugin !== window.Dygraph.Plugins.Legend;
  });

  var root = document.documentElement;
  var charts = JSON.parse(document.getElementById('chart-data').textContent);
  var byReport = {};

  function colour(name) {
    return getComputedStyle(root).getPropertyValue('--' + name).trim();
  }

  // Numbers as the rest of the page writes them: three significant digits.
  function digits(value) {
    if (value === 0) return '0';
    var places = 2 - Math.floor(Math.log10(Math.abs(value)));
    return Number(value.toFixed(Math.min(12, Math.max(0, places)))).toLocaleString('en-US',
      {maximumFractionDigits: 12});
  }
  function two(value) { return (value < 10 ? '0' : '') + value; }
  function duration(s) {
    if (s < 0.09995 && s > 0) return s < 0.9995e-3 ? digits(s * 1e6) + ' us' : digits(s * 1e3) + ' ms';
    if (s < 119.5) return digits(s) + ' s';
    var whole = Math.round(s);
    if (s < 3599.5) return Math.floor(whole / 60) + 'm ' + two(whole % 60) + 's';
    var minutes = Math.round(s / 60);
    if (s < 48 * 3600 - 30) return Math.floor(minutes / 60) + 'h ' + two(minutes % 60) + 'm';
    var hours = Math.round(s / 3600);
    return Math.floor(hours / 24) + 'd ' + (hours % 24) + 'h';
  }
  function shown(value, unit) {
    if (value === null || value === undefined || isNaN(value)) return 'lost';
    if (unit === 's') return duration(value);
    if (unit === '1/s') return digits(value) + '/s';
    return digits(value);
  }
  function moment(chart, at) {
    if (chart.start === null) return duration(at);
    var iso = new Date((chart.start + at) * 1000).toISOString();
    return iso.slice(0, 10) + ' ' + iso.slice(11, 19) + ' UTC';
  }
  function tick(chart, at, step) {
    if (chart.start === null) return duration(at);
    var date = new Date((chart.start + at) * 1000);
    var iso = date.toISOString();
    if (iso.slice(11, 19) === '00:00:00') {
      return date.toLocaleDateString('en-GB', {day: 'numeric', month: 'short', timeZone: 'UTC'});
    }
    return iso.slice(11, step < 60 ? 19 : 16);
  }
  var steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600,
    43200, 86400];
  function timeTicks(chart, from, to, pixels) {
    var least = (to - from) / Math.max(2, pixels / 90);
    var step = steps.find(function (s) { return s >= least; }) || Math.ceil(least / 86400) * 86400;
    var start = chart.start === null ? 0 : chart.start;
    var ticks = [];
    for (var at = Math.ceil((start + from) / step) * step - start; at <= to; at += step) {
      ticks.push({v: at, label: tick(chart, at, step)});
    }
    return ticks;
  }

  function rows(chart) {
    var bands = chart.lines.some(function (line) { return line.low; });
    var count = Math.max.apply(null, chart.lines.map(function (line) { return line.values.length; }));
    var list = [];
    for (var i = 0; i < count; ++i) {
      var row = [(i + 0.5) * chart.step];
      chart.lines.forEach(function (line) {
        var value = i < line.values.length ? line.values[i] : null;
        if (!bands) row.push(value);
        else if (value === null) row.push([null, null, null]);
        else row.push([line.low ? line.low[i] : value, value, line.high ? line.high[i] : value]);
      });
      list.push(row);
    }
    return {rows: list, bands: bands};
  }

  // Windows and drains, named above the lines.
  function brackets(chart, canvas, area, graph) {
    canvas.strokeStyle = canvas.fillStyle = colour('muted');
    canvas.lineWidth = 1;
    canvas.setLineDash([]);
    chart.brackets.forEach(function (bracket) {
      var from = Math.max(area.x, graph.toDomXCoord(bracket.from));
      var to = Math.min(area.x + area.w, graph.toDomXCoord(bracket.to));
      if (to <= from) return;
      var y = area.y + 15 + 20 * bracket.row;
      canvas.beginPath();
      canvas.moveTo(from, y + 5);
      canvas.lineTo(from, y);
      canvas.lineTo(to, y);
      canvas.lineTo(to, y + 5);
      canvas.stroke();
      var late = from > area.x + area.w * 0.75;
      canvas.textAlign = late ? 'right' : 'left';
      canvas.fillText(bracket.label, late ? to : from, y - 4);
    });
    canvas.textAlign = 'left';
  }

  // Under the lines: what was over its limit, the limits themselves, deliveries, losses.
  function underlay(chart) {
    return function (canvas, area, graph) {
      var shownSlot = {};
      chart.lines.forEach(function (line, i) { shownSlot[line.slot] = graph.visibility()[i]; });
      canvas.save();
      canvas.globalAlpha = 0.13;
      canvas.fillStyle = colour('breach');
      chart.breaches.forEach(function (breach) {
        if (!shownSlot[breach.slot]) return;
        var from = Math.max(area.x, graph.toDomXCoord(breach.from));
        var to = Math.min(area.x + area.w, graph.toDomXCoord(breach.to));
        if (to > from) canvas.fillRect(from, area.y, to - from, area.h);
      });
      canvas.globalAlpha = 1;
      canvas.setLineDash([5, 4]);
      chart.limits.forEach(function (limit) {
        if (!shownSlot[limit.slot]) return;
        var y = graph.toDomYCoord(limit.value);
        canvas.strokeStyle = colour(limit.slot);
        canvas.beginPath();
        canvas.moveTo(area.x, y);
        canvas.lineTo(area.x + area.w, y);
        canvas.stroke();
      });
      canvas.setLineDash([2, 3]);
      canvas.strokeStyle = canvas.fillStyle = colour('ink');
      canvas.font = '11px sans-serif';
      chart.marks.forEach(function (mark) {
        var x = graph.toDomXCoord(mark.at);
        if (x < area.x || x > area.x + area.w) return;
        canvas.beginPath();
        canvas.moveTo(x, area.y);
        canvas.lineTo(x, area.y + area.h);
        canvas.stroke();
        canvas.fillText(mark.label, x + 4, area.y + 12);
      });
      brackets(chart, canvas, area, graph);
      canvas.lineWidth = 4;
      var y = area.y + 2;
      chart.lines.forEach(function (line) {
        if (!shownSlot[line.slot] || line.values.indexOf(null) < 0) return;
        canvas.strokeStyle = colour(line.slot);
        line.values.forEach(function (value, i) {
          if (value !== null) return;
          canvas.beginPath();
          canvas.moveTo(Math.max(area.x, graph.toDomXCoord(i * chart.step)), y);
          canvas.lineTo(Math.min(area.x + area.w, graph.toDomXCoord((i + 1) * chart.step)), y);
          canvas.stroke();
        });
        y += 5;
      });
      canvas.restore();
    };
  }

  function Report(index) {
    this.graphs = [];
    this.at = null;
    this.box = document.querySelector('#time .of-report[data-report="' + index + '"]');
    this.momentText = this.box.querySelector('[data-moment]');
    this.cells = Array.from(this.box.querySelectorAll('[data-live]'));
    this.cells.forEach(function (cell) { cell.dataset.still = cell.textContent; });
  }

  Report.prototype.valueAt = function (chart, slot, at) {
    var line = chart.lines.find(function (one) { return one.slot === slot; });
    if (!line) return '-';
    var i = Math.floor(at / chart.step);
    return i < line.values.length ? shown(line.values[i], chart.unit) : '-';
  };

  // Puts the cursor of every chart at a moment; null takes it away.
  Report.prototype.point = function (at) {
    var report = this;
    this.at = at;
    this.graphs.forEach(function (one) {
      var x = at === null ? null : one.graph.toDomXCoord(at);
      var area = one.graph.getArea();
      var seen = x !== null && x >= area.x && x <= area.x + area.w;
      one.cursor.hidden = !seen;
      if (seen) one.cursor.style.left = x + 'px';
    });
    this.momentText.textContent =
      at === null ? 'Largest values' : 'At ' + moment(this.graphs[0].chart, at);
    this.cells.forEach(function (cell) {
      var one = report.graphs.find(function (g) { return g.chart.part === cell.dataset.live; });
      cell.textContent = at === null || !one ? cell.dataset.still :
        report.valueAt(one.chart, cell.dataset.slot, at);
    });
  };

  Report.prototype.speak = function () {
    var report = this;
    if (this.at === null) return;
    var first = this.graphs[0].chart.lines[0].slot;
    this.box.querySelector('[data-spoken]').textContent = moment(this.graphs[0].chart, this.at) +
      ': ' + this.graphs.map(function (one) {
        return one.chart.title + ' ' + report.valueAt(one.chart, first, report.at);
      }).join(', ');
  };

  Report.prototype.zoom = function (range, except) {
    this.graphs.forEach(function (one) {
      if (one.graph !== except) one.graph.updateOptions({dateWindow: range});
    });
    this.point(this.at);
  };

  Report.prototype.keys = function (chart, graph, event) {
    var range = graph.xAxisRange();
    var span = range[1] - range[0];
    var step = Math.max(chart.step, span / 200);
    var at = this.at === null ? range[0] : this.at;
    if (event.key === 'ArrowLeft') at -= step;
    else if (event.key === 'ArrowRight') at += step;
    else if (event.key === 'Home') at = range[0] + chart.step / 2;
    else if (event.key === 'End') at = range[1] - chart.step / 2;
    else if (event.key === 'Escape') { this.point(null); return; }
    else if (event.key === '0') { this.zoom(null, null); return; }
    else if (event.key === '+' || event.key === '-') {
      var half = span * (event.key === '+' ? 0.25 : 1);
      this.zoom([Math.max(0, at - half), Math.min(chart.span, at + half)], null);
      return;
    } else return;
    event.preventDefault();
    this.point(Math.min(Math.max(at, 0), chart.span - chart.step / 2));
    this.speak();
  };

  // Room above the largest value: for a margin, and for the rows of brackets.
  function room(chart) {
    var rows = Math.max.apply(null, [-1].concat(chart.brackets.map(function (one) {
      return one.row;
    }))) + 1;
    return 1.06 * 170 / (170 - 20 * rows);
  }
  function valueTicks(chart, from, to) {
    var inside = chart.ticks.filter(function (v) { return v >= from && v <= to; });
    if (inside.length < 2) inside = [from, (from + to) / 2, to];
    return inside.map(function (v) { return {v: v, label: shown(v, chart.unit)}; });
  }

  function options(chart, report, bands) {
    var touchless = Object.assign({}, window.Dygraph.defaultInteractionModel);
    delete touchless.touchstart;  // a finger scrolls the page; a tap still reads a moment
    delete touchless.touchmove;
    delete touchless.touchend;
    return {
      labels: ['t'].concat(chart.lines.map(function (line) { return line.slot; })),
      customBars: bands,
      legend: 'never',
      valueRange: [0, chart.top * room(chart)],
      strokeWidth: 1.7,
      highlightCircleSize: 3,
      interactionModel: touchless,
      underlayCallback: underlay(chart),
      highlightCallback: function (event, at) { report.point(at); },
      unhighlightCallback: function () { report.point(null); },
      zoomCallback: function (from, to) {
        var whole = from <= 0 && to >= chart.span - chart.step;
        report.zoom(whole ? null : [from, to], report.graphs.find(function (one) {
          return one.chart === chart;
        }).graph);
      },
      axes: {
        x: {ticker: function (from, to, pixels) { return timeTicks(chart, from, to, pixels); }},
        y: {axisLabelWidth: 62, ticker: function (from, to) { return valueTicks(chart, from, to); }, axisLabelFormatter: function (v) { return shown(v, chart.unit); }}
      }
    };
  }
  function colours(chart) {
    return {
      colors: chart.lines.map(function (line) { return colour(line.slot); }),
      gridLineColor: colour('grid'),
      axisLineColor: colour('muted')
    };
  }

  function build(chart) {
    var figure = document.querySelector('[data-chart="' + chart.id + '"]');
    var holder = document.createElement('div');
    holder.className = 'live';
    holder.tabIndex = 0;
    holder.setAttribute('role', 'group');
    holder.setAttribute('aria-label', chart.title + ' over time; arrow keys read values');
    figure.appendChild(holder);
    var data = rows(chart);
    var report = byReport[chart.report] = byReport[chart.report] || new Report(chart.report);
    var graph = new window.Dygraph(holder, data.rows,
      Object.assign(options(chart, report, data.bands), colours(chart)));
    var cursor = document.createElement('div');
    cursor.className = 'cursor';
    cursor.hidden = true;
    holder.appendChild(cursor);
    report.graphs.push({graph: graph, chart: chart, cursor: cursor});
    holder.addEventListener('keydown', function (event) { report.keys(chart, graph, event); });
  }

  function toggle(input) {
    var report = byReport[input.closest('.of-report').dataset.report];
    report.graphs.forEach(function (one) {
      one.chart.lines.forEach(function (line, i) {
        if (line.slot === input.dataset.slot) one.graph.setVisibility(i, input.checked);
      });
    });
  }

  root.classList.add('scripted');
  charts.forEach(build);
  document.querySelectorAll('input[data-slot]').forEach(function (input) {
    input.addEventListener('change', function () { toggle(input); });
    if (!input.checked) toggle(input);  // as a browser restored it
  });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', function () {
    Object.keys(byReport).forEach(function (key) {
      byReport[key].graphs.forEach(function (one) { one.graph.updateOptions(colours(one.chart)); });
    });
  });
}());
