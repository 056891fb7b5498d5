//! The two ways through the connector: a driver's command to Finesse, and a notification of
//! Finesse to a driver. Bytes in to bytes out; everything else that the connector is told in
//! between (answers, acknowledgements, keep-alives) happens, but is not timed.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use finewire_tests::bench::{Life, Way};

/// Ways in one recorded life; the next life begins with a new connector.
const WAYS: usize = 200;

fn ways(criterion: &mut Criterion) {
    for (name, way) in [
        ("command to REST", Way::Command),
        ("notification to event", Way::Notification),
    ] {
        let life = Life::record(way, WAYS);
        let mut group = criterion.benchmark_group("way");
        group.throughput(Throughput::Bytes(life.bytes() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let mut left = usize::try_from(iterations).unwrap_or(usize::MAX);
                let mut spent = Duration::ZERO;
                while left > 0 {
                    let most = left.min(life.ways());
                    life.play(most, |way| {
                        let begin = Instant::now();
                        way();
                        spent += begin.elapsed();
                    });
                    left -= most;
                }
                spent
            });
        });
        group.finish();
    }
}

criterion_group!(benches, ways);
criterion_main!(benches);
