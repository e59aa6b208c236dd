//! Tiles of the reference, and what most of them agree on.

use super::picture::{Picture, Point, textured_points};
use super::solve::solve;
use super::vote::{MIN_TILE_POINTS, OUTLIER, SAYS, Vote, vote};
use super::{Alignment, MAX_STEPS, Similarity};

/// Tiles along and across the picture. More would be too small to hold texture in two directions, fewer would let one
/// person cover most of them.
const TILES: (usize, usize) = (6, 4);
/// Tiles from which roll and zoom are asked for: three do not lie on one thing.
const SIMILARITY_TILES: usize = 4;
/// Standard deviations of what a hand does: zoom and roll against the reference (a few per cent and degrees over some
/// seconds), and from one frame to the next.
pub const TURN_SD: f64 = 0.03;
pub const TURN_STEP_SD: f64 = 0.001;
/// Misfit (squared standard deviations) that each unknown of a motion must save to be believed, so that a tripod stays
/// exactly still; of the shift of a camera in a hand 1, what chance saves.
const PER_UNKNOWN: f64 = 3.0;
/// Misfit (squared standard deviations) that the best of the shifts which 24 tiles propose saves by chance: 2 of its two
/// unknowns and 2 ln 24.
const BY_CHANCE: f64 = 8.0;
/// Evidence of movement (squared standard deviations beyond chance) from which on the camera is held to be in a hand.
pub const IN_HAND: f64 = 30.0;
/// Standard deviation in cells of a hand's movement from one frame to the next: 5 px of a picture of 640 px.
const STEP_SD: f64 = 1.5;
/// Weight in codes with which a tile of few points counts against one of many.
const HALF_SAY: f32 = 40.0;

/// Pictures that may speak against texture that is well known, as those of a hand's jerk do, and for noise that is, by chance.
/// Neither is known for good: coding holds noise still for a while, and what covers the scene stays for one.
const DOUBTS: f64 = 5.0;
const LUCKY: f64 = 2.0;

/// Some points of the reference that lie together.
#[derive(Clone)]
pub struct Tile {
    pub number: usize,
    pub points: Vec<Point>,
    /// Their mean place in cells.
    pub x: f64,
    pub y: f64,
    /// Log of how much likelier it is, by the pictures so far, that they are texture than noise.
    texture: f64,
}

impl Tile {
    /// Whether it is texture, if another picture says so much.
    pub fn is_texture(&self, evidence: f64) -> bool {
        self.texture + evidence >= 0.0
    }

    /// Whether it has enough points, and no picture has told that they are noise.
    pub fn may_vote(&self) -> bool {
        self.points.len() >= MIN_TILE_POINTS && self.is_texture(0.0)
    }
}

fn tile_of(p: &Point, picture: &Picture) -> usize {
    let column = (p.x as usize * TILES.0 / picture.cols).min(TILES.0 - 1);
    let row = (p.y as usize * TILES.1 / picture.rows).min(TILES.1 - 1);
    row * TILES.0 + column
}

/// The textured tiles of a picture.
pub fn cut(picture: &Picture, noise: f32) -> Vec<Tile> {
    let mut tiles = vec![Vec::new(); TILES.0 * TILES.1];
    for p in textured_points(picture, noise) {
        tiles[tile_of(&p, picture)].push(p);
    }
    tiles
        .into_iter()
        .enumerate()
        .filter(|(_, points)| !points.is_empty())
        .map(|(number, points)| {
            let n = points.len() as f64;
            Tile {
                number,
                x: points.iter().map(|p| f64::from(p.x)).sum::<f64>() / n,
                y: points.iter().map(|p| f64::from(p.y)).sum::<f64>() / n,
                points,
                texture: 0.0,
            }
        })
        .collect()
}

/// The points with weights such that no tile has much more say than another.
pub fn balanced(mut points: Vec<Point>, picture: &Picture) -> Vec<Point> {
    let mut sums = vec![0.0f32; TILES.0 * TILES.1];
    for p in &points {
        sums[tile_of(p, picture)] += p.weight;
    }
    for p in &mut points {
        p.weight /= HALF_SAY + sums[tile_of(p, picture)];
    }
    points
}

/// What the tiles say of one frame.
pub struct Votes {
    votes: Vec<Vote>,
    /// Numbers of all tiles that were in the picture, and what it says of whether they are texture.
    seen: Vec<(usize, f64)>,
    start: Alignment,
    /// Middle of the picture in cells.
    middle: (f64, f64),
}

impl Votes {
    /// Each tile looks for itself near where `start` has it.
    pub fn cast(tiles: &[Tile], picture: &Picture, start: &Alignment) -> Self {
        let tiles = tiles.iter().filter(|t| t.points.len() >= MIN_TILE_POINTS);
        let votes = tiles.filter_map(|t| Some((t, vote(t, picture, start)?)));
        let mut votes: Vec<_> = votes.collect();
        let seen = votes.iter().map(|(t, v)| (t.number, v.evidence)).collect();
        votes.retain(|(t, v)| t.is_texture(v.evidence));
        // What a lamp lit may be all that is seen: no others outvote it when it goes off.
        let few = votes.len() < SIMILARITY_TILES;
        votes.retain(|(_, v)| !few || v.evidence > 0.0);
        Self {
            votes: votes.into_iter().map(|(_, v)| v).collect(),
            seen,
            start: *start,
            middle: (picture.cols as f64 / 2.0, picture.rows as f64 / 2.0),
        }
    }

    /// Has the tiles know what the picture says of them.
    pub fn tell(&self, tiles: &mut [Tile]) {
        for &(number, evidence) in &self.seen {
            if let Some(tile) = tiles.iter_mut().find(|t| t.number == number) {
                tile.texture = (tile.texture + evidence).clamp(-LUCKY * SAYS, DOUBTS * SAYS);
            }
        }
    }

    /// The motion that most agree with, and the misfit that it leaves; `last` is the frame before's.
    pub fn count(&self, last: &Alignment) -> (Alignment, f64) {
        let tiles = self.votes.len();
        if tiles == 0 {
            return (
                Alignment {
                    agreement: 0.0,
                    ..*last
                },
                f64::INFINITY,
            );
        }
        let shift = self.best_shift();
        let shifted = self.moved(shift.0, shift.1, 0.0, 0.0);
        let turned = self.turned(&shifted);
        let still = Similarity::default();
        // A cumulative sum (Page 1954) of what a movement of the camera explains better than chance.
        let excess = self.misfit(&still) - self.misfit(&shifted) - BY_CHANCE;
        let movement = (last.movement + excess).clamp(0.0, 2.0 * IN_HAND);
        let per_unknown = if movement > IN_HAND { 1.0 } else { PER_UNKNOWN };
        let (mut best, mut least) = (still, f64::INFINITY);
        for (motion, cost) in [
            (still, 0.0),
            (last.motion, PER_UNKNOWN),
            (shifted, 2.0 * per_unknown),
            (turned, 4.0 * per_unknown),
        ] {
            let (cx, cy) = self.middle;
            let (now, before) = (motion.apply(cx, cy), last.motion.apply(cx, cy));
            let step = (now.0 - before.0).hypot(now.1 - before.1) / STEP_SD;
            let misfit = self.misfit(&motion) + cost + (step * step).min(OUTLIER * OUTLIER);
            if misfit < least {
                (best, least) = (motion, misfit);
            }
        }
        let (mut agree, mut sum, mut weight) = (0usize, 0.0, 0.0);
        for v in self.agreeing(&best) {
            agree += 1;
            sum += v.gain_sure * v.gain;
            weight += v.gain_sure;
        }
        let agreement = agree as f64 / tiles as f64;
        let gain = if agree > 0 { sum / weight } else { last.gain };
        (
            Alignment {
                motion: best,
                gain,
                agreement,
                movement,
            },
            least,
        )
    }

    /// Where `motion` has what the start has at a vote's place, from there.
    fn shift_at(&self, motion: &Similarity, v: &Vote) -> (f64, f64) {
        let (x, y) = self.start.motion.inverse().apply(v.x, v.y);
        let (x, y) = motion.apply(x, y);
        (x - v.x, y - v.y)
    }

    fn misfit(&self, motion: &Similarity) -> f64 {
        self.votes
            .iter()
            .map(|v| {
                let (dx, dy) = self.shift_at(motion, v);
                v.capped(dx, dy)
            })
            .sum()
    }

    /// Numbers of the tiles that do not agree with `motion`.
    pub fn against(&self, motion: &Similarity) -> Vec<usize> {
        self.votes
            .iter()
            .filter(|v| {
                let (dx, dy) = self.shift_at(motion, v);
                v.capped(dx, dy) >= OUTLIER * OUTLIER
            })
            .map(|v| v.tile)
            .collect()
    }

    fn agreeing<'a>(&'a self, motion: &'a Similarity) -> impl Iterator<Item = &'a Vote> {
        self.votes.iter().filter(|v| {
            let (dx, dy) = self.shift_at(motion, v);
            v.fits && v.misfit(dx, dy) < OUTLIER * OUTLIER
        })
    }

    /// The shift from the start that most tiles agree with: the best of all that one tile proposes, then the mean of those
    /// that agree.
    fn best_shift(&self) -> (f64, f64) {
        let total = |dx, dy| self.votes.iter().map(|v| v.capped(dx, dy)).sum::<f64>();
        let mut best = (0.0, 0.0);
        let mut least = total(0.0, 0.0);
        for v in self.votes.iter().filter(|v| v.fits) {
            let misfit = total(v.dx, v.dy);
            if misfit < least {
                (best, least) = ((v.dx, v.dy), misfit);
            }
        }
        for _ in 0..MAX_STEPS {
            let (mut normal, mut right) = ([[0.0; 2]; 2], [0.0; 2]);
            for v in &self.votes {
                if v.fits && v.misfit(best.0, best.1) < OUTLIER * OUTLIER {
                    let [xx, xy, yy] = v.sure;
                    normal[0][0] += xx;
                    normal[1][0] += xy;
                    normal[1][1] += yy;
                    right[0] += xx * v.dx + xy * v.dy;
                    right[1] += xy * v.dx + yy * v.dy;
                }
            }
            let Some(d) = solve(normal, right) else { break };
            let misfit = total(d[0], d[1]);
            if misfit >= least {
                break;
            }
            (best, least) = ((d[0], d[1]), misfit);
        }
        best
    }

    /// The start moved by a shift, and zoomed and rolled about the middle of the picture.
    fn moved(&self, dx: f64, dy: f64, a: f64, b: f64) -> Similarity {
        let (cx, cy) = self.middle;
        let delta = Similarity {
            a,
            b,
            dx: dx - a * cx + b * cy,
            dy: dy - b * cx - a * cy,
        };
        self.start.motion.then(&delta)
    }

    /// With roll and zoom as the tiles that agree with `shifted` have them.
    fn turned(&self, shifted: &Similarity) -> Similarity {
        let mut best = *shifted;
        for _ in 0..2 {
            let (mut normal, mut right, mut n) = ([[0.0; 4]; 4], [0.0; 4], 0);
            for v in self.agreeing(&best) {
                n += 1;
                let (ux, uy) = (v.x - self.middle.0, v.y - self.middle.1);
                let [xx, xy, yy] = v.sure;
                // Derivatives of the shift at the tile by the unknowns dx, dy, zoom and roll.
                let (px, py) = ([1.0, 0.0, ux, -uy], [0.0, 1.0, uy, ux]);
                for i in 0..4 {
                    let (sx, sy) = (xx * px[i] + xy * py[i], xy * px[i] + yy * py[i]);
                    for j in 0..=i {
                        normal[i][j] += sx * px[j] + sy * py[j];
                    }
                    right[i] += sx * v.dx + sy * v.dy;
                }
            }
            if n < SIMILARITY_TILES {
                return *shifted;
            }
            for (k, now) in [self.start.motion.a, self.start.motion.b]
                .into_iter()
                .enumerate()
            {
                let whole = TURN_SD.powi(-2);
                normal[2 + k][2 + k] += whole + TURN_STEP_SD.powi(-2);
                right[2 + k] -= whole * now;
            }
            let Some(d) = solve(normal, right) else {
                return *shifted;
            };
            best = self.moved(d[0], d[1], d[2], d[3]);
        }
        best
    }
}
