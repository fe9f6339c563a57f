//! The charts of the page, as SVG within it: drawn once for a screen, and once more for a phone where the width counts.
//!
//! The backend writes colours as numbers. Those it gets are stand-ins, which become the variables of the page's style:
//! so they follow the reader's dark or light. All text goes through the backend, which escapes it.

use std::io;

use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::page::{number, seconds};
use crate::recommend::float;

/// Units per pixel: the backend draws on whole ones.
const FINE: i32 = 4;
/// By what the backend divides the size of a font.
const FONT: f64 = 1.24;
/// The widths that are drawn, in pixels.
const WIDE: i32 = 860;
const NARROW: i32 = 350;
/// More calls than this are not drawn one by one.
pub(super) const MOST_DRAWN: usize = 1000;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// A colour of the page's style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ink {
    Text = 1,
    Quiet,
    Line,
    Run,
    Start,
    Transfer,
    Rest,
    Queued,
    Failed,
    Target,
    Declared,
}

impl Ink {
    const ALL: [Self; 11] = [
        Self::Text,
        Self::Quiet,
        Self::Line,
        Self::Run,
        Self::Start,
        Self::Transfer,
        Self::Rest,
        Self::Queued,
        Self::Failed,
        Self::Target,
        Self::Declared,
    ];

    /// Its value in CSS.
    fn variable(self) -> &'static str {
        match self {
            Self::Text => "var(--text)",
            Self::Quiet => "var(--quiet)",
            Self::Line => "var(--line)",
            Self::Run => "var(--run)",
            Self::Start => "var(--start)",
            Self::Transfer => "var(--transfer)",
            Self::Rest => "var(--rest)",
            Self::Queued => "var(--queued)",
            Self::Failed => "var(--failed)",
            Self::Target => "var(--target)",
            Self::Declared => "var(--declared)",
        }
    }

    fn stand_in(self) -> RGBColor {
        RGBColor(0, 0, self as u8)
    }

    fn line(self, width: i32) -> ShapeStyle {
        self.stand_in().stroke_width((width * FINE).unsigned_abs())
    }
}

/// A small table.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Numbers {
    /// The table; its first column names, the others count.
    pub(super) fn table(&self) -> Markup {
        html! {
            div.scroll {
                table {
                    thead { tr { @for cell in &self.head { th scope="col" { (cell) } } } }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                @for (column, cell) in row.iter().enumerate() {
                                    @if column == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What can be drawn.
pub(super) trait Chart {
    /// What it shows, in a line.
    fn title(&self) -> &str;
    /// What is to be seen in it, for who does not see it.
    fn description(&self) -> String;
    /// What its colours mean.
    fn legend(&self) -> Vec<(Ink, String)>;
    /// Its numbers.
    fn numbers(&self) -> Numbers;
    /// Its height at this width.
    fn height(&self, width: i32) -> i32;
    /// Draws it.
    fn draw(&self, area: &Area<'_>, width: i32) -> Drawn;
}

/// A chart with its legend and its numbers: across the page, or in one of its columns.
pub(super) fn figure(id: &str, chart: &impl Chart, across: bool) -> Markup {
    html! {
        figure {
            figcaption { (chart.title()) }
            @if across {
                (drawing(id, "wide", chart, WIDE))
                (drawing(&format!("{id}-narrow"), "narrow", chart, NARROW))
            } @else {
                (drawing(id, "column", chart, NARROW))
            }
            ul.legend {
                @for (ink, words) in chart.legend() {
                    li { span.swatch style={ "background:" (ink.variable()) } {} (words) }
                }
            }
            details { summary { "Numbers" } (chart.numbers().table()) }
        }
    }
}

fn drawing(id: &str, class: &str, chart: &impl Chart, width: i32) -> Markup {
    let height = chart.height(width);
    let (title, description) = (format!("{id}-title"), format!("{id}-description"));
    let view = format!("0 0 {} {}", width * FINE, height * FINE);
    match shapes(chart, width, height) {
        Ok(shapes) => html! {
            svg class=(class) viewBox=(view) role="img" aria-labelledby=(title) aria-describedby=(description) {
                title id=(title) { (chart.title()) }
                desc id=(description) { (chart.description()) }
                (PreEscaped(shapes))
            }
        },
        Err(error) => html! { p { "This chart could not be drawn: " (error) } },
    }
}

/// What the backend writes between the tags.
fn shapes(
    chart: &impl Chart,
    width: i32,
    height: i32,
) -> Result<String, DrawingAreaErrorKind<io::Error>> {
    let mut text = String::new();
    let size = ((width * FINE).unsigned_abs(), (height * FINE).unsigned_abs());
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        chart.draw(&area, width)?;
        area.present()?;
    }
    let text = text.split_once('\n').map_or("", |(_, rest)| rest);
    let mut text = text.trim_end().trim_end_matches("</svg>").to_owned();
    for ink in Ink::ALL {
        let RGBColor(red, green, blue) = ink.stand_in();
        // In quotes: no text has any that are not escaped.
        let stand_in = format!("\"#{red:02X}{green:02X}{blue:02X}\"");
        text = text.replace(&stand_in, &format!("\"{}\"", ink.variable()));
    }
    Ok(text)
}

/// A style of text, of so many pixels.
fn font(pixels: i32, ink: Ink, across: HPos, down: VPos) -> TextStyle<'static> {
    ("sans-serif", f64::from(pixels * FINE) * FONT)
        .into_font()
        .color(&ink.stand_in())
        .pos(Pos::new(across, down))
}

fn write(area: &Area<'_>, words: &str, (x, y): (i32, i32), style: TextStyle<'static>) -> Drawn {
    area.draw(&Text::new(words.to_owned(), (x, y), style))
}

/// A number of an axis, without what no reader needs.
fn tick(value: f64) -> String {
    let text = format!("{value:.3}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

/// How many pixels so many letters take at most.
fn text_width(words: &str) -> i32 {
    i32::try_from(words.chars().count()).unwrap_or(i32::MAX / 8).saturating_mul(7)
}

/// The height of a line of text, in pixels.
const ROW: i32 = 15;

/// A place on the axis of a histogram.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// What stands at it.
    pub(super) short: String,
    /// What it is.
    pub(super) words: String,
    pub(super) seconds: f64,
    pub(super) ink: Ink,
}

/// How many calls held the GPU for how long.
pub(super) struct Histogram {
    pub(super) title: String,
    /// The seconds of each call, with what it is counted as.
    pub(super) calls: Vec<(f64, Ink)>,
    pub(super) marks: Vec<Mark>,
    /// What each colour of [`Self::calls`] stands for, from below.
    pub(super) stacked: Vec<(Ink, &'static str)>,
}

/// An axis begins at 0 where fewer calls than this are all there is.
const FEWEST_APART: usize = 10;

/// The bins of a histogram.
struct Bins {
    from: f64,
    width: f64,
    /// Up to where the axis goes.
    to: f64,
    /// Of each bin, the calls of each colour.
    counts: Vec<Vec<u32>>,
}

impl Histogram {
    fn bins(&self) -> Bins {
        let mut seconds: Vec<f64> = self.calls.iter().map(|(seconds, _)| *seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let (least, most) = match (seconds.first(), seconds.last()) {
            (Some(least), Some(most)) => (*least, *most),
            _ => (0.0, 1.0),
        };
        // A mark far away would leave no room for the calls; it stands at the edge.
        let marked = self.marks.iter().map(|mark| mark.seconds);
        let near = marked.filter(|seconds| *seconds <= 3.0 * most).fold(most, f64::max);
        let quartile = |part: usize| seconds.get(seconds.len() * part / 4).copied().unwrap_or(0.0);
        let spread = quartile(3) - quartile(1);
        let from_zero = seconds.len() < FEWEST_APART || least < 0.4 * near;
        let span = (near - if from_zero { 0.0 } else { least }).max(near / 20.0).max(1e-3);
        // The rule of Freedman and Diaconis, within what a reader can tell apart.
        let wanted = 2.0 * spread / float(seconds.len().max(1)).cbrt();
        let wanted = if spread > 0.0 { wanted } else { span / 30.0 };
        let width = nice(wanted.clamp(span / 60.0, span / 10.0));
        let from =
            if from_zero { 0.0 } else { ((least - span / 10.0) / width).floor().max(0.0) * width };
        let bins = (((near - from) / width).floor() + 1.0).clamp(1.0, 200.0);
        let mut counts = vec![vec![0; self.stacked.len()]; whole(bins)];
        let highest = counts.len() - 1;
        for (seconds, ink) in &self.calls {
            let bin = whole((seconds - from) / width).min(highest);
            if let Some(layer) = self.stacked.iter().position(|(it, _)| it == ink) {
                counts[bin][layer] += 1;
            }
        }
        Bins { from, width, to: from + bins * width, counts }
    }

    /// The marks from left to right, each with its place, and the row that its name stands in: to the right of the line,
    /// above the names of all lines that it crosses.
    fn placed(&self, bins: &Bins, width: i32) -> Vec<Placed<'_>> {
        let room = f64::from(width - LEFT - RIGHT);
        let place = |mark: &Mark| {
            let share = ((mark.seconds - bins.from) / (bins.to - bins.from)).clamp(0.0, 1.0);
            LEFT + pixels(share * room)
        };
        let mut marks: Vec<&Mark> = self.marks.iter().collect();
        marks.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
        let mut placed: Vec<Placed<'_>> = Vec::new();
        for mark in marks.into_iter().rev() {
            let x = place(mark);
            let beyond = if mark.seconds > bins.to { " ▸" } else { "" };
            let name = format!("{}{beyond}", mark.short);
            let end = x + text_width(&name) + 6;
            let under = placed.iter().filter(|other| other.x <= end).map(|other| other.row + 1);
            let row = under.max().unwrap_or(0);
            placed.push(Placed { mark, name, x, row });
        }
        placed
    }

    fn rows(placed: &[Placed<'_>]) -> i32 {
        placed.iter().map(|it| it.row + 1).max().unwrap_or(0)
    }
}

/// A mark in the chart.
struct Placed<'a> {
    mark: &'a Mark,
    name: String,
    /// In pixels.
    x: i32,
    /// Counted from below.
    row: i32,
}

/// What is left free beside the bins: for the numbers of the axis, and for the name of the last mark.
const LEFT: i32 = 44;
const RIGHT: i32 = 70;

impl Chart for Histogram {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        let marks: Vec<String> = self.marks.iter().map(|mark| mark.words.clone()).collect();
        format!("A histogram of {}. {}.", number(self.calls.len(), "call"), marks.join("; "))
    }

    fn legend(&self) -> Vec<(Ink, String)> {
        let has = |ink: Ink| self.calls.iter().any(|(_, it)| *it == ink);
        let stacked = self.stacked.iter().filter(|(ink, _)| has(*ink));
        let marks = self.marks.iter().filter(|mark| mark.ink != Ink::Quiet);
        let marks = marks.map(|mark| (mark.ink, mark.words.clone()));
        stacked.map(|(ink, words)| (*ink, (*words).to_owned())).chain(marks).collect()
    }

    fn numbers(&self) -> Numbers {
        let rows = self.marks.iter();
        let rows = rows.map(|mark| vec![mark.short.clone(), seconds(mark.seconds)]);
        Numbers { head: vec!["", "on the GPU"], rows: rows.collect() }
    }

    fn height(&self, width: i32) -> i32 {
        210 + Self::rows(&self.placed(&self.bins(), width)) * ROW
    }

    fn draw(&self, area: &Area<'_>, width: i32) -> Drawn {
        let bins = self.bins();
        let placed = self.placed(&bins, width);
        let rows = Self::rows(&placed);
        let tallest =
            bins.counts.iter().map(|layers| layers.iter().sum()).max().unwrap_or(0).max(1u32);
        let top = rows * ROW + 10;
        let mut chart = ChartBuilder::on(area)
            .margin_top(top * FINE)
            .margin_right(RIGHT * FINE)
            .set_label_area_size(LabelAreaPosition::Left, LEFT * FINE)
            .margin_bottom(4 * FINE)
            .set_label_area_size(LabelAreaPosition::Bottom, 40 * FINE)
            .build_cartesian_2d(bins.from..bins.to, 0..tallest)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(Ink::Line.line(1))
            .axis_style(Ink::Quiet.line(1))
            .x_labels(if width < WIDE { 5 } else { 10 })
            .y_labels(5)
            .set_all_tick_mark_size(3 * FINE)
            .label_style(font(12, Ink::Quiet, HPos::Center, VPos::Center))
            .axis_desc_style(font(12, Ink::Quiet, HPos::Center, VPos::Center))
            .x_desc("seconds on the GPU")
            .y_desc("calls")
            .x_label_formatter(&|value| tick(*value))
            .draw()?;
        for (index, layers) in bins.counts.iter().enumerate() {
            let left = bins.from + float(index) * bins.width;
            let mut below = 0;
            for (count, (ink, _)) in layers.iter().zip(&self.stacked) {
                if *count == 0 {
                    continue;
                }
                let corners = [(left, below), (left + bins.width, below + count)];
                let mut bar = Rectangle::new(corners, ink.stand_in().filled());
                bar.set_margin(0, 0, 1, 1);
                chart.draw_series([bar])?;
                below += count;
            }
        }
        let bottom = chart.plotting_area().map_coordinate(&(bins.from, 0)).1;
        for Placed { mark, name, x, row } in placed {
            let above = (rows - row) * ROW * FINE - 4 * FINE;
            let stroke = mark.ink.line(if mark.ink == Ink::Quiet { 1 } else { 2 });
            area.draw(&PathElement::new(
                vec![(x * FINE, above - 6 * FINE), (x * FINE, bottom)],
                stroke,
            ))?;
            let style = font(12, mark.ink, HPos::Left, VPos::Center);
            write(area, &name, ((x + 4) * FINE, above), style)?;
        }
        Ok(())
    }
}

/// A width of 1, 2 or 5 times a power of ten, no larger than this.
fn nice(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.log10().floor());
    let step = [5.0, 2.0].into_iter().find(|step| step * power <= wanted);
    step.unwrap_or(1.0) * power
}

#[expect(clippy::cast_sign_loss, reason = "what is negative becomes 0")]
fn whole(value: f64) -> usize {
    value as usize
}

fn pixels(value: f64) -> i32 {
    value.round() as i32
}

/// What a callable allows each call, and what that took.
pub(super) struct Limits {
    pub(super) title: String,
    /// Of each call: what it would be allowed, what it took, and what it is counted as.
    pub(super) calls: Vec<(f64, f64, Ink)>,
    pub(super) numbers: Numbers,
    pub(super) legend: Vec<(Ink, String)>,
}

impl Chart for Limits {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        let above = self.calls.iter().filter(|(allowed, used, _)| used > allowed).count();
        format!(
            "{}, ordered by what the function allows them. Of those, {above} took longer than that.",
            number(self.calls.len(), "call")
        )
    }

    fn legend(&self) -> Vec<(Ink, String)> {
        self.legend.clone()
    }

    fn numbers(&self) -> Numbers {
        self.numbers.clone()
    }

    fn height(&self, _width: i32) -> i32 {
        260
    }

    fn draw(&self, area: &Area<'_>, width: i32) -> Drawn {
        let mut calls = self.calls.clone();
        calls.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
        // The most expensive one stays.
        let every = calls.len().div_ceil(MOST_DRAWN).max(1);
        let calls: Vec<_> = calls.into_iter().rev().step_by(every).collect();
        let calls: Vec<_> = calls.into_iter().rev().collect();
        let most = calls.iter().map(|(allowed, used, _)| allowed.max(*used)).fold(1e-3, f64::max);
        let end = float(calls.len().max(1));
        let mut chart = ChartBuilder::on(area)
            .margin_top(12 * FINE)
            .margin_right(14 * FINE)
            .set_label_area_size(LabelAreaPosition::Left, LEFT * FINE)
            .margin_bottom(4 * FINE)
            .set_label_area_size(LabelAreaPosition::Bottom, 34 * FINE)
            .build_cartesian_2d(0.0..end, 0.0..most * 1.05)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(Ink::Line.line(1))
            .axis_style(Ink::Quiet.line(1))
            .x_labels(0)
            .y_labels(6)
            .set_all_tick_mark_size(3 * FINE)
            .label_style(font(12, Ink::Quiet, HPos::Center, VPos::Center))
            .axis_desc_style(font(12, Ink::Quiet, HPos::Center, VPos::Center))
            .x_desc(if width < WIDE {
                "calls, by what they are allowed"
            } else {
                "calls, by what the function allows them"
            })
            .y_desc("seconds on the GPU")
            .y_label_formatter(&|value| tick(*value))
            .draw()?;
        let places = || (0..calls.len()).map(crate::recommend::float);
        let steps = places().zip(&calls).flat_map(|(x, call)| [(x, call.0), (x + 1.0, call.0)]);
        chart.draw_series([PathElement::new(steps.collect::<Vec<_>>(), Ink::Target.line(2))])?;
        let radius = if calls.len() > 150 { 2 } else { 3 } * FINE;
        chart.draw_series(places().zip(&calls).map(|(x, (_, used, ink))| {
            Circle::new((x + 0.5, *used), radius, ink.stand_in().filled())
        }))?;
        Ok(())
    }
}

/// A call on the timeline.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) from: f64,
    /// What it did from then on, one after the other, in seconds.
    pub(super) parts: Vec<(Ink, f64)>,
    pub(super) has_failed: bool,
}

impl Span {
    pub(super) fn to(&self) -> f64 {
        self.from + self.parts.iter().map(|(_, seconds)| seconds).sum::<f64>()
    }
}

/// The calls over the run.
pub(super) struct Timeline {
    /// By when they began.
    pub(super) spans: Vec<Span>,
    pub(super) end: f64,
    pub(super) numbers: Numbers,
    pub(super) legend: Vec<(Ink, String)>,
}

impl Timeline {
    /// The line of each call: the first in which no other one is on.
    fn lanes(&self) -> (Vec<usize>, usize) {
        let mut ends: Vec<f64> = Vec::new();
        let mut lanes = Vec::new();
        for span in &self.spans {
            let free = ends.iter().position(|end| *end <= span.from);
            let lane = free.unwrap_or(ends.len());
            if lane == ends.len() {
                ends.push(0.0);
            }
            ends[lane] = span.to();
            lanes.push(lane);
        }
        (lanes, ends.len().max(1))
    }

    /// Pixels for one line.
    fn lane_height(lanes: usize) -> i32 {
        (440 / i32::try_from(lanes).unwrap_or(i32::MAX)).clamp(2, 30)
    }
}

impl Chart for Timeline {
    fn title(&self) -> &'static str {
        "Calls over the run"
    }

    fn description(&self) -> String {
        let failed = self.spans.iter().filter(|span| span.has_failed).count();
        format!(
            "{} over {}, at most {} at once; {failed} of them marked because they did not end well.",
            number(self.spans.len(), "call"),
            seconds(self.end - self.spans.first().map_or(0.0, |span| span.from)),
            self.lanes().1
        )
    }

    fn legend(&self) -> Vec<(Ink, String)> {
        self.legend.clone()
    }

    fn numbers(&self) -> Numbers {
        self.numbers.clone()
    }

    fn height(&self, _width: i32) -> i32 {
        let lanes = self.lanes().1;
        54 + i32::try_from(lanes)
            .unwrap_or(0)
            .saturating_mul(Self::lane_height(lanes))
            .clamp(30, 1000)
    }

    fn draw(&self, area: &Area<'_>, width: i32) -> Drawn {
        let (lanes, count) = self.lanes();
        // The Space's start has no calls.
        let begin = self.spans.first().map_or(0.0, |span| span.from);
        let end = self.end.max(begin + 1e-3);
        let top = float(count);
        let mut chart = ChartBuilder::on(area)
            .margin_top(8 * FINE)
            .margin_right(14 * FINE)
            .margin_left(8 * FINE)
            .margin_bottom(4 * FINE)
            .set_label_area_size(LabelAreaPosition::Bottom, 40 * FINE)
            .build_cartesian_2d(begin..end, 0.0..top)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .light_line_style(TRANSPARENT)
            .bold_line_style(Ink::Line.line(1))
            .axis_style(Ink::Quiet.line(1))
            .x_labels(if width < WIDE { 5 } else { 12 })
            .set_all_tick_mark_size(3 * FINE)
            .label_style(font(12, Ink::Quiet, HPos::Center, VPos::Center))
            .axis_desc_style(font(12, Ink::Quiet, HPos::Center, VPos::Center))
            .x_desc("seconds since the run began")
            .x_label_formatter(&|value| tick(*value))
            .draw()?;
        let plot = chart.plotting_area();
        let at = |seconds: f64, height: f64| plot.map_coordinate(&(seconds, height));
        let mut failed = Vec::new();
        for (span, lane) in self.spans.iter().zip(lanes) {
            let below = top - 1.0 - float(lane);
            let (upper, lower) = (at(begin, below + 0.85).1, at(begin, below + 0.15).1);
            let mut from = span.from;
            for (ink, seconds) in &span.parts {
                let (left, right) = (at(from, 0.0).0, at(from + seconds, 0.0).0);
                from += seconds;
                if right > left {
                    let corners = [(left, upper), (right, lower)];
                    area.draw(&Rectangle::new(corners, ink.stand_in().filled()))?;
                }
            }
            let (begin, finish) = (at(span.from, 0.0).0, at(from, 0.0).0);
            if finish == begin {
                // However short, it was there.
                let last = span.parts.last().map_or(Ink::Run, |(ink, _)| *ink);
                let corners = [(begin, upper), (begin + FINE, lower)];
                area.draw(&Rectangle::new(corners, last.stand_in().filled()))?;
            }
            if span.has_failed {
                failed.push((finish, i32::midpoint(upper, lower)));
            }
        }
        for (x, y) in failed {
            for side in [-4 * FINE, 4 * FINE] {
                let ends = vec![(x - 4 * FINE, y - side), (x + 4 * FINE, y + side)];
                area.draw(&PathElement::new(ends, Ink::Failed.line(2)))?;
            }
        }
        Ok(())
    }
}

/// Bars that are to be compared.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) label: String,
    /// How long each is, its colour, and what stands at it.
    pub(super) bars: Vec<(f64, Ink, String)>,
}

/// Bars from left to right, in groups.
pub(super) struct Bars {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) groups: Vec<Group>,
    /// Whether all groups have one scale.
    pub(super) is_one_scale: bool,
    /// Lines across all groups.
    pub(super) lines: Vec<(f64, String)>,
    pub(super) legend: Vec<(Ink, String)>,
    pub(super) numbers: Numbers,
}

impl Bars {
    const BAR: i32 = 18;
    const GAP: i32 = 12;
    /// What is left free for the words at the end of a bar.
    const WORDS: i32 = 84;

    fn top(&self) -> i32 {
        if self.lines.is_empty() { 0 } else { ROW + 6 }
    }
}

impl Chart for Bars {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        self.description.clone()
    }

    fn legend(&self) -> Vec<(Ink, String)> {
        self.legend.clone()
    }

    fn numbers(&self) -> Numbers {
        self.numbers.clone()
    }

    fn height(&self, _width: i32) -> i32 {
        let group = |group: &Group| {
            let label = if group.label.is_empty() { 0 } else { ROW + 3 };
            let bars = i32::try_from(group.bars.len()).unwrap_or(0).saturating_mul(Self::BAR);
            label + bars + Self::GAP
        };
        self.top() + self.groups.iter().map(group).sum::<i32>()
    }

    fn draw(&self, area: &Area<'_>, width: i32) -> Drawn {
        let longest = |groups: &[Group]| {
            let bars = groups.iter().flat_map(|group| &group.bars).map(|(value, ..)| *value);
            bars.chain(self.lines.iter().map(|(value, _)| *value)).fold(1e-9, f64::max)
        };
        let room = f64::from((width - Self::WORDS) * FINE);
        let mut y = self.top();
        for group in &self.groups {
            let scale = if self.is_one_scale {
                longest(&self.groups)
            } else {
                longest(std::slice::from_ref(group))
            };
            if !group.label.is_empty() {
                let style = font(13, Ink::Text, HPos::Left, VPos::Top);
                write(area, &group.label, (0, y * FINE), style)?;
                y += ROW + 3;
            }
            for (value, ink, words) in &group.bars {
                let end = pixels(value / scale * room).max(FINE);
                let corners = [(0, y * FINE), (end, (y + Self::BAR - 4) * FINE)];
                area.draw(&Rectangle::new(corners, ink.stand_in().filled()))?;
                for (value, _) in &self.lines {
                    let x = pixels(value / scale * room);
                    let down = vec![(x, (y - 2) * FINE), (x, (y + Self::BAR - 2) * FINE)];
                    area.draw(&PathElement::new(down, Ink::Declared.line(2)))?;
                }
                let style = font(12, Ink::Text, HPos::Left, VPos::Center);
                write(area, words, (end + 6 * FINE, (y + Self::BAR / 2 - 2) * FINE), style)?;
                y += Self::BAR;
            }
            y += Self::GAP;
        }
        for (value, words) in &self.lines {
            let x = pixels(value / longest(&self.groups) * room);
            let style = font(12, Ink::Declared, HPos::Center, VPos::Top);
            write(area, words, (x, 0), style)?;
        }
        Ok(())
    }
}
