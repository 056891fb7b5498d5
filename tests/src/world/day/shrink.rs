//! Making a day that fails shorter.

use super::{DEED, HEADER};

/// The shortest day that was found to fail still: steps are taken out, halves first, then fewer, and
/// the header is made calm byte by byte, as long as `fails` says so. At most `tries` days are tried.
pub fn shrink(day: &[u8], tries: usize, mut fails: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut best = day.to_vec();
    let mut left = tries;
    let mut size = (best.len().saturating_sub(HEADER) / DEED / 2).max(1);
    loop {
        let mut at = HEADER;
        let mut is_shorter = false;
        while at < best.len() && left > 0 {
            let end = (at + size * DEED).min(best.len());
            let mut shorter = best.clone();
            shorter.drain(at..end);
            left -= 1;
            if fails(&shorter) {
                best = shorter;
                is_shorter = true;
            } else {
                at = end;
            }
        }
        match (left, size, is_shorter) {
            (0, ..) => break,
            (_, 1, false) => break,
            (_, 1, true) => {}
            _ => size /= 2,
        }
    }
    for place in 4..HEADER.min(best.len()) {
        if best[place] != 0 && left > 0 {
            let mut calmer = best.clone();
            calmer[place] = 0;
            left -= 1;
            if fails(&calmer) {
                best = calmer;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_taken_out() {
        let mut day = vec![9; HEADER];
        for n in 0..20 {
            day.extend([n, 0, 0, 0]);
        }
        let has = |day: &[u8], n: u8| day[HEADER..].chunks(DEED).any(|step| step[0] == n);
        let shrunk = shrink(&day, 1000, |day| has(day, 3) && has(day, 17) && day[7] == 9);

        let steps: Vec<u8> = shrunk[HEADER..].chunks(DEED).map(|step| step[0]).collect();
        assert_eq!(steps, [3, 17]);
        let calm: Vec<usize> = (4..HEADER).filter(|n| shrunk[*n] != 0).collect();
        assert_eq!(calm, [7]);
    }
}
