//! Procedural surfaces behind the device, as linear sRGB reflectances.

use crate::simulate::random::Random;

use super::texture::{Texture, fractal, rounded_box, value_noise};
use crate::simulate::Background;
use crate::simulate::spectrum::Rgb;

fn scale(rgb: Rgb, by: f32) -> Rgb {
    rgb.map(|c| c * by)
}

fn mix(a: Rgb, b: Rgb, f: f32) -> Rgb {
    [0, 1, 2].map(|i| a[i] + f * (b[i] - a[i]))
}

/// A colour of lightness `light` whose channels differ by up to a factor of `1 + vivid`.
pub fn tint(rng: &mut Random, light: f32, vivid: f32) -> Rgb {
    [0; 3].map(|_| light * (1.0 + vivid * rng.single(-1.0..1.0)).max(0.02))
}

/// Paints a surface of `width` x `height` px; `unit` is the size in px of its coarser features.
pub fn paint(
    kind: Background,
    (width, height): (usize, usize),
    unit: f32,
    rng: &mut Random,
) -> Texture {
    let seed: u32 = rng.bits();
    let mut texture = match kind {
        Background::Plaster => {
            let base = {
                let light = rng.single(0.1..0.8);
                tint(rng, light, 0.2)
            };
            Texture::new(width, height, |x, y| {
                let grain = value_noise(x * 0.4, y * 0.4, seed);
                let lumps = fractal(x / unit, y / unit, 4, seed + 9);
                scale(base, 0.8 + 0.08 * grain + 0.3 * lumps)
            })
        }
        Background::Wood => {
            let dark = tint(rng, 0.12, 0.2);
            let pale = rng.single(1.5..4.0);
            let board = 3.0 * unit;
            Texture::new(width, height, |x, y| {
                let plank = (y / board).floor();
                let wave = fractal(x / (4.0 * unit), y / unit + 7.0 * plank, 3, seed);
                let grain = fractal(x / unit, y / 2.5 + 6.0 * wave, 3, seed + 5);
                let joint = if y - plank * board < 1.5 { 0.35 } else { 1.0 };
                let rgb = [dark[0] * 1.5, dark[1], dark[2] * 0.55];
                scale(rgb, joint * (1.0 + (pale - 1.0) * grain))
            })
        }
        Background::Brick => {
            let clay = {
                let t = tint(rng, 0.14, 0.15);
                [t[0] * 2.2, t[1], t[2] * 0.7]
            };
            let mortar = tint(rng, 0.4, 0.1);
            let (bw, bh) = (1.6 * unit, 0.6 * unit);
            Texture::new(width, height, |x, y| {
                let row = (y / bh).floor();
                let sx = x + if row as i32 % 2 == 0 { 0.5 * bw } else { 0.0 };
                let col = (sx / bw).floor();
                let (dx, dy) = (sx - (col + 0.5) * bw, y - (row + 0.5) * bh);
                let inside = rounded_box(dx, dy, (0.47 * bw, 0.43 * bh), 2.0);
                let shade = 0.6 + 0.8 * value_noise(col * 3.1, row * 5.3, seed);
                let rough = 0.6 + 0.8 * fractal(x / 5.0, y / 5.0, 3, seed + 3);
                mix(mortar, scale(clay, shade), inside).map(|c| c * rough)
            })
        }
        Background::Fabric => {
            let (a, b) = (tint(rng, 0.2, 0.6), tint(rng, 0.25, 0.6));
            let thread = rng.single(3.0..7.0);
            Texture::new(width, height, |x, y| {
                let weave = (x * std::f32::consts::TAU / thread).sin()
                    * (y * std::f32::consts::TAU / thread).sin();
                let fold = fractal(x / (2.0 * unit), y / (3.0 * unit), 3, seed);
                let rgb = mix(a, b, 0.5 + 0.5 * weave);
                scale(rgb, 0.4 + 1.2 * fold)
            })
        }
        Background::Tiles => {
            let (a, b) = (tint(rng, 0.6, 0.1), tint(rng, 0.3, 0.4));
            let pitch = 1.5 * unit;
            Texture::new(width, height, |x, y| {
                let (col, row) = ((x / pitch).floor(), (y / pitch).floor());
                let (dx, dy) = (x - (col + 0.5) * pitch, y - (row + 0.5) * pitch);
                let inside = rounded_box(dx, dy, (0.48 * pitch, 0.48 * pitch), 3.0);
                let rgb = if (col + row) as i32 % 2 == 0 { a } else { b };
                // A soft reflection of a window on each tile.
                let gloss = (1.0 - (dx / pitch - 0.1).hypot(dy / pitch + 0.2) * 2.5).max(0.0);
                mix([0.1; 3], rgb, inside).map(|c| c + 0.15 * gloss * inside)
            })
        }
        Background::Foliage => {
            let green = tint(rng, 0.1, 0.3);
            Texture::new(width, height, |x, y| {
                let big = fractal(x / unit, y / unit, 3, seed);
                let leaf = fractal(x / 9.0, y / 9.0, 4, seed + 7);
                let light = (leaf - 0.35).max(0.0) * 3.0 * big;
                // Sky between the leaves.
                let gap = ((big * leaf - 0.42) * 12.0).clamp(0.0, 1.0);
                let rgb = [green[0] * 0.7, green[1] * 1.5, green[2] * 0.3];
                mix(scale(rgb, 0.2 + light), [0.8, 0.9, 1.0], gap)
            })
        }
        Background::Clutter => clutter((width, height), unit, rng),
        Background::Board => board((width, height), unit, rng),
    };
    light_and_shade(&mut texture, rng);
    texture
}

/// Uneven light: a gradient, and sometimes the hard edge of a shadow.
fn light_and_shade(t: &mut Texture, rng: &mut Random) {
    let (w, h) = (t.width as f32, t.height as f32);
    let (gx, gy) = (rng.single(-0.5..0.5), rng.single(-0.5..0.5));
    let shadow = rng.chance(0.3);
    let (angle, at) = (rng.single(0.0..6.3f32), rng.single(-0.3..0.3) * w);
    let (sin, cos) = angle.sin_cos();
    let depth = rng.single(0.2..0.6);
    t.blend((0.5 * w, 0.5 * h), (0.5 * w, 0.5 * h), |dx, dy, under| {
        let mut light = 1.0 + gx * dx / w + gy * dy / h;
        if shadow {
            let side = ((cos * dx + sin * dy - at) / 6.0).clamp(-1.0, 1.0);
            light *= 1.0 - depth * (0.5 + 0.5 * side);
        }
        (1.0, scale(under, light))
    });
}

fn clutter((width, height): (usize, usize), unit: f32, rng: &mut Random) -> Texture {
    let base = tint(rng, 0.3, 0.3);
    let mut t = Texture::new(width, height, |_, _| base);
    let place = |rng: &mut Random| {
        (
            rng.single(0.0..width as f32),
            rng.single(0.0..height as f32),
        )
    };
    let count = (width * height) as f32 / (unit * unit) * 0.7;
    for _ in 0..(count as usize).clamp(12, 400) {
        let half = (
            unit * rng.single(0.15..1.0f32),
            unit * rng.single(0.15..1.2f32),
        );
        let light = rng.single(0.03..0.7);
        let rgb = tint(rng, light, 0.9);
        let print = tint(rng, 0.4, 0.9);
        let round = rng.single(0.0..1.0) * half.0.min(half.1);
        // Lines of print, as on books and boxes.
        let pitch = if rng.chance(0.5) {
            rng.single(4.0..14.0f32)
        } else {
            f32::INFINITY
        };
        let mid = place(rng);
        t.blend(mid, half, |dx, dy, _| {
            let line = (dy / pitch).rem_euclid(1.0) < 0.3 && dx.abs() < 0.7 * half.0;
            let shade = 1.0 - 0.3 * dx / half.0;
            let c = if line && pitch.is_finite() {
                print
            } else {
                rgb
            };
            (rounded_box(dx, dy, half, round), scale(c, shade))
        });
    }
    for _ in 0..(count as usize / 6).clamp(3, 40) {
        glint(&mut t, place(rng), rng);
    }
    t
}

fn board((width, height): (usize, usize), unit: f32, rng: &mut Random) -> Texture {
    let green = rng.chance(0.6);
    let base = if green {
        [0.01, 0.1, 0.03]
    } else {
        [0.01, 0.03, 0.12]
    };
    let seed: u32 = rng.bits();
    let mut t = Texture::new(width, height, |x, y| {
        let track = (value_noise(x / 7.0, y / 60.0, seed) - 0.5).abs() < 0.06
            || (value_noise(x / 60.0, y / 7.0, seed + 1) - 0.5).abs() < 0.06;
        scale(base, if track { 1.8 } else { 1.0 })
    });
    let count = ((width * height) as f32 / (unit * unit) * 0.8) as usize;
    for _ in 0..count.clamp(8, 300) {
        let mid = (
            rng.single(0.0..width as f32),
            rng.single(0.0..height as f32),
        );
        let half = (
            unit * rng.single(0.1..0.6f32),
            unit * rng.single(0.1..0.6f32),
        );
        let dark = tint(rng, 0.03, 0.3);
        t.blend(mid, (half.0 + 5.0, half.1), |dx, dy, _| {
            let body = rounded_box(dx, dy, half, 1.0);
            let pin = dx.abs() < half.0 + 5.0 && (dy / 6.0).rem_euclid(1.0) < 0.5;
            if body > 0.0 {
                (body, dark)
            } else {
                (if pin { 1.0 } else { 0.0 }, [0.55; 3])
            }
        });
    }
    for _ in 0..count.clamp(8, 300) / 4 {
        let mid = (
            rng.single(0.0..width as f32),
            rng.single(0.0..height as f32),
        );
        glint(&mut t, mid, rng);
    }
    t
}

/// A shiny spot that mirrors the room's lamp: as small and bright as an LED, but steady and of the lamp's colour.
pub fn glint(t: &mut Texture, mid: (f32, f32), rng: &mut Random) {
    let r = rng.single(0.8..3.0f32);
    let level = rng.single(0.8..4.0);
    t.blend(mid, (2.0 * r, 2.0 * r), |dx, dy, _| {
        let fall = (-(dx * dx + dy * dy) / (r * r)).exp();
        (fall, [level; 3])
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_a_plausible_reflectance() {
        for kind in Background::ALL {
            let mut rng = Random::new(0, 3);
            let t = paint(kind, (120, 90), 30.0, &mut rng);
            let mut line = [vec![0.0; 100], vec![0.0; 100], vec![0.0; 100]];
            let (mut low, mut high) = (f32::MAX, f32::MIN);
            for y in 10..80 {
                line.iter_mut().for_each(|l| l.fill(0.0));
                t.add_line((10.0, y as f32), (1.0, 0.0), 1.0, &mut line);
                for &v in line.iter().flatten() {
                    low = low.min(v);
                    high = high.max(v);
                }
            }
            assert!(low >= -0.05 && high < 8.0, "{kind:?}: {low}..{high}");
            assert!(high > 1.2 * low.max(0.0), "{kind:?} is flat");
        }
    }
}
