//! Line charts as SVG: panels side by side, both axes of each logarithmic.
#![forbid(unsafe_code)]

use crate::AnyResult;
use std::fmt::Write;
use std::path::Path;

/// Size of a panel, and the margins of its plot: left, top, right, bottom.
const PANEL: (f64, f64) = (460.0, 330.0);
const ROOM: (f64, f64, f64, f64) = (62.0, 34.0, 14.0, 104.0);
/// Colours that colour-blind people can distinguish.
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

/// One plot.
pub struct Panel {
    title: &'static str,
    y: &'static str,
    lines: Vec<(&'static str, Vec<(f64, f64)>)>,
}

impl Panel {
    pub fn new(title: &'static str, y: &'static str) -> Panel {
        Panel { title, y, lines: Vec::new() }
    }

    pub fn line(mut self, name: &'static str, points: Vec<(f64, f64)>) -> Panel {
        self.lines.push((name, points));
        self
    }

    /// Returns the powers of ten around the points.
    fn powers(&self, of: fn(&(f64, f64)) -> f64) -> (i32, i32) {
        let logs = self.lines.iter().flat_map(|line| line.1.iter().map(|point| of(point).max(1e-9).log10()));
        let (low, high) = logs.fold((f64::MAX, f64::MIN), |(low, high), log| (low.min(log), high.max(log)));
        let low = low.floor() as i32;
        (low, (high.ceil() as i32).max(low + 1))
    }

    fn draw(&self, out: &mut String, (left, top): (f64, f64)) -> AnyResult<()> {
        let (x, y) = (self.powers(|point| point.0), self.powers(|point| point.1));
        let (x0, y0) = (left + ROOM.0, top + PANEL.1 - ROOM.3);
        let (wide, high) = (PANEL.0 - ROOM.0 - ROOM.2, PANEL.1 - ROOM.1 - ROOM.3);
        let part = |value: f64, (low, high): (i32, i32)| {
            (value.max(1e-9).log10() - f64::from(low)) / f64::from(high - low)
        };
        let (at_x, at_y) = (|value| x0 + wide * part(value, x), |value| y0 - high * part(value, y));
        writeln!(out, r#"<text x="{x0}" y="{}" font-weight="bold">{}</text>"#, top + 20.0, self.title)?;
        for power in x.0..=x.1 {
            let at = at_x(10f64.powi(power));
            writeln!(out, r##"<path d="M{at:.1} {y0:.1}v{:.1}" stroke="#ddd"/>"##, -high)?;
            writeln!(
                out,
                r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                y0 + 15.0,
                power_of_ten(power)
            )?;
        }
        for power in y.0..=y.1 {
            let at = at_y(10f64.powi(power));
            writeln!(out, r##"<path d="M{x0:.1} {at:.1}h{wide:.1}" stroke="#ddd"/>"##)?;
            let label = 10f64.powi(power);
            writeln!(
                out,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{label}</text>"#,
                x0 - 5.0,
                at + 4.0
            )?;
        }
        writeln!(
            out,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">records</text>"#,
            x0 + wide / 2.0,
            y0 + 31.0
        )?;
        let middle = y0 - high / 2.0;
        writeln!(
            out,
            r#"<text transform="translate({:.1} {middle:.1}) rotate(-90)" text-anchor="middle">{}</text>"#,
            left + 14.0,
            self.y
        )?;
        for (index, ((name, points), colour)) in self.lines.iter().zip(COLOURS).enumerate() {
            let at: Vec<String> =
                points.iter().map(|point| format!("{:.1},{:.1}", at_x(point.0), at_y(point.1))).collect();
            writeln!(
                out,
                r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#,
                at.join(" ")
            )?;
            for point in points {
                writeln!(
                    out,
                    r#"<circle cx="{:.1}" cy="{:.1}" r="2.5" fill="{colour}"/>"#,
                    at_x(point.0),
                    at_y(point.1)
                )?;
            }
            let (x, y) = (x0 + 190.0 * (index % 2) as f64 - 20.0, y0 + 52.0 + 17.0 * (index / 2) as f64);
            writeln!(out, r#"<path d="M{x:.1} {:.1}h16" stroke="{colour}" stroke-width="3"/>"#, y - 4.0)?;
            writeln!(out, r#"<text x="{:.1}" y="{y:.1}">{name}</text>"#, x + 21.0)?;
        }
        Ok(())
    }
}

fn power_of_ten(power: i32) -> String {
    match power {
        0 => "1".into(),
        1 => "10".into(),
        _ => format!(r#"10<tspan dy="-4" font-size="8">{power}</tspan>"#),
    }
}

/// Writes the panels, two in a row.
pub fn draw(path: &Path, panels: &[Panel]) -> AnyResult<()> {
    let (wide, high) = (PANEL.0 * 2.0, PANEL.1 * panels.len().div_ceil(2) as f64);
    let mut out = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11" fill="#222">
<rect width="{wide}" height="{high}" fill="#fff"/>
"##
    );
    for (index, panel) in panels.iter().enumerate() {
        panel.draw(&mut out, (PANEL.0 * (index % 2) as f64, PANEL.1 * (index / 2) as f64))?;
    }
    out.push_str("</svg>\n");
    Ok(std::fs::write(path, out)?)
}
