//! A painted surface in linear light, and the random patterns it is painted with.

use crate::simulate::spectrum::{self, Rgb};

/// A picture of reflectances; beyond its edges it goes on mirrored.
#[derive(Debug, Clone)]
pub struct Texture {
    pub width: usize,
    pub height: usize,
    /// Red, green, blue.
    planes: [Vec<f32>; 3],
}

/// Maps any integer into 0..n, mirrored at both ends.
fn mirror(i: i64, n: usize) -> usize {
    let n = n as i64;
    let m = i.rem_euclid(2 * n);
    (if m < n { m } else { 2 * n - 1 - m }) as usize
}

/// How many of `most` points from `x`, `step` apart, stay within the px that `x` is in; at least 1.
fn run(x: f32, step: f32, most: usize) -> usize {
    let left = if step > 0.0 {
        (x.floor() + 1.0 - x) / step
    } else if step < 0.0 {
        (x - x.floor()) / -step + 1.0
    } else {
        return most;
    };
    (left as usize).clamp(1, most)
}

impl Texture {
    /// Of `width` x `height` px, coloured by `paint(x, y)` with px from the top left.
    pub fn new(width: usize, height: usize, mut paint: impl FnMut(f32, f32) -> Rgb) -> Self {
        let mut planes = [0; 3].map(|_| Vec::with_capacity(width * height));
        for y in 0..height {
            for x in 0..width {
                let rgb = paint(x as f32 + 0.5, y as f32 + 0.5);
                for (plane, c) in planes.iter_mut().zip(rgb) {
                    plane.push(c);
                }
            }
        }
        Self {
            width,
            height,
            planes,
        }
    }

    /// Paints over the box `x`, `y` ± `half` (px): `paint(dx, dy, under)` gives opacity 0..1 and colour, px from the box's middle.
    pub fn blend(
        &mut self,
        (x, y): (f32, f32),
        half: (f32, f32),
        mut paint: impl FnMut(f32, f32, Rgb) -> (f32, Rgb),
    ) {
        let range = |mid: f32, half: f32, n: usize| {
            let from = (mid - half).floor().max(0.0) as usize;
            let to = (mid + half).ceil().clamp(0.0, n as f32) as usize;
            from.min(n)..to
        };
        for row in range(y, half.1, self.height) {
            for col in range(x, half.0, self.width) {
                let at = row * self.width + col;
                let under = self.texel(at);
                let (alpha, rgb) = paint(col as f32 + 0.5 - x, row as f32 + 0.5 - y, under);
                for (plane, c) in self.planes.iter_mut().zip(rgb) {
                    plane[at] += alpha * (c - plane[at]);
                }
            }
        }
    }

    fn texel(&self, at: usize) -> Rgb {
        [0, 1, 2].map(|c| self.planes[c][at])
    }

    /// Applies `f` to every texel.
    pub fn map(&mut self, f: impl Fn(Rgb) -> Rgb) {
        for at in 0..self.width * self.height {
            let rgb = f(self.texel(at));
            for (plane, c) in self.planes.iter_mut().zip(rgb) {
                plane[at] = c;
            }
        }
    }

    /// From reflectances to raw signal in light of level 1 through optics that blur by `blur` px (sd).
    pub fn finish(&mut self, blur: f64, gains: [f64; 3]) {
        self.blur(blur);
        self.map(|c| spectrum::raw_of_srgb(c, gains));
    }

    /// Blurs by three box filters that make up a Gaussian of about `sd` px.
    pub fn blur(&mut self, sd: f64) {
        // Three boxes of radius r have the variance r (r + 1).
        let radius = (-0.5 + (0.25 + sd * sd).sqrt()).round() as usize;
        if radius == 0 {
            return;
        }
        let (w, h) = (self.width, self.height);
        for plane in &mut self.planes {
            for _ in 0..3 {
                box_lines(plane, (w, 1), (h, w), radius);
                box_lines(plane, (h, w), (w, 1), radius);
            }
        }
    }

    /// Adds `weight` times the texture along a line to `out`: starting at (`u`, `v`) px, (`du`, `dv`) apart, read bilinearly.
    #[inline(never)]
    pub fn add_line(
        &self,
        (u, v): (f32, f32),
        (du, dv): (f32, f32),
        weight: f32,
        out: &mut [Vec<f32>; 3],
    ) {
        let n = out[0].len();
        let end = (u + du * n as f32, v + dv * n as f32);
        let inside = |x: f32, size: usize| x >= 1.0 && x < size as f32 - 2.0;
        if !(inside(u, self.width)
            && inside(end.0, self.width)
            && inside(v, self.height)
            && inside(end.1, self.height))
        {
            self.add_mirrored((u, v), (du, dv), weight, out);
            return;
        }
        // In runs over which both coordinates stay in step with whole texels, rows are read straight on.
        let mut i = 0;
        while i < n {
            // Texel centres are at .5.
            let x = u + du * i as f32 - 0.5;
            let y = v + dv * i as f32 - 0.5;
            let length = run(y, dv, run(x, du - 1.0, n - i));
            let (fx, fy) = (x - x.floor(), y - y.floor());
            let at = y as usize * self.width + x as usize;
            for (plane, out) in self.planes.iter().zip(out.iter_mut()) {
                let top = &plane[at..at + length + 1];
                let low = &plane[at + self.width..at + self.width + length + 1];
                let pairs = top.windows(2).zip(low.windows(2));
                for (k, (out, (top, low))) in out[i..i + length].iter_mut().zip(pairs).enumerate() {
                    let (fx, fy) = (fx + (du - 1.0) * k as f32, fy + dv * k as f32);
                    let a = top[0] + fx * (top[1] - top[0]);
                    let b = low[0] + fx * (low[1] - low[0]);
                    *out += weight * (a + fy * (b - a));
                }
            }
            i += length;
        }
    }

    /// [`Texture::add_line`] for lines that may leave the texture.
    fn add_mirrored(
        &self,
        (u, v): (f32, f32),
        (du, dv): (f32, f32),
        weight: f32,
        out: &mut [Vec<f32>; 3],
    ) {
        for i in 0..out[0].len() {
            let x = u + du * i as f32 - 0.5;
            let y = v + dv * i as f32 - 0.5;
            let (fx, fy) = (x - x.floor(), y - y.floor());
            let row = |dy| mirror(y.floor() as i64 + dy, self.height) * self.width;
            let col = |dx| mirror(x.floor() as i64 + dx, self.width);
            let quad = [
                row(0) + col(0),
                row(0) + col(1),
                row(1) + col(0),
                row(1) + col(1),
            ];
            for (plane, out) in self.planes.iter().zip(out.iter_mut()) {
                let [a, b, c, d] = quad.map(|at| plane[at]);
                let top = a + fx * (b - a);
                let low = c + fx * (d - c);
                out[i] += weight * (top + fy * (low - top));
            }
        }
    }
}

/// Box filter along lines: (`n` texels, `step` apart) each, (`lines`, `stride` apart) of them.
fn box_lines(
    plane: &mut [f32],
    (n, step): (usize, usize),
    (lines, stride): (usize, usize),
    radius: usize,
) {
    let mut line = vec![0f32; n];
    let scale = 1.0 / (2 * radius + 1) as f32;
    for l in 0..lines {
        for (i, t) in line.iter_mut().enumerate() {
            *t = plane[l * stride + i * step];
        }
        let at = |i: i64| line[mirror(i, n)];
        let r = radius as i64;
        let mut sum: f32 = (-r..=r).map(at).sum();
        for i in 0..n {
            plane[l * stride + i * step] = sum * scale;
            sum += at(i as i64 + r + 1) - at(i as i64 - r);
        }
    }
}

/// A hash of a lattice point, 0..1.
fn lattice(x: i32, y: i32, seed: u32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x9E37_79B1)
        ^ (y as u32).wrapping_mul(0x85EB_CA77)
        ^ seed.wrapping_mul(0xC2B2_AE3D);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    ((h ^ (h >> 15)) >> 8) as f32 / (1 << 24) as f32
}

/// Smooth random values 0..1 about 1 px apart.
pub fn value_noise(x: f32, y: f32, seed: u32) -> f32 {
    let (ix, iy) = (x.floor(), y.floor());
    let ease = |f: f32| f * f * (3.0 - 2.0 * f);
    let (fx, fy) = (ease(x - ix), ease(y - iy));
    let at = |dx, dy| lattice(ix as i32 + dx, iy as i32 + dy, seed);
    let top = at(0, 0) + fx * (at(1, 0) - at(0, 0));
    let low = at(0, 1) + fx * (at(1, 1) - at(0, 1));
    top + fy * (low - top)
}

/// Noise of several scales, the largest 1 px, each next half as large and half as strong; 0..1.
pub fn fractal(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut weight, mut scale) = (0.0, 0.5, 1.0);
    for o in 0..octaves {
        sum += weight * value_noise(x * scale, y * scale, seed.wrapping_add(o));
        weight *= 0.5;
        scale *= 2.0;
    }
    sum / (1.0 - 2.0 * weight)
}

/// 1 inside, 0 outside a rounded box of half size `half` and corner radius `round`, with an edge one px soft.
pub fn rounded_box(dx: f32, dy: f32, half: (f32, f32), round: f32) -> f32 {
    let qx = dx.abs() - half.0 + round;
    let qy = dy.abs() - half.1 + round;
    let outside = qx.max(0.0).hypot(qy.max(0.0)) + qx.max(qy).min(0.0) - round;
    (0.5 - outside).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_what_was_painted() {
        let t = Texture::new(16, 16, |x, y| [x, y, 1.0]);
        let mut out = [vec![0.0; 4], vec![0.0; 4], vec![0.0; 4]];
        t.add_line((3.0, 5.25), (1.0, 0.5), 2.0, &mut out);
        let [r, g, b] = out;
        for (i, ((r, g), b)) in r.iter().zip(g).zip(b).enumerate() {
            let i = i as f32;
            assert!((r - 2.0 * (3.0 + i)).abs() < 1e-4);
            assert!((g - 2.0 * (5.25 + 0.5 * i)).abs() < 1e-4);
            assert!((b - 2.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_turned_and_scaled_line_reads_the_same_in_runs_and_one_by_one() {
        let t = Texture::new(64, 64, |x, y| {
            [x * x, (x * y).sin(), fractal(x / 5.0, y / 5.0, 2, 1)]
        });
        for step in [(1.01, 0.03), (0.98, -0.05), (1.0, 0.0), (0.999, 0.2)] {
            let mut fast = [0; 3].map(|_| vec![0.0; 40]);
            let mut slow = fast.clone();
            t.add_line((12.3, 20.9), step, 1.0, &mut fast);
            t.add_mirrored((12.3, 20.9), step, 1.0, &mut slow);
            for (a, b) in fast.iter().flatten().zip(slow.iter().flatten()) {
                assert!((a - b).abs() < 2e-2 + 1e-3 * b.abs(), "{step:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn beyond_the_edge_it_is_mirrored() {
        let t = Texture::new(8, 8, |x, _| [x, 0.0, 0.0]);
        let mut out = [vec![0.0; 1], vec![0.0; 1], vec![0.0; 1]];
        t.add_line((-2.5, 4.0), (1.0, 0.0), 1.0, &mut out);
        assert!((out[0][0] - 2.5).abs() < 1e-5, "{}", out[0][0]);
    }

    #[test]
    fn blur_keeps_the_mean() {
        let mut t = Texture::new(32, 32, |x, y| {
            let v = if (x - 16.0).hypot(y - 16.0) < 3.0 {
                1.0
            } else {
                0.0
            };
            [v, v, v]
        });
        let sum = |t: &Texture| t.planes[0].iter().sum::<f32>();
        let before = sum(&t);
        t.blur(2.0);
        assert!((sum(&t) - before).abs() < 1e-2 * before);
        assert!(t.planes[0][16 * 32 + 16] < 1.0);
    }

    #[test]
    fn noise_stays_in_its_range_and_varies() {
        let v: Vec<f32> = (0..1000)
            .map(|i| fractal(i as f32 * 0.37, i as f32 * 0.91, 4, 3))
            .collect();
        assert!(v.iter().all(|x| (0.0..=1.0).contains(x)));
        let mean = v.iter().sum::<f32>() / 1000.0;
        assert!((mean - 0.5).abs() < 0.05, "{mean}");
    }
}
