//! A painted surface in linear light, and the random patterns it is painted with.

use crate::simulate::spectrum::Rgb;

/// A picture of reflectances; beyond its edges it goes on mirrored.
#[derive(Debug, Clone)]
pub struct Texture {
    pub width: usize,
    pub height: usize,
    /// Red, green, blue and nothing: four lanes load faster than three.
    texels: Vec<[f32; 4]>,
}

/// Maps any integer into 0..n, mirrored at both ends.
fn mirror(i: i64, n: usize) -> usize {
    let n = n as i64;
    let m = i.rem_euclid(2 * n);
    (if m < n { m } else { 2 * n - 1 - m }) as usize
}

impl Texture {
    /// Of `width` x `height` px, coloured by `paint(x, y)` with px from the top left.
    pub fn new(width: usize, height: usize, mut paint: impl FnMut(f32, f32) -> Rgb) -> Self {
        let mut texels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let [r, g, b] = paint(x as f32 + 0.5, y as f32 + 0.5);
                texels.push([r, g, b, 0.0]);
            }
        }
        Self {
            width,
            height,
            texels,
        }
    }

    /// Paints over the box `x`, `y` ± `half` (px): `paint(dx, dy)` gives opacity 0..1 and colour, px from the box's middle.
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
                let t = &mut self.texels[row * self.width + col];
                let under = [t[0], t[1], t[2]];
                let (alpha, rgb) = paint(col as f32 + 0.5 - x, row as f32 + 0.5 - y, under);
                for (lane, c) in t.iter_mut().zip(rgb) {
                    *lane += alpha * (c - *lane);
                }
            }
        }
    }

    /// Applies `f` to every texel.
    pub fn map(&mut self, f: impl Fn(Rgb) -> Rgb) {
        for t in &mut self.texels {
            let [r, g, b] = f([t[0], t[1], t[2]]);
            *t = [r, g, b, 0.0];
        }
    }

    /// Blurs by three box filters that make up a Gaussian of about `sd` px.
    pub fn blur(&mut self, sd: f64) {
        // Three boxes of radius r have the variance r (r + 1).
        let radius = (-0.5 + (0.25 + sd * sd).sqrt()).round() as usize;
        if radius == 0 {
            return;
        }
        for _ in 0..3 {
            let (w, h) = (self.width, self.height);
            box_rows(&mut self.texels, w, 1, h, w, radius);
            box_rows(&mut self.texels, h, w, w, 1, radius);
        }
    }

    fn texel(&self, x: i64, y: i64) -> [f32; 4] {
        self.texels[mirror(y, self.height) * self.width + mirror(x, self.width)]
    }

    /// Adds `weight` times the texture along a line to `out`: starting at (`u`, `v`) px, (`du`, `dv`) apart, read bilinearly.
    pub fn add_line(
        &self,
        (u, v): (f32, f32),
        (du, dv): (f32, f32),
        weight: f32,
        out: &mut [Vec<f32>; 3],
    ) {
        let n = out[0].len();
        let [r, g, b] = out;
        let end = (u + du * n as f32, v + dv * n as f32);
        let inside = |x: f32, size: usize| x >= 1.0 && x < size as f32 - 2.0;
        let plain = inside(u, self.width)
            && inside(end.0, self.width)
            && inside(v, self.height)
            && inside(end.1, self.height);
        let pixels = r.iter_mut().zip(g.iter_mut()).zip(b.iter_mut()).enumerate();
        for (i, ((r, g), b)) in pixels {
            // Texel centres are at .5.
            let x = u + du * i as f32 - 0.5;
            let y = v + dv * i as f32 - 0.5;
            let (quad, fx, fy) = if plain {
                let (ix, iy) = (x as usize, y as usize);
                let at = iy * self.width + ix;
                let top = &self.texels[at..at + 2];
                let low = &self.texels[at + self.width..at + self.width + 2];
                (
                    [top[0], top[1], low[0], low[1]],
                    x - ix as f32,
                    y - iy as f32,
                )
            } else {
                let (ix, iy) = (x.floor() as i64, y.floor() as i64);
                let t = |dx, dy| self.texel(ix + dx, iy + dy);
                (
                    [t(0, 0), t(1, 0), t(0, 1), t(1, 1)],
                    x - x.floor(),
                    y - y.floor(),
                )
            };
            let mut lanes = [0f32; 4];
            for (c, lane) in lanes.iter_mut().enumerate() {
                let top = quad[0][c] + fx * (quad[1][c] - quad[0][c]);
                let low = quad[2][c] + fx * (quad[3][c] - quad[2][c]);
                *lane = weight * (top + fy * (low - top));
            }
            *r += lanes[0];
            *g += lanes[1];
            *b += lanes[2];
        }
    }
}

/// Box filter along lines: `lines` of them `stride` apart, each of `n` texels `step` apart.
fn box_rows(
    texels: &mut [[f32; 4]],
    n: usize,
    step: usize,
    lines: usize,
    stride: usize,
    radius: usize,
) {
    let mut line = vec![[0f32; 4]; n];
    let scale = 1.0 / (2 * radius + 1) as f32;
    for l in 0..lines {
        for (i, t) in line.iter_mut().enumerate() {
            *t = texels[l * stride + i * step];
        }
        let at = |i: i64| line[mirror(i, n)];
        let r = radius as i64;
        let mut sum = [0f32; 4];
        for i in -r..=r {
            for (s, c) in sum.iter_mut().zip(at(i)) {
                *s += c;
            }
        }
        for i in 0..n {
            texels[l * stride + i * step] = sum.map(|s| s * scale);
            let (new, old) = (at(i as i64 + r + 1), at(i as i64 - r));
            for c in 0..4 {
                sum[c] += new[c] - old[c];
            }
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
        let sum = |t: &Texture| t.texels.iter().map(|p| p[0]).sum::<f32>();
        let before = sum(&t);
        t.blur(2.0);
        assert!((sum(&t) - before).abs() < 1e-2 * before);
        assert!(t.texel(16, 16)[0] < 1.0);
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
