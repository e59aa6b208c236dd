/// Solves the symmetric system whose lower triangle is `a`, by Cholesky; `None` if singular.
pub fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<[f64; N]> {
    for j in 0..N {
        for k in 0..j {
            let f = a[j][k];
            for row in a.iter_mut().skip(j) {
                row[j] -= row[k] * f;
            }
        }
        if a[j][j] <= 1e-12 {
            return None;
        }
        let root = a[j][j].sqrt();
        for row in a.iter_mut().skip(j) {
            row[j] /= root;
        }
    }
    for i in 0..N {
        for k in 0..i {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
    for i in (0..N).rev() {
        for k in i + 1..N {
            b[i] -= a[k][i] * b[k];
        }
        b[i] /= a[i][i];
    }
    Some(b)
}
